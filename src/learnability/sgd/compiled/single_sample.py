"""Compiled single-sample steps: the neurons of a strip stay in the first-level cache while the samples pass."""

import numpy as np
import torch
from torch import Tensor

from learnability.compiled.loops import reordered
from learnability.sgd.compiled import array
from learnability.sgd.problem import TwoLayerProblem

# Neurons that are treated side by side; with 64 axes their weights fit into the first-level cache.
_STRIP = 96
# Unsigned indices need no test for a negative one, and distances known at compile time none for overlapping rows:
# without either the inner loops are not turned into vector instructions.
_U = np.uint64


@reordered
def _moved_and_projected(strip, x, following, gamma, s, width):  # type: ignore[no-untyped-def]
    """u_j + gamma_j x, and s_j = <u_j, following> of the result, in one pass over the weights of a strip.

    ``strip`` is flat, (axis, neuron) with a multiple of four axes: four are treated at a time, so that s is stored
    once for four. ``width`` is _STRIP, as a number that the compiler does not know.
    """
    for j in range(width):
        s[j] = 0
    axis = 0
    for start in range(0, len(strip), 4 * _STRIP):
        x0, x1, x2, x3 = x[axis], x[axis + 1], x[axis + 2], x[axis + 3]
        y0, y1, y2, y3 = following[axis], following[axis + 1], following[axis + 2], following[axis + 3]
        axis += 4
        first = _U(start)
        for j in range(width):
            here, c = first + _U(j), gamma[j]
            v0 = strip[here] + c * x0
            v1 = strip[here + _U(_STRIP)] + c * x1
            v2 = strip[here + _U(2 * _STRIP)] + c * x2
            v3 = strip[here + _U(3 * _STRIP)] + c * x3
            strip[here] = v0
            strip[here + _U(_STRIP)] = v1
            strip[here + _U(2 * _STRIP)] = v2
            strip[here + _U(3 * _STRIP)] = v3
            s[j] += (v0 * y0 + v1 * y1) + (v2 * y2 + v3 * y3)


@reordered
def _spherical_step(s, a, b, target, square, scale, gamma):  # type: ignore[no-untyped-def]
    """gamma and the new scale of a strip from s = <u, x>."""
    one, zero = s.dtype.type(1), s.dtype.type(0)
    for j in range(len(s)):
        projection = s[j] * scale[j]
        c = target * a[j] if projection + b[j] > zero else zero
        cs = c * projection
        kept = scale[j] * (one - cs)
        gamma[j] = c / kept
        scale[j] = kept / np.sqrt(one + c * c * square - cs * cs)


@reordered
def _free_step(s, a, b, target, gamma):  # type: ignore[no-untyped-def]
    zero = s.dtype.type(0)
    for j in range(len(s)):
        gamma[j] = target * a[j] if s[j] + b[j] > zero else zero


@reordered
def _squared_lengths(x, out):  # type: ignore[no-untyped-def]
    """|x|^2 (replica, sample) of x (replica, sample, axis)."""
    for r in range(len(x)):
        for k in range(x.shape[1]):
            row, total = x[r, k], out.dtype.type(0)
            for i in range(len(row)):
                total += row[i] * row[i]
            out[r, k] = total


@reordered
def _single_samples(weights, second_layer, bias, x, targets, squares, spherical, width):  # type: ignore[no-untyped-def]
    """Single-sample correlation steps on x (sample, axis), targets eta y and |x|^2 (sample,), weights in place.

    ``weights`` (neuron, dimension) of scale one; ``x`` is padded with zeros to a multiple of four axes. Inside, w =
    scale * u. With c = eta y a sigma'(s + b), s = <w, x>: gamma = c / (scale (1 - c s)) and |w (1 - c s) + c x|^2 =
    1 + c^2 |x|^2 - (c s)^2 on the sphere, whose root goes into the scale; gamma = c on free weights.
    """
    neurons, dimension = weights.shape
    strip = np.zeros(x.shape[1] * _STRIP, weights.dtype)
    s, gamma, scale = np.empty(_STRIP, weights.dtype), np.zeros(_STRIP, weights.dtype), np.ones(_STRIP, weights.dtype)
    a, b = np.zeros(_STRIP, weights.dtype), np.zeros(_STRIP, weights.dtype)
    for first in range(0, neurons, _STRIP):
        count = min(_STRIP, neurons - first)
        for j in range(count):
            a[j], b[j] = second_layer[first + j], bias[first + j]
            for i in range(dimension):
                strip[i * _STRIP + j] = weights[first + j, i]
        scale[:], gamma[:], a[count:] = 1, 0, 0
        _moved_and_projected(strip, x[0], x[0], gamma, s, width)
        for k in range(len(x)):
            if spherical:
                _spherical_step(s, a, b, targets[k], squares[k], scale, gamma)
            else:
                _free_step(s, a, b, targets[k], gamma)
            _moved_and_projected(strip, x[k], x[min(k + 1, len(x) - 1)], gamma, s, width)
        for j in range(count):
            for i in range(dimension):
                weights[first + j, i] = strip[i * _STRIP + j] * scale[j]


def sample_steps(
    problem: TwoLayerProblem,
    parameters: tuple[Tensor, Tensor, Tensor],
    x: Tensor,
    label: Tensor,
    step_sizes: Tensor,
) -> None:
    """Single-sample steps in place on (weights of scale one, second layer, bias), a replica after the other.

    x (replica, sample, dimension), label (replica, sample), step_sizes (sample,).
    """
    missing = -x.shape[2] % 4
    samples, targets = array(torch.nn.functional.pad(x, (0, missing)) if missing else x), array(label * step_sizes)
    lengths = np.empty(samples.shape[:2], samples.dtype)
    _squared_lengths(samples, lengths)
    for w, a, b, *drawn in zip(*(array(t) for t in parameters), samples, targets, lengths, strict=True):
        _single_samples(w, a, b, *drawn, problem.spherical, _STRIP)  # type: ignore[call-arg]
