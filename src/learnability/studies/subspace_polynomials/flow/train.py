"""Mean-field flows of all targets, dimensions and seeds of a setting, as one batch."""

import math

import numpy as np
import torch
import xarray as xr

from learnability.flows.mean_field import MeanFieldFlow, MeanFieldProblem, Particles
from learnability.flows.solver import Controls, Observer, Solution, integrate
from learnability.hermite.quadrature import uniform_nodes
from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.results.status import status_attributes
from learnability.studies.subspace_polynomials.flow.setting import FlowSetting
from learnability.studies.subspace_polynomials.hidden_polynomials import expansions
from learnability.studies.subspace_polynomials.particles import sampled_particles

OBSERVABLES = {
    "loss": "population loss",
    "trapped_norm": "r.m.s. over particles of |P_S* w|",
    "trapped_norm_max": "largest |P_S* w| of any particle",
    "learnable_norm": "r.m.s. over particles of |P_W* w|",
    "outer_radius": "mean of |w_perp| over particles",
}


def _all_dimensions(setting: FlowSetting) -> np.ndarray:
    """The dimensions of a setting, the infinite one last."""
    return np.array([*map(float, setting.dimensions), *([math.inf] if setting.infinite else [])])


def _start(setting: FlowSetting, context: RunContext) -> tuple[np.ndarray, ...]:
    """a (seed, n), w_V (seed, dimension, n, p), r (seed, dimension, n) and the weights (n,)."""
    p, dimensions = setting.target.common_variables, _all_dimensions(setting)
    if setting.start == "quadrature":
        a, weights = uniform_nodes(setting.particles)
        n, seeds = len(a), len(context.seeds)
        return np.tile(a, (seeds, 1)), np.zeros((seeds, 1, n, p)), np.ones((seeds, 1, n)), weights
    rng = context.stream("init")
    drawn = [sampled_particles(setting.particles, p, dimensions, rng) for _ in context.seeds]
    a, w, r = (np.stack(values) for values in zip(*drawn, strict=True))
    return a, w, r, np.full(setting.particles, 1 / setting.particles)


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


def _save_times(setting: FlowSetting) -> np.ndarray:
    """Equally spaced flow times from 0 to the end."""
    return np.linspace(0.0, setting.end_time, setting.save_points)


def _solve(setting: FlowSetting, target: xr.Dataset, context: RunContext) -> Solution:
    """One batch in the order seed, dimension, target."""
    polynomials, dimensions, device = expansions(target), _all_dimensions(setting), torch.device(context.device)
    a, w, r, weights = _start(setting, context)
    seeds, each, kinds = len(context.seeds), len(dimensions), len(polynomials)
    problem = MeanFieldProblem(
        polynomials * (seeds * each), np.tile(np.repeat(dimensions, kinds), seeds), setting.phase
    )

    def spread(values: np.ndarray) -> torch.Tensor:
        wide = np.broadcast_to(values[:, :, None], (seeds, each, kinds, *values.shape[2:]))
        return torch.as_tensor(wide.reshape(-1, *values.shape[2:]).copy(), device=device)

    second_layer = np.broadcast_to(a[:, None, :], (seeds, each, a.shape[1]))
    mass = torch.as_tensor(weights, device=device)
    start = Particles(spread(second_layer), spread(w), spread(r), mass)

    def repeated(name: str) -> torch.Tensor:
        values = torch.as_tensor(target[name].sel(activation_class="smooth").values, device=device)
        return values.repeat(seeds * each, *[1] * (values.ndim - 1))

    floors = repeated("loss_floor")
    threshold = setting.stop_below

    def stop(seen: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        return seen[:, 0] < (threshold or 0.0) * floors[index]

    return integrate(
        MeanFieldFlow(problem, mass),
        start.packed(),
        torch.as_tensor(_save_times(setting), device=device),
        _observer(repeated("trapped_projector"), repeated("learnable_projector"), mass),
        controls=Controls(relative=setting.tolerance, absolute=1e-3 * setting.tolerance),
        stop=stop if threshold else None,
        store=context.checkpoint,
        progress=context.progress,
    )


def train(setting: FlowSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Curves (seed, dimension, target, time), the status of each run and the largest rise of its loss in a step."""
    solution, dimensions = _solve(setting, target, context), _all_dimensions(setting)
    shape = (len(context.seeds), len(dimensions), target.sizes["target"])
    axes = ("seed", "dimension", "target")
    curves = solution.observables.cpu().numpy().reshape(*shape, setting.save_points, len(OBSERVABLES))
    status = solution.status.cpu().numpy().astype(np.int8).reshape(shape)
    rise = solution.largest_rise.cpu().numpy().reshape(shape)
    steps = solution.steps.cpu().numpy().reshape(shape)
    return xr.Dataset(
        {
            **{
                name: variable((*axes, "time"), curves[..., i], text)
                for i, (name, text) in enumerate(OBSERVABLES.items())
            },
            "status": xr.Variable(axes, status, status_attributes()),
            "largest_rise": variable(axes, rise, "largest rise of the loss in one step"),
            "steps": variable(axes, steps, "steps of the solver, rejected ones included"),
        },
        coords={
            "dimension": variable("dimension", dimensions, "input dimension"),
            "target": target["target"],
            "time": variable("time", _save_times(setting), "flow time", "flow time"),
        },
    )
