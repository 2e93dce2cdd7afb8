"""Steps of ReLU networks on the CPU, in place: many steps in one compiled call, matrix products by BLAS.

Projections are kept as (neuron, batch): both products of a step run faster in that order than in the other one, and
the samples of a neuron, over which everything is summed, stand side by side.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learnability.dynamics import relu_kernels
from learnability.dynamics.two_layer import TwoLayerProblem
from learnability.numerics.activations import RELU
from learnability.numerics.compiled_blas import one_blas_thread
from learnability.numerics.threads import in_threads, threads_for, together

# Neurons of a matrix product: fewer cost BLAS speed, more do not fit into the cache with their projections.
_UNIT = 1024


def compiles(problem: TwoLayerProblem, like: Tensor) -> bool:
    """Whether the compiled passes serve: ReLU, on the CPU, in float32 or float64."""
    return problem.activation is RELU and like.device.type == "cpu" and like.dtype in (torch.float32, torch.float64)


def array(tensor: Tensor) -> NDArray[np.generic]:
    """The tensor as a C-contiguous array: itself where it is one."""
    return tensor.contiguous().numpy()


def _units(replicas: int, neurons: int, threads: int) -> int:
    """Neurons of a unit of work: a replica, or a share of it where it is large or threads would have none."""
    return -(-neurons // max(-(-neurons // _UNIT), -(-threads // replicas)))


def network_steps(
    problem: TwoLayerProblem,
    parameters: tuple[Tensor, Tensor, Tensor, Tensor],
    x: Tensor,
    label: Tensor,
    step_sizes: Tensor,
) -> None:
    """Steps of :func:`full_step` in place on (weights, scale, second layer, bias), all contiguous.

    x (step, replica, batch, dimension), label (step, replica, batch), or one replica for all; step_sizes (step,). The
    matrix products of a step run on whole units of neurons, so bytes depend on the number of threads.
    """
    arrays = tuple(array(t) for t in parameters)
    replicas, neurons, _ = arrays[0].shape
    batch = x.shape[2]
    threads = threads_for(parameters[0].numel() * batch)
    unit = _units(replicas, neurons, threads)
    units = -(-neurons // unit) * replicas
    threads = min(threads, units)
    real = arrays[0].dtype.type
    h = np.empty((replicas, neurons, batch), real)
    rates = real(problem.second_layer_rate), real(problem.bias_rate)
    common = arrays, array(x), array(label), array(step_sizes), rates, problem.spherical, h, unit
    output_scale = real(1 / neurons if problem.output_scale is None else problem.output_scale)
    outputs = np.empty((2, units, batch), real)

    def share(thread: int, counter: NDArray[np.int64]) -> None:
        first, last = thread * units // threads, (thread + 1) * units // threads
        if problem.loss == "squared":
            relu_kernels.squared_steps(*common, first, last, output_scale, outputs, counter, threads)
        else:
            relu_kernels.correlation_steps(*common, first, last)

    with one_blas_thread():
        together(share, threads)


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
    padded = torch.nn.functional.pad(x, (0, -x.shape[2] % 4))
    targets, squares = label * step_sizes, torch.linalg.vecdot(x, x)
    samples, y, lengths = array(padded), array(targets), array(squares)
    weights, second_layer, bias = (array(t) for t in parameters)
    neurons = weights.shape[1]

    for r in range(len(weights)):

        def strips(first: int, last: int, r: int = r) -> None:
            w, a, b = weights[r, first:last], second_layer[r, first:last], bias[r, first:last]
            relu_kernels.single_samples(w, a, b, samples[r], y[r], lengths[r], problem.spherical, relu_kernels.STRIP)

        in_threads(strips, neurons, relu_kernels.STRIP, weights[r].size * len(step_sizes))


def chain_moments(
    frame: Tensor, rest: Tensor, factor: Tensor, bias: Tensor, g: Tensor, h: Tensor, label: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """sum c g (replica, neuron, task), sum c s, sum c h, sum c^2 (replica, neuron); see :func:`chain_moments`."""
    pulled = torch.empty(frame.shape, dtype=frame.dtype)
    radial, along, spread = (torch.empty(rest.shape, dtype=rest.dtype) for _ in range(3))
    inputs = [array(t) for t in (g, h, label, frame, rest, factor, bias)]
    outputs = [t.numpy() for t in (pulled, radial, along, spread)]

    def part(first: int, last: int) -> None:
        relu_kernels.chain_moments(*(t[first:last] for t in (*inputs, *outputs)))

    in_threads(part, len(frame), 1, h.numel() * (frame.shape[2] + 1))
    return pulled, radial, along, spread
