"""Training: the gradient flow of the d x r weights beside the flow of the r x r correlations.

Independent by construction: the weights' flow knows the target as symmetric tensors over R^d and gets its gradient
from automatic differentiation of the population loss; the closed flow is the one that all other experiments solve.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from learnability.flows.multi_index import JointFlow, PlantedFlow
from learnability.hermite.tensors import Tensors, symmetric_tensors
from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.statistics.random import torch_generator
from learnability.studies.multi_index.closure.setting import ClosureSetting
from learnability.studies.multi_index.links import expansions, link_texts

Array = NDArray[np.float64]
_FLOWS = ("joint", "planted")
_TOLERANCE = 1e-12
_LEAST_SPEED = 1e-4  # of the largest on a path: where the flow has come to rest, rounding is all there is


def population_loss(tensors: dict[int, torch.Tensor], fixed: Tensors | None, weights: torch.Tensor) -> torch.Tensor:
    """Half the squared error of the model on W (d, r) for a target with tensors over R^d.

    Joint (``fixed`` None): the best link on W^T x leaves ``(|F|^2 - |T(W, ..., W)|^2) / 2``. Planted: the link f with
    tensors ``fixed`` leaves ``|F|^2 - <T(W, ..., W), T_f>``.
    """
    total = weights.new_zeros(())
    for degree, tensor in tensors.items():
        inner = tensor
        for _ in range(degree):
            inner = torch.tensordot(inner, weights, dims=([0], [0]))
        norm = tensor.square().sum()
        if fixed is None:
            total = total + (norm - inner.square().sum()) / 2
        else:
            total = total + norm - (inner * torch.from_numpy(fixed[degree])).sum()
    return total


def direct_flow(tensors: Tensors, planted: bool, frame: Array, start: Array, times: Array) -> tuple[Array, Array]:
    """Correlations and their velocities, each (time, r, r), along the Riemannian gradient flow of W on the Stiefel
    manifold of R^d."""
    d, r = start.shape
    lifted = {k: torch.from_numpy(_lift(tensor, frame)) for k, tensor in tensors.items()}

    def velocity(_: float, flat: Array) -> Array:
        weights = torch.from_numpy(flat.reshape(d, r)).requires_grad_()
        loss = population_loss(lifted, tensors if planted else None, weights)
        (gradient,) = torch.autograd.grad(loss, weights)
        g, w = gradient.numpy(), flat.reshape(d, r)
        product = w.T @ g
        return np.asarray(-(g - w @ (product + product.T) / 2)).ravel()

    solution = _integrate(velocity, start.ravel(), times)
    return tuple(  # type: ignore[return-value]
        np.stack([frame.T @ y.reshape(d, r) for y in found])
        for found in (solution, [velocity(0.0, y) for y in solution])
    )


def closed_velocities(tensors: Tensors, planted: bool, correlations: Array) -> Array:
    """The closed field at correlations (time, r, r)."""
    problem = (PlantedFlow if planted else JointFlow).build(tensors)
    flat = torch.from_numpy(np.ascontiguousarray(correlations.reshape(len(correlations), -1).T))
    return problem.field(flat, torch.zeros(1, flat.shape[1], dtype=torch.float64)).numpy().T.reshape(correlations.shape)


def closed_flow(tensors: Tensors, planted: bool, start: Array, times: Array) -> Array:
    """Correlations (time, r, r) along the closed flow, by the same integrator."""
    problem = (PlantedFlow if planted else JointFlow).build(tensors)
    chart = torch.zeros(1, 1, dtype=torch.float64)

    def velocity(_: float, flat: Array) -> Array:
        return np.asarray(problem.field(torch.from_numpy(flat)[:, None], chart)[:, 0].numpy())

    return _integrate(velocity, start.ravel(), times).reshape(len(times), *start.shape)


def _integrate(velocity: Callable[..., Any], start: Array, times: Array) -> Array:
    solution = solve_ivp(
        velocity, (0, times[-1]), start, method="DOP853", t_eval=times, rtol=_TOLERANCE, atol=_TOLERANCE
    )
    missing = np.full((len(times) - solution.y.shape[1], len(start)), math.nan)
    return np.concatenate([solution.y.T, missing])


def _lift(tensor: Array, frame: Array) -> Array:
    """The tensor over R^d of the link on ``frame^T x``."""
    for axis in range(tensor.ndim):
        tensor = np.moveaxis(np.tensordot(frame, tensor, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(tensor)


def train(setting: ClosureSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Along the direct flow, the largest difference of the correlations' velocity from the closed field, and that of
    the correlations along both flows, which grows on the way; relative to the largest entry."""
    links = expansions(target)
    times = np.linspace(0, setting.end_time, setting.save_times + 1)[1:]
    generator = torch_generator(context.stream("init"))
    shape = (len(links), len(_FLOWS), len(setting.dimensions), len(context.seeds))
    fields, differences, cosines = np.full((3, *shape), math.nan)
    places = list(np.ndindex(shape))
    for number, (i, flow, j, seed) in enumerate(places):
        context.progress(number, len(places), f"direct flow in {setting.dimensions[j]} dimensions")
        tensors, r, d = symmetric_tensors(links[i]), links[i].variables, setting.dimensions[j]
        planted = _FLOWS[flow] == "planted"
        draws = torch.randn(2, d, r, generator=generator, dtype=torch.float64).numpy()
        frame, start = (np.linalg.qr(draw)[0] for draw in draws)
        direct, velocities = direct_flow(tensors, planted, frame, start, times)
        closed = closed_flow(tensors, planted, frame.T @ start, times)
        off = np.abs(velocities - closed_velocities(tensors, planted, direct)).max(axis=(1, 2))
        speed = np.abs(velocities).max(axis=(1, 2))
        fields[i, flow, j, seed] = (off / speed.clip(_LEAST_SPEED * speed.max())).max()
        differences[i, flow, j, seed] = np.abs(direct - closed).max() / np.abs(direct).max()
        cosines[i, flow, j, seed] = np.linalg.svd(direct[-1], compute_uv=False)[0]
    dims = ("link", "flow", "dimension", "seed")
    return xr.Dataset(
        {
            "field_difference": variable(dims, fields, "largest relative difference of the correlations' velocities"),
            "difference": variable(dims, differences, "largest relative difference of the correlations"),
            "cosine": variable(dims, cosines, "largest cosine at the end of the direct flow"),
        },
        coords={
            "link": names("link", link_texts(target), "link"),
            "flow": names("flow", _FLOWS, "flow"),
            "dimension": variable("dimension", np.array(setting.dimensions), "dimension d of the data"),
        },
    )
