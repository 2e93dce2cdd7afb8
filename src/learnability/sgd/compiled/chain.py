"""Compiled steps of the chain, exact and matched, a replica after the other."""

from typing import NamedTuple

import numpy as np
from torch import Tensor

from learnability.compiled.blas import multiply
from learnability.compiled.loops import reordered
from learnability.sgd.compiled import array
from learnability.sgd.problem import TwoLayerProblem


class Batches(NamedTuple):
    """What the chain draws for some steps: g (step, replica, task, batch), h (step, replica, neuron, batch), label
    (step, replica, batch), chi (step, replica, neuron)."""

    g: Tensor
    h: Tensor
    label: Tensor
    chi: Tensor

    def step(self, k: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """One step in the order of the torch steps: g (replica, batch, task), h (replica, batch, neuron)."""
        return self.g[k].mT, self.h[k].mT, self.label[k], self.chi[k]


class Matching(NamedTuple):
    """The exact mean of a step and its weight: ``student`` (neuron, degree + 1), ``teacher`` (task, degree + 1), the
    tasks' factor F (task, task) or (0, task) where it is the identity, and the drawn ``fraction`` of the batch."""

    student: Tensor
    teacher: Tensor
    factor: Tensor
    fraction: float


@reordered
def _chain_coefficients(s, h, label, rest, bias, factor, sums):  # type: ignore[no-untyped-def]
    """Turns <g, kappa> of some neurons, s (neuron, batch), into c = factor y sigma'(s + h rest + bias), in place, with
    sum c s, sum c h and sum c^2 of each neuron in ``sums`` (neuron, 3). h (neuron, batch), label (batch,), the others
    (neuron,)."""
    zero = s.dtype.type(0)
    for j in range(len(s)):
        row, beyond, length, shift, a = s[j], h[j], rest[j], bias[j], factor[j]
        radial, along, spread = zero, zero, zero
        for b in range(len(row)):
            projection = row[b] + length * beyond[b]
            c = a * label[b] if projection + shift > zero else zero
            radial += c * projection
            along += c * beyond[b]
            spread += c * c
            row[b] = c
        sums[j, 0], sums[j, 1], sums[j, 2] = radial, along, spread


@reordered
def _chain_sums(g, h, label, frame, rest, bias, factor, s, sums, pulled):  # type: ignore[no-untyped-def]
    """The sums of :func:`_chain_coefficients` of the neurons of a replica, and sum c g in ``pulled`` (neuron, task)."""
    multiply(frame, g, s, False, False)
    _chain_coefficients(s, h, label, rest, bias, factor, sums)
    multiply(s, g, pulled, True, False)


@reordered
def _mean_force(kappa, student, teacher, basis, alignment, force, mean):  # type: ignore[no-untyped-def]
    """<force, alignment> of one neuron and force F in ``mean``, force_m = M^{-1/2} sum_i i student_i teacher_mi
    alignment_m^{i-1} and alignment = F kappa; F is ``basis`` (task, task), or the identity where it is empty."""
    tasks, zero = len(kappa), kappa.dtype.type(0)
    root = kappa.dtype.type(1 / np.sqrt(tasks))
    for m in range(tasks):
        alignment[m] = kappa[m]
        if len(basis):
            total = zero
            for n in range(m + 1):
                total += basis[m, n] * kappa[n]
            alignment[m] = total
    radial = zero
    for m in range(tasks):
        total = zero
        for i in range(teacher.shape[1] - 1, 0, -1):
            total = total * alignment[m] + i * student[i] * teacher[m, i]
        force[m] = total * root
        radial += force[m] * alignment[m]
    for n in range(tasks):
        mean[n] = force[n]
        if len(basis):
            total = zero
            for m in range(n, tasks):
                total += force[m] * basis[m, n]
            mean[n] = total
    return radial


@reordered
def _to_sphere(kappa, rest):  # type: ignore[no-untyped-def]
    """Divides by the length; the rest of unit length."""
    square = rest * rest
    for m in range(len(kappa)):
        square += kappa[m] * kappa[m]
    inverse = 1 / np.sqrt(square)
    for m in range(len(kappa)):
        kappa[m] *= inverse
    return rest * inverse


@reordered
def _chain_steps(state, g, h, label, chi, step_sizes, spherical):  # type: ignore[no-untyped-def]
    """Steps of the decoupled chain, in place on ``state``: frame (replica, neuron, task), rest, second layer and bias
    (replica, neuron).

    g (step, replica, task, batch), h (step, replica, neuron, batch), label (step, replica, batch), chi (step,
    replica, neuron), step_sizes (step,).
    """
    frame, rest, second_layer, bias = state
    neurons, tasks, batch = frame.shape[1], frame.shape[2], h.shape[3]
    s, pulled = np.empty((neurons, batch), frame.dtype), np.empty((neurons, tasks), frame.dtype)
    sums, factor = np.empty((neurons, 3), frame.dtype), np.empty(neurons, frame.dtype)
    one = frame.dtype.type(1)
    for r in range(len(frame)):
        for k in range(len(g)):
            for j in range(neurons):
                factor[j] = second_layer[r, j] * step_sizes[k] / batch
            _chain_sums(g[k, r], h[k, r], label[k, r], frame[r], rest[r], bias[r], factor, s, sums, pulled)
            for j in range(neurons):
                kappa = frame[r, j]
                kept = one - sums[j, 0] if spherical else one
                for m in range(tasks):
                    kappa[m] = kappa[m] * kept + pulled[j, m]
                moved = rest[r, j] * kept + sums[j, 1]
                length = np.sqrt(moved * moved + sums[j, 2] * chi[k, r, j])
                rest[r, j] = _to_sphere(kappa, length) if spherical else length


@reordered
def _matched_steps(  # type: ignore[no-untyped-def]
    state, g, h, label, chi, step_sizes, student, teacher, basis, fraction
):
    """As :func:`_chain_steps` on the sphere, for batches of which ``fraction`` is drawn (see :func:`matched_step`).

    ``student`` (neuron, degree + 1), ``teacher`` (task, degree + 1); ``basis`` as in :func:`_mean_force`.
    """
    frame, rest, second_layer, bias = state
    neurons, tasks, batch = frame.shape[1], frame.shape[2], h.shape[3]
    s, pulled = np.empty((neurons, batch), frame.dtype), np.empty((neurons, tasks), frame.dtype)
    sums, factor = np.empty((neurons, 3), frame.dtype), np.empty(neurons, frame.dtype)
    alignment, force, mean = np.empty(tasks, frame.dtype), np.empty(tasks, frame.dtype), np.empty(tasks, frame.dtype)
    root = frame.dtype.type(np.sqrt(fraction))
    for r in range(len(frame)):
        for j in range(neurons):
            factor[j] = second_layer[r, j] / batch
        for k in range(len(g)):
            eta = step_sizes[k]
            _chain_sums(g[k, r], h[k, r], label[k, r], frame[r], rest[r], bias[r], factor, s, sums, pulled)
            for j in range(neurons):
                kappa, length, radial = frame[r, j], rest[r, j], sums[j, 0]
                drift = _mean_force(kappa, student[j], teacher, basis, alignment, force, mean)
                for m in range(tasks):
                    exact = mean[m] - drift * kappa[m]
                    kappa[m] += eta * (exact + root * (pulled[j, m] - radial * kappa[m] - exact))
                exact = -drift * length
                moved = length + eta * (exact + root * (sums[j, 1] - radial * length - exact))
                length = np.sqrt(moved * moved + eta * eta * fraction * sums[j, 2] * chi[k, r, j])
                rest[r, j] = _to_sphere(kappa, length)


def chain_steps(
    problem: TwoLayerProblem,
    state: tuple[Tensor, Tensor, Tensor, Tensor],
    drawn: Batches,
    step_sizes: Tensor,
    matching: Matching | None = None,
) -> None:
    """Steps of :func:`chain_step`, or of :func:`matched_step`, in place on (frame, rest, second layer, bias)."""
    common = tuple(array(t) for t in state), *(array(t) for t in drawn), array(step_sizes)
    if matching is None:
        _chain_steps(*common, problem.spherical)  # type: ignore[call-arg]
    else:
        fraction = array(step_sizes).dtype.type(matching.fraction)
        _matched_steps(*common, *(array(t) for t in matching[:3]), fraction)  # type: ignore[call-arg]
