"""Online SGD of the whole network beside the mean-field flow from the same particles."""

from dataclasses import replace

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from learnability.flows.mean_field import MeanFieldFlow, MeanFieldProblem, Particles
from learnability.flows.solver import integrate
from learnability.hermite.activations import sine
from learnability.hermite.basis import hermite_columns
from learnability.hermite.expansion import HermiteExpansion
from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.results.status import status_attributes
from learnability.sgd.full import NetworkState, full_engine, network_state
from learnability.sgd.loop import run as run_sgd
from learnability.sgd.problem import TwoLayerProblem
from learnability.statistics.random import torch_generator
from learnability.studies.subspace_polynomials.hidden_polynomials import expansions
from learnability.studies.subspace_polynomials.online_sgd.setting import SgdSetting
from learnability.studies.subspace_polynomials.particles import sampled_seeds

PHASE = np.pi / 4
SHIFTED_SINE = sine(PHASE)


def polynomial_label(target: HermiteExpansion, projections: Tensor) -> Tensor:
    """``h(z)`` for z (..., p)."""
    columns = [hermite_columns(projections[..., i], target.degree) for i in range(target.variables)]
    total = torch.zeros_like(projections[..., 0])
    for index, value in target.coefficients.items():
        term = torch.full_like(total, value)
        for i, k in enumerate(index):
            if k:
                term = term * columns[i][k]
        total = total + term
    return total


def population_loss(target: HermiteExpansion, weights: Tensor, second_layer: Tensor) -> Tensor:
    """``E (h - f)^2 / 2`` of networks (replica, n, d) with sin(x + pi/4) and mean-field scale, in closed form.

    ``E[sigma sigma'] = exp(-|w - w'|^2 / 2) / 2`` for this phase; the first p coordinates of x are z.
    """
    p, count = target.variables, weights.shape[1]
    problem = MeanFieldProblem([target], np.array([np.inf]))
    flow = MeanFieldFlow(problem, torch.full((count,), 1 / count, dtype=torch.float64, device=weights.device))
    w, a = weights.double(), second_layer.double()
    value, _ = flow.target(w[..., :p], torch.zeros(len(w), dtype=torch.int64, device=w.device))
    square = w.square().sum(-1)
    overlap = torch.exp(torch.bmm(w, w.mT) - 0.5 * (square[:, :, None] + square[:, None, :]))
    linear = (a * torch.exp(-0.5 * square) * value).mean(1)
    quadratic = (a[:, None, :] @ overlap @ a[:, :, None])[:, 0, 0] / count**2
    return 0.5 * target.norm_squared - linear + 0.25 * quadratic


def _network(inside: Tensor, radius: Tensor, dimension: int, rng: np.random.Generator) -> Tensor:
    """Weights (seed, n, d) whose outer part has a uniform direction, the same in both members of a pair."""
    seeds, count, p = inside.shape
    directions = rng.standard_normal((seeds, count // 2, dimension - p))
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    outer = torch.from_numpy(np.concatenate([directions, directions], axis=1)) * radius[..., None]
    return torch.cat([inside, outer], dim=-1)


def train(setting: SgdSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """``sgd_loss`` and ``flow_loss`` (seed, time) at common mean-field times, and the status of each SGD run."""
    h, device, p = expansions(target)[0], torch.device(context.device), setting.target.common_variables
    rng, seeds = context.stream("init"), len(context.seeds)
    drawn = sampled_seeds(seeds, setting.neurons, p, np.array([float(setting.dimension)]), rng)
    a, w, r = map(torch.from_numpy, drawn)
    weights = _network(w[:, 0], r[:, 0], setting.dimension, rng).to(device)
    a, inside, radius = a.to(device), w[:, 0].to(device), r[:, 0].to(device)
    steps = np.unique(np.round(np.linspace(0, setting.end_time / setting.step_size, setting.save_points)).astype(int))
    problem = TwoLayerProblem(
        label=lambda z: polynomial_label(h, z),
        activation=SHIFTED_SINE,
        loss="squared",
        spherical=False,
        second_layer_rate=1.0,
    )
    axes_of_subspace = torch.eye(setting.dimension, dtype=weights.dtype, device=device)[:p]

    def observe(state: NetworkState) -> dict[str, Tensor]:
        return {"loss": population_loss(h, state.weights, state.second_layer)}

    engine = replace(full_engine(problem, axes_of_subspace, setting.batch_size), observe=observe)
    trajectory = run_sgd(
        engine,
        network_state(weights, a, torch.zeros_like(a)),
        steps,
        lambda numbers: np.full(len(numbers), setting.step_size),
        torch_generator(context.stream("data"), device),
        checkpoint=context.checkpoint,
        progress=context.progress,
    )
    times = steps * setting.step_size
    mass = torch.full((setting.neurons,), 1 / setting.neurons, dtype=torch.float64, device=device)
    flow = MeanFieldFlow(MeanFieldProblem([h] * seeds, np.full(seeds, float(setting.dimension))), mass)
    start = Particles(a, inside, radius, mass).packed()
    solution = integrate(flow, start, torch.as_tensor(times, device=device), lambda _, loss, index: loss[:, None])
    loss = np.moveaxis(trajectory.observed["loss"], 0, 1)
    limit = solution.observables[:, :, 0].cpu().numpy()
    return xr.Dataset(
        {
            "sgd_loss": variable(("seed", "time"), loss, "population loss of online SGD"),
            "flow_loss": variable(
                ("seed", "time"), limit, "population loss of the mean-field flow from the same particles"
            ),
            "status": xr.Variable("seed", trajectory.status, status_attributes()),
        },
        coords={"time": variable("time", times, "step size x steps", "flow time")},
    )
