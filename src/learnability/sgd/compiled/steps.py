"""Steps of ReLU networks on the CPU, in place: many steps in one compiled call, matrix products by BLAS.

Projections are kept as (neuron, batch): both products of a step run faster in that order than in the other one, and
the samples of a neuron, over which everything is summed, stand side by side.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learnability.sgd.compiled import chain as chain_kernels
from learnability.sgd.compiled import full as relu_kernels
from learnability.sgd.problem import TwoLayerProblem
from learnability.hermite.activations import RELU
from learnability.compiled.blas import one_blas_thread
from learnability.compiled.threads import in_threads

# Neurons of a matrix product: fewer cost BLAS speed, more do not fit into the cache with their projections.
_UNIT = 1024
# Samples of a product on the correlation loss, for the same reason.
TILE = 256


def compiles(problem: TwoLayerProblem, like: Tensor) -> bool:
    """Whether the compiled passes serve: ReLU, on the CPU, in float32 or float64."""
    return problem.activation is RELU and like.device.type == "cpu" and like.dtype in (torch.float32, torch.float64)


def array(tensor: Tensor) -> NDArray[np.generic]:
    """The tensor as a C-contiguous array: itself where it is one."""
    return tensor.contiguous().numpy()


def _units(replicas: int, neurons: int, threads: int) -> int:
    """Neurons of a unit of work: a replica, or a share of it where it is large or threads would have none."""
    return -(-neurons // max(-(-neurons // _UNIT), -(-threads // replicas)))


class NetworkSteps:
    """Steps of :func:`full_step` in place on ``parameters`` (weights, scale, second layer, bias), all contiguous, by
    ``threads`` threads that each take a :meth:`share` of the neurons.

    The matrix products of a step run on whole units of neurons, so bytes depend on the number of threads.
    """

    def __init__(
        self, problem: TwoLayerProblem, parameters: tuple[Tensor, Tensor, Tensor, Tensor], batch: int, threads: int
    ) -> None:
        self._problem, self._arrays, self._threads = problem, tuple(array(t) for t in parameters), threads
        replicas, neurons, _ = self._arrays[0].shape
        self._unit = _units(replicas, neurons, threads)
        self._units = -(-neurons // self._unit) * replicas
        self._outputs = np.empty((2, self._units, batch), self._arrays[0].dtype)

    def arguments(self, thread: int) -> tuple[Any, ...]:
        """What the loops over steps take beside the samples: (parameters, rates, spherical, unit), the first and the
        last unit of ``thread``, the scale of the output, and room for outputs."""
        problem, real = self._problem, self._outputs.dtype.type
        first, last = (t * self._units // self._threads for t in (thread, thread + 1))
        rates = real(problem.second_layer_rate), real(problem.bias_rate)
        neurons = self._arrays[0].shape[1]
        scale = real(1 / neurons if problem.output_scale is None else problem.output_scale)
        return (self._arrays, rates, problem.spherical, self._unit), first, last, scale, self._outputs

    def share(self, thread: int, x: Tensor, label: Tensor, step_sizes: Tensor, counter: NDArray[np.int64]) -> None:
        """The steps of the neurons of ``thread``; where the loss couples neurons, the threads meet at ``counter``.

        x (step, replica, batch, dimension), label (step, replica, batch), or one replica for all; step_sizes (step,).
        """
        (parameters, rates, spherical, unit), first, last, scale, outputs = self.arguments(thread)
        common = parameters, array(x), array(label), array(step_sizes), rates, spherical, unit
        if self._problem.loss == "correlation":
            relu_kernels.correlation_steps(*common, TILE, first, last)
        else:
            relu_kernels.squared_steps(*common, first, last, scale, outputs, counter, self._threads)


def sample_steps(
    problem: TwoLayerProblem,
    parameters: tuple[Tensor, Tensor, Tensor],
    x: Tensor,
    label: Tensor,
    step_sizes: Tensor,
) -> None:
    """Single-sample steps in place on the weights of scale one: :func:`single_samples` for every replica.

    x (replica, sample, dimension), label (replica, sample); parameters (weights, second layer, bias).
    """
    missing = -x.shape[2] % 4
    samples, y = array(torch.nn.functional.pad(x, (0, missing)) if missing else x), array(label * step_sizes)
    lengths = np.empty(samples.shape[:2], samples.dtype)
    relu_kernels.squared_lengths(samples, lengths)
    weights, second_layer, bias = (array(t) for t in parameters)
    neurons = weights.shape[1]

    for r in range(len(weights)):

        def strips(first: int, last: int, r: int = r) -> None:
            w, a, b = weights[r, first:last], second_layer[r, first:last], bias[r, first:last]
            relu_kernels.single_samples(w, a, b, samples[r], y[r], lengths[r], problem.spherical, relu_kernels.STRIP)

        in_threads(strips, neurons, relu_kernels.STRIP, weights[r].size * len(step_sizes))


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
    tasks' factor F (task, task) or (0, 0) where it is the identity, and the drawn ``fraction`` of the batch."""

    student: Tensor
    teacher: Tensor
    factor: Tensor
    fraction: float


def chain_steps(
    problem: TwoLayerProblem,
    state: tuple[Tensor, Tensor, Tensor, Tensor],
    drawn: Batches,
    step_sizes: Tensor,
    matching: Matching | None = None,
) -> None:
    """Steps of :func:`chain_step`, or of :func:`matched_step`, in place on (frame, rest, second layer, bias)."""
    arrays, sizes = [array(t) for t in state], array(step_sizes)
    drawn_arrays = [array(t) for t in drawn]

    def part(first: int, last: int) -> None:
        here = tuple(a[first:last] for a in arrays)
        g, h, label, chi = (a[:, first:last] for a in drawn_arrays)
        if matching is None:
            chain_kernels.chain_steps(here, g, h, label, chi, sizes, problem.spherical)
            return
        student, teacher, factor = (array(t) for t in matching[:3])
        fraction = sizes.dtype.type(matching.fraction)
        chain_kernels.matched_steps(here, g, h, label, chi, sizes, student, teacher, factor, fraction)

    with one_blas_thread():
        in_threads(part, len(arrays[0]), 1, drawn.h.numel() * (drawn.g.shape[2] + 1))
