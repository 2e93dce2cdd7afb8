"""Steps of ReLU networks on the CPU, in place: matrix products by BLAS, all else by one compiled pass over the batch.

Projections are kept as (neuron, batch): both products of a step run faster in that order than in the other one, and
the samples of a neuron, over which everything is summed, stand side by side.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learnability.dynamics import relu_kernels
from learnability.dynamics.two_layer import TwoLayerProblem
from learnability.numerics.activations import RELU

# Below as many multiply-adds a product, a batched call costs less than a loop over replicas.
_SMALL_PRODUCT = 1 << 18
# Numbers of weights times samples that are worth a second thread.
_THREAD_WORK = 1 << 22


def compiles(problem: TwoLayerProblem, like: Tensor) -> bool:
    """Whether the compiled passes serve: ReLU, on the CPU, in float32 or float64."""
    return problem.activation is RELU and like.device.type == "cpu" and like.dtype in (torch.float32, torch.float64)


def array(tensor: Tensor) -> NDArray[np.generic]:
    """The tensor as a C-contiguous array: itself where it is one."""
    return tensor.contiguous().numpy()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


def in_threads(call: Callable[[int, int], None], count: int, unit: int, work: int) -> None:
    """``call`` on ranges of 0..count that start at multiples of ``unit``, in torch's number of threads."""
    threads = min(torch.get_num_threads(), -(-count // unit)) if work >= _THREAD_WORK else 1
    if threads == 1:
        call(0, count)
        return
    length = -(-count // (threads * unit)) * unit
    starts = range(0, count, length)
    list(_pool(threads).map(lambda start: call(start, min(start + length, count)), starts))


def _projections(weights: Tensor, x: Tensor) -> Tensor:
    """W X^T (replica, neuron, batch)."""
    replicas, neurons, dimension = weights.shape
    if replicas > 1 and neurons * dimension * x.shape[1] < _SMALL_PRODUCT:
        return torch.bmm(weights, x.mT)
    out = weights.new_empty(replicas, neurons, x.shape[1])
    for r in range(replicas):
        torch.mm(weights[r], x[r].T, out=out[r])
    return out


def _add_products(weights: Tensor, coefficients: Tensor, x: Tensor) -> None:
    """W + C X in place, coefficients C (replica, neuron, batch)."""
    if len(weights) > 1 and coefficients[0].numel() * x.shape[2] < _SMALL_PRODUCT:
        weights.baddbmm_(coefficients, x)
        return
    for r in range(len(weights)):
        weights[r].addmm_(coefficients[r], x[r])


def network_step(
    problem: TwoLayerProblem,
    parameters: tuple[Tensor, Tensor, Tensor, Tensor],
    x: Tensor,
    label: Tensor,
    step_size: float,
) -> None:
    """One step of :func:`full_step` in place on (weights, scale, second layer, bias), all contiguous."""
    weights, scale, second_layer, bias = parameters
    projections = _projections(weights, x)
    kept = torch.empty_like(scale)
    h, y, w, a, b, k = (array(t) for t in (projections, label, scale, second_layer, bias, kept))
    output_scale = 1 / scale.shape[1] if problem.output_scale is None else problem.output_scale
    loss = y.dtype.type(output_scale), problem.loss == "squared"
    rates = step_size, float(problem.second_layer_rate), float(problem.bias_rate)
    relu_kernels.batch_pass(h, y, w, a, b, *loss, *rates, problem.spherical, k)
    _add_products(weights, projections, x)
    if problem.spherical:
        torch.div(kept.sign_(), torch.linalg.vector_norm(weights, dim=-1), out=scale)


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
