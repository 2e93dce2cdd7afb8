"""Online SGD of two-layer networks with the weights in full: state -> step, any dimension that fits in memory.

One step draws a fresh Gaussian batch X and makes two batched matrix products, H = X W^T and W + eta C^T X / B.
Replicas (and settings of equal shape) are the first axis. A step of batch B costs 4 B J d flops a replica.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from learnability.sgd.compiled import compiles
from learnability.sgd.compiled.full import network_steps
from learnability.sgd.compiled.sine import sine_compiles, sine_steps
from learnability.sgd.fused import fused, steps_at_once
from learnability.sgd.loop import Engine, own
from learnability.sgd.normal_numbers import normal_samples
from learnability.sgd.problem import Signal, TwoLayerProblem, labels, learning_signal, moved

# Rows of a batch whose projections (rows x neurons) stay in a core's second-level cache between two element-wise
# passes.
_TILE_ENTRIES = 1 << 16
# Numbers that are drawn at once for the steps of one compiled call: few enough to be in cache when they are used.
_DRAWN_ENTRIES = 1 << 21


class NetworkState(NamedTuple):
    """``weights`` (replica, neuron, dimension), ``scale`` (replica, neuron), ``second_layer`` and ``bias`` (replica,
    neuron).

    The weight vector is scale * weights: spherical SGD keeps the length apart, which saves a pass over the weights a
    step. In a settled state scale is one.
    """

    weights: Tensor
    scale: Tensor
    second_layer: Tensor
    bias: Tensor


def network_state(weights: Tensor, second_layer: Tensor, bias: Tensor) -> NetworkState:
    """A settled state from weights (replica, neuron, dimension) and output parameters broadcast to (replica,
    neuron).
    """
    shape = weights.shape[:-1]
    ones = torch.ones(shape, dtype=weights.dtype, device=weights.device)
    return NetworkState(weights, ones, second_layer.expand(shape).to(weights), bias.expand(shape).to(weights))


def random_directions(shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
    """Uniform points of the unit sphere, the last axis of ``shape`` being the dimension."""
    drawn = torch.empty(shape, dtype=dtype, device=generator.device).normal_(generator=generator)
    return drawn / drawn.norm(dim=-1, keepdim=True)


def settle(state: NetworkState) -> NetworkState:
    """The same network with scale one."""
    weights = state.weights * state.scale[..., None]
    return state._replace(weights=weights, scale=torch.ones_like(state.scale))


def row_tiles(batch_size: int, width: int, device: torch.device) -> list[slice]:
    """Rows of the batch that are treated together: all at once on a GPU, cache-sized tiles on the CPU."""
    rows = batch_size if device.type != "cpu" else min(batch_size, max(16, _TILE_ENTRIES // width))
    return [slice(start, min(start + rows, batch_size)) for start in range(0, batch_size, rows)]


def _tiled_signal(problem: TwoLayerProblem, state: NetworkState, x: Tensor, label: Tensor) -> tuple[Signal, Tensor]:
    """The learning signal of a batch and sum_b slopes_bj <u_j, x_b> (replica, neuron), tile by tile."""
    batch_size = x.shape[-2]
    tiles = row_tiles(batch_size, state.scale.shape[-1], x.device)
    slopes = x.new_empty(*x.shape[:-1], state.scale.shape[-1])
    parts: list[Signal] = []
    radial = torch.zeros_like(state.scale)
    for rows in tiles:
        projections = torch.matmul(x[:, rows], state.weights.mT)
        preactivations = torch.addcmul(state.bias[:, None, :], projections, state.scale[:, None, :])
        parts.append(learning_signal(problem, preactivations, label[:, rows], state.second_layer, slopes[:, rows]))
        if problem.spherical:
            radial += torch.linalg.vecdot(slopes[:, rows], projections, dim=1)
    shares = [(rows.stop - rows.start) / batch_size for rows in tiles]
    second_layer, bias = (
        None if columns[0] is None else torch.stack([s * c for s, c in zip(shares, columns, strict=True)]).sum(0)
        for columns in ([p.second_layer for p in parts], [p.bias for p in parts])
    )
    return Signal(slopes, second_layer, bias), radial


def full_step(
    problem: TwoLayerProblem, state: NetworkState, x: Tensor, label: Tensor, step_size: Tensor
) -> NetworkState:
    """One step on the batch x (replica, batch, dimension), label (replica, batch).

    Free weights: W' = W + eta C^T X / B. Spherical weights w = scale * u with the tangent gradient G - w <w, G>:
    w + eta (G - w <w, G>) is parallel to u + eta G / (scale (1 - eta <w, G>)), so one fused product updates u in
    place of three passes; its length goes into the scale.
    """
    signal, radial = _tiled_signal(problem, state, x, label)
    # C = factor * slopes, with the step size and the mean over the batch in it.
    factor, scale = state.second_layer * (step_size / x.shape[-2]), state.scale
    if problem.spherical:
        kept = scale * (1 - factor * scale * radial)
        factor = factor / kept
    weights = torch.baddbmm(state.weights, signal.slopes.mul_(factor[:, None, :]).mT, x)
    if problem.spherical:
        scale = torch.sign(kept) / torch.linalg.vector_norm(weights, dim=-1)
    return NetworkState(
        weights,
        scale,
        moved(state.second_layer, signal.second_layer, step_size, problem.second_layer_rate),
        moved(state.bias, signal.bias, step_size, problem.bias_rate),
    )


def observe(state: NetworkState, directions: Tensor) -> dict[str, Tensor]:
    """Alignment, squared norms and output parameters of a settled state (names as in :class:`Engine`)."""
    return {
        "alignment": torch.matmul(state.weights, directions.mT),
        "squared_norm": torch.linalg.vecdot(state.weights, state.weights),
        "second_layer": state.second_layer,
        "bias": state.bias,
    }


def _compiled_steps(
    problem: TwoLayerProblem, like: Tensor
) -> Callable[[TwoLayerProblem, NetworkState, Tensor, Tensor, Tensor], None] | None:
    if compiles(problem, like):
        return network_steps
    return sine_steps if sine_compiles(problem, like) else None


def full_engine(problem: TwoLayerProblem, directions: Tensor, batch_size: int) -> Engine:
    """Online SGD with fresh batches; ``directions`` is V, (task, dimension) or (replica, task, dimension).

    Dtype and device are those of the state. The unit of time is step_size x steps, per neuron (see
    :mod:`learnability.sgd.problem`).

    Raises ValueError for a batch_size below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}, and must be at least 1")

    def advance(state: NetworkState, step_sizes: Tensor, generator: torch.Generator) -> NetworkState:
        replicas, _, dimension = state.weights.shape
        shape, steps = (replicas, batch_size, dimension), _compiled_steps(problem, state.weights)
        group = steps_at_once(math.prod(shape), state.weights, _DRAWN_ENTRIES if steps else 0)
        step = fused(full_step, state.weights)
        state = own(state) if steps else state
        room = state.weights.new_empty(min(len(step_sizes), group), *shape)
        for sizes in step_sizes.split(group):
            x = room[: len(sizes)]
            label = labels(problem, normal_samples(x, directions, generator), generator)
            if steps:
                steps(problem, state, x, label, sizes)
                continue
            for drawn in zip(x, label, sizes, strict=True):
                state = step(problem, state, *drawn)
        return state

    # Compiled steps keep their rows in range.
    chunk = 128 if _compiled_steps(problem, directions) else 64
    return Engine("full", advance, settle, lambda state: observe(state, directions), chunk=chunk)
