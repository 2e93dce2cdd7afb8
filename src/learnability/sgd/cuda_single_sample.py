"""Single-sample steps of ReLU networks on a GPU: the plain loop, with the weights of some neurons in registers.

With the correlation loss no neuron needs another one. A program of the kernel holds the weights of a few neurons and
takes them through all samples of a call: two passes over registers a sample, and one row of ``x`` from the cache that
all programs read at about the same time. Thousands of steps are one launch, where a step of its own would be several.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

# Measured on an H200 at 8192 neurons in R^64: 0.57 microseconds a sample; 16, 32 and 128 neurons take 5 to 25% longer.
_NEURONS, _WARPS = 64, 4
LARGEST_DIMENSION = 256
"""Weights of 64 neurons in more dimensions do not fit into registers."""


@triton.jit
def _steps(  # type: ignore[no-untyped-def]
    weights,
    second_layer,
    bias,
    x,
    targets,
    lengths,
    samples,
    neurons,
    dimension,
    spherical: tl.constexpr,
    columns: tl.constexpr,
    rows: tl.constexpr,
):
    replica = tl.program_id(1)
    j, i = tl.program_id(0) * rows + tl.arange(0, rows), tl.arange(0, columns)
    here, there = j < neurons, i < dimension
    place = (replica * neurons + j[:, None]) * dimension + i[None, :]
    inside = here[:, None] & there[None, :]
    w = tl.load(weights + place, mask=inside, other=0.0)
    a = tl.load(second_layer + replica * neurons + j, mask=here, other=0.0)
    b = tl.load(bias + replica * neurons + j, mask=here, other=0.0)
    for k in range(samples):
        at = replica * samples + k
        sample = tl.load(x + at * dimension + i, mask=there, other=0.0)
        target, length = tl.load(targets + at), tl.load(lengths + at)
        s = tl.sum(w * sample[None, :], axis=1)
        c = tl.where(s + b > 0, target * a, 0.0)
        if spherical:
            # w (1 - c s) + c x has the squared length 1 + c^2 |x|^2 - (c s)^2.
            cs = c * s
            shrink = tl.rsqrt(1.0 + c * c * length - cs * cs)
            w = w * ((1.0 - cs) * shrink)[:, None] + (c * shrink)[:, None] * sample[None, :]
        else:
            w += c[:, None] * sample[None, :]
    tl.store(weights + place, w, mask=inside)


def serves(weights: Tensor) -> bool:
    """Whether the kernel takes weights (replica, neuron, dimension) of this size and type."""
    return weights.dtype == torch.float32 and weights.shape[-1] <= LARGEST_DIMENSION


def sample_steps(
    spherical: bool, weights: Tensor, second_layer: Tensor, bias: Tensor, x: Tensor, targets: Tensor
) -> None:
    """One step for every sample of x (replica, sample, dimension), in place on weights (replica, neuron, dimension).

    ``second_layer`` and ``bias`` (replica, neuron), ``targets`` (replica, sample) the labels times the step sizes.
    Everything is on one GPU and in float32, the weights contiguous; spherical weights have unit length.
    """
    replicas, neurons, dimension = weights.shape
    second_layer, bias, x, targets = (t.contiguous() for t in (second_layer, bias, x, targets))
    lengths = torch.linalg.vecdot(x, x)
    grid = (triton.cdiv(neurons, _NEURONS), replicas)
    sizes = x.shape[1], neurons, dimension, spherical, max(16, triton.next_power_of_2(dimension)), _NEURONS
    _steps[grid](weights, second_layer, bias, x, targets, lengths, *sizes, num_warps=_WARPS)
