"""The trapped part of the loss along mean-field flows: all targets, dimensions and seeds of a setting as one batch."""

import numpy as np
import torch
import xarray as xr

from learnability.flows.mean_field import MeanFieldFlow, MeanFieldProblem, Particles
from learnability.flows.solver import Controls, integrate
from learnability.flows.trapped_loss import TrappedLoss
from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.results.status import status_attributes
from learnability.studies.subspace_polynomials.hidden_polynomials import expansions
from learnability.studies.subspace_polynomials.particles import sampled_particles
from learnability.studies.subspace_polynomials.trapped_part.setting import TrappedPartSetting


def train(setting: TrappedPartSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """``trapped_loss`` and ``loss`` (seed, dimension, target, time), and the status of each run."""
    polynomials, device = expansions(target), torch.device(context.device)
    dimensions = np.array(setting.dimensions, dtype=float)
    seeds, each, kinds = len(context.seeds), len(dimensions), len(polynomials)
    rng = context.stream("init")
    drawn = [
        sampled_particles(setting.particles, setting.target.common_variables, dimensions, rng) for _ in range(seeds)
    ]
    a, w, r = (np.stack(values) for values in zip(*drawn, strict=True))

    def spread(values: np.ndarray) -> torch.Tensor:
        """(seed, dimension, ...) to one batch in the order seed, dimension, target."""
        wide = np.broadcast_to(values[:, :, None], (seeds, each, kinds, *values.shape[2:]))
        return torch.as_tensor(wide.reshape(-1, *values.shape[2:]).copy(), device=device)

    def repeated(name: str) -> torch.Tensor:
        values = torch.as_tensor(target[name].sel(activation_class="smooth").values, device=device)
        return values.repeat(seeds * each, *[1] * (values.ndim - 1))

    mass = torch.full((setting.particles,), 1 / setting.particles, dtype=torch.float64, device=device)
    start = Particles(spread(np.broadcast_to(a[:, None], (seeds, each, a.shape[1]))), spread(w), spread(r), mass)
    problem = MeanFieldProblem(
        polynomials * (seeds * each), np.tile(np.repeat(dimensions, kinds), seeds), setting.phase
    )
    flow = MeanFieldFlow(problem, mass)
    held = TrappedLoss(flow, repeated("trapped_projector"), repeated("loss_floor"))
    times = np.linspace(0.0, setting.end_time, setting.save_points)
    solution = integrate(
        flow,
        start.packed(),
        torch.as_tensor(times, device=device),
        lambda state, loss, index: torch.stack([loss, held(state, index)], dim=1),
        controls=Controls(relative=setting.tolerance, absolute=1e-3 * setting.tolerance),
        store=context.checkpoint,
        progress=context.progress,
    )
    curves = solution.observables.cpu().numpy().reshape(seeds, each, kinds, len(times), 2)
    status = solution.status.cpu().numpy().astype(np.int8).reshape(seeds, each, kinds)
    axes = ("seed", "dimension", "target")
    return xr.Dataset(
        {
            "loss": variable((*axes, "time"), curves[..., 0], "population loss"),
            "trapped_loss": variable((*axes, "time"), curves[..., 1], "part of the loss that S* holds"),
            "status": xr.Variable(axes, status, status_attributes()),
        },
        coords={
            "dimension": variable("dimension", dimensions, "input dimension"),
            "target": target["target"],
            "time": variable("time", times, "flow time", "flow time"),
        },
    )
