"""Mean-field flows of all targets, dimensions and seeds of a setting, as one batch."""

import math

import numpy as np
import torch
import xarray as xr

from learnability.flows.solver import Observer
from learnability.hermite.quadrature import uniform_nodes
from learnability.results.contract import RunContext
from learnability.studies.subspace_polynomials.flow.setting import FlowSetting
from learnability.studies.subspace_polynomials.particles import Array, FlowBatch, sampled_seeds

OBSERVABLES = {
    "loss": "population loss",
    "trapped_norm": "r.m.s. over particles of |P_S* w|",
    "trapped_norm_max": "largest |P_S* w| of any particle",
    "learnable_norm": "r.m.s. over particles of |P_W* w|",
    "outer_radius": "mean of |w_perp| over particles",
}


FURTHER = {
    "largest_rise": "largest rise of the loss in one step",
    "steps": "steps of the solver, rejected ones included",
}


def _start(
    setting: FlowSetting, dimensions: Array, seeds: int, rng: np.random.Generator
) -> tuple[tuple[Array, Array, Array], Array]:
    """a (seed, n), w_V (seed, dimension, n, p), r (seed, dimension, n), and the weights (n,)."""
    p, n = setting.target.common_variables, setting.particles
    if setting.start == "quadrature":
        a, weights = uniform_nodes(n)
        n = len(a)
        return (np.tile(a, (seeds, 1)), np.zeros((seeds, 1, n, p)), np.ones((seeds, 1, n))), weights
    return sampled_seeds(seeds, n, p, dimensions, rng), np.full(n, 1 / n)


def _observer(trapping: torch.Tensor, learning: torch.Tensor, weights: torch.Tensor) -> Observer:
    """Loss and the norms of the particles inside S* and W*."""

    def observe(state: torch.Tensor, loss: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        w = state[..., 2:]
        trapped = (w @ trapping[index]).square().sum(-1)
        free = (w @ learning[index]).square().sum(-1)
        columns = [
            loss,
            (trapped * weights).sum(1).sqrt(),
            trapped.amax(1).sqrt(),
            (free * weights).sum(1).sqrt(),
            (state[..., 1] * weights).sum(1),
        ]
        return torch.stack(columns, dim=1)

    return observe


def train(setting: FlowSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Curves (seed, dimension, target, time), the status of each run and the largest rise of its loss in a step."""
    dimensions = np.array([*map(float, setting.dimensions), *([math.inf] if setting.infinite else [])])
    start, weights = _start(setting, dimensions, len(context.seeds), context.stream("init"))
    times = np.linspace(0.0, setting.end_time, setting.save_points)
    batch = FlowBatch(target, dimensions, start, weights, times, context.device)
    floors, threshold = batch.repeated("loss_floor"), setting.stop_below

    def stop(seen: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        return seen[:, 0] < (threshold or 0.0) * floors[index]

    observer = _observer(batch.repeated("trapped_projector"), batch.repeated("learnable_projector"), batch.mass)
    solution = batch.solve(setting.tolerance, observer, context, stop if threshold else None)
    return batch.result(solution, OBSERVABLES, FURTHER)
