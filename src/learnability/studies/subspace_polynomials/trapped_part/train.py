"""The trapped part of the loss along mean-field flows: all targets, dimensions and seeds of a setting as one batch."""

import numpy as np
import torch
import xarray as xr

from learnability.flows.trapped_loss import TrappedLoss
from learnability.results.contract import RunContext
from learnability.studies.subspace_polynomials.particles import FlowBatch, sampled_seeds
from learnability.studies.subspace_polynomials.trapped_part.setting import TrappedPartSetting

OBSERVABLES = {"loss": "population loss", "trapped_loss": "part of the loss that S* holds"}


def train(setting: TrappedPartSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """``trapped_loss`` and ``loss`` (seed, dimension, target, time), and the status of each run."""
    n, dimensions = setting.particles, np.array(setting.dimensions, dtype=float)
    variables, rng = setting.target.common_variables, context.stream("init")
    start = sampled_seeds(len(context.seeds), n, variables, dimensions, rng)
    times = np.linspace(0.0, setting.end_time, setting.save_points)
    batch = FlowBatch(target, dimensions, start, np.full(n, 1 / n), times, context.device)
    held = TrappedLoss(batch.flow, batch.repeated("trapped_projector"), batch.repeated("loss_floor"))

    def observe(state: torch.Tensor, loss: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        return torch.stack([loss, held(state, index)], dim=1)

    return batch.result(batch.solve(setting.tolerance, observe, context), OBSERVABLES, {})
