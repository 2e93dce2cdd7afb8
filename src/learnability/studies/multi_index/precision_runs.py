"""Precision and stiffness: both forms of the joint flow in two frames, and what an explicit method would cost."""

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from learnability.flows.multi_index import TRAPPED, JointFlow
from learnability.flows.haar_start import haar_correlations
from learnability.results.status import status_attributes
from learnability.flows.solver import solve
from learnability.hermite.tensors import rotated, symmetric_tensors
from learnability.results.contract import RunContext
from learnability.studies.multi_index.flow_runs import flow_piece, solve_pieces
from learnability.studies.multi_index.settings import Form, PrecisionSetting
from learnability.studies.multi_index.targets import build_expansions, expansions

FORMS: tuple[Form, ...] = ("correlation", "spectral")
"""Codes of the coordinate ``form``."""

EXPLICIT: tuple[Literal["RK45", "LSODA"], ...] = ("RK45", "LSODA")
"""Codes of the coordinate ``method``: an explicit method, and a stiff one that takes one trajectory at a time."""

_MOST_EVALUATIONS = 150_000
Array = NDArray[np.float64]


class _TooLong(Exception):
    """The explicit method used up its evaluations."""


def train_precision(setting: PrecisionSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Escape times by form and frame; the frames differ by one fixed rotation, so the exact times do not differ."""
    links = expansions(target)
    rng = context.stream("init")
    starts = [haar_correlations(setting.dimensions, e.variables, len(context.seeds), rng) for e in links]
    turns = [np.linalg.qr(rng.standard_normal((e.variables, e.variables)))[0] for e in links]
    pieces = []
    for i, link in enumerate(links):
        turned = build_expansions([link, rotated(link, turns[i])])
        for form in FORMS:
            chosen = setting.model_copy(update={"form": form})
            for frame, correlations in enumerate((starts[i], turns[i].T @ starts[i])):
                pieces.append(flow_piece(chosen, turned, frame, "joint", correlations, context.device))
    states = solve_pieces(pieces, context)
    grid = (len(setting.dimensions), len(context.seeds))
    shape = (len(links), len(FORMS), 2, *grid)
    last = [links[n // (2 * len(FORMS))].variables - 1 for n in range(len(states))]
    times = [s.crossing_time[k].cpu().numpy() for s, k in zip(states, last, strict=True)]
    dims = ("link", "form", "frame", "dimension", "seed")
    steps = np.stack([s.steps.cpu().numpy() for s in states]).reshape(shape)
    status = np.stack([s.status.cpu().numpy() for s in states]).reshape(shape)
    evaluations = _explicit_evaluations(setting, links[0].variables, target, context)
    count_dims = ("method", "explicit_dimension")
    variables = {
        "escape_time": (
            dims,
            np.stack(times).reshape(shape),
            {"units": "flow time", "long_name": "escape time of the last saddle"},
        ),
        "steps": (dims, steps, {"units": "1", "long_name": "attempted steps"}),
        "status": (dims, status, status_attributes({"trapped": TRAPPED})),
        "evaluations": (
            count_dims,
            evaluations,
            {"units": "1", "long_name": "evaluations of the right-hand side for one start; NaN beyond the limit"},
        ),
    }
    coordinates = {
        "link": np.arange(len(links)),
        "form": ("form", np.arange(len(FORMS)), {"units": "1", "long_name": "form: 0 correlation, 1 spectral"}),
        "frame": ("frame", np.arange(2), {"units": "1", "long_name": "frame: 0 axes of the target, 1 rotated"}),
        "dimension": (
            "dimension",
            np.array(setting.dimensions),
            {"units": "1", "long_name": "dimension d of the data"},
        ),
        "explicit_dimension": np.array(setting.explicit_dimensions, dtype=np.int64),
        "method": ("method", np.arange(len(EXPLICIT)), {"units": "1", "long_name": "method: 0 RK45, 1 LSODA"}),
        "seed": np.array(context.seeds),
    }
    return xr.Dataset(variables, coords=coordinates)


def _explicit_evaluations(setting: PrecisionSetting, r: int, target: xr.Dataset, context: RunContext) -> Array:
    """Evaluations of each one-at-a-time method until ``explicit_end`` times the last escape, for the first seed."""
    problem = JointFlow.build(symmetric_tensors(expansions(target)[0]))
    chart = torch.zeros(1, 1, dtype=torch.float64)
    found = np.full((len(EXPLICIT), len(setting.explicit_dimensions)), math.nan)
    for j, dimension in enumerate(setting.explicit_dimensions):
        rng = context.stream("explicit")
        start = haar_correlations([dimension], r, 1, rng)
        chosen = setting.model_copy(update={"dimensions": (dimension,), "form": "spectral"})
        piece = flow_piece(chosen, target, 0, "joint", start, "cpu")
        flow = solve(piece.problem, piece.state, piece.chart, piece.options)
        escape = float(flow.crossing_time[r - 1, 0])
        for k, method in enumerate(EXPLICIT):
            found[k, j] = _evaluations(problem, chart, start.ravel(), setting.explicit_end * escape, method)
    return found


def _evaluations(
    problem: JointFlow, chart: torch.Tensor, start: Array, end: float, method: Literal["RK45", "LSODA"]
) -> float:
    count = 0

    def velocity(_: float, flat: Array) -> Array:
        nonlocal count
        count += 1
        if count > _MOST_EVALUATIONS:
            raise _TooLong
        return np.asarray(problem.field(torch.from_numpy(flat)[:, None], chart)[:, 0].numpy())

    try:
        right: Callable[..., Any] = velocity
        solution = solve_ivp(right, (0, end), start, method=method, rtol=1e-6, atol=1e-12)
    except _TooLong:
        return math.nan
    return float(count) if solution.success else math.nan
