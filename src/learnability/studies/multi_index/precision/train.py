"""Training: both forms of the joint flow in two frames, and what a general method would cost for one start."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from learnability.flows.multi_index import TRAPPED, JointFlow, haar_correlations
from learnability.flows.solver import solve
from learnability.hermite.tensors import symmetric_tensors
from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.results.status import status_attributes
from learnability.studies.multi_index.closed_flows import flow_piece, solve_pieces
from learnability.studies.multi_index.links import expansions, link_texts
from learnability.studies.multi_index.precision.setting import PrecisionSetting
from learnability.studies.multi_index.precision.turned import turned
from learnability.studies.multi_index.settings import Form

FORMS: tuple[Form, ...] = ("correlation", "spectral")
FRAMES = ("axes of the target", "rotated")

METHODS: tuple[Literal["RK45", "LSODA"], ...] = ("RK45", "LSODA")
"""An explicit method, and a stiff one that takes one trajectory at a time."""

_MOST_EVALUATIONS = 150_000
_EXPLICIT_END = 3.0  # times the last escape
Array = NDArray[np.float64]


class _TooLong(Exception):
    """The explicit method used up its evaluations."""


def train(setting: PrecisionSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Escape times by form and frame; the frames differ by a rotation of each seed's own, which the exact times do not
    feel."""
    links = expansions(target)
    rng = context.stream("init")
    starts = [haar_correlations(setting.dimensions, e.variables, len(context.seeds), rng) for e in links]
    turns = [np.linalg.qr(rng.standard_normal((len(context.seeds), e.variables, e.variables)))[0] for e in links]
    pieces = []
    for i, link in enumerate(links):
        for form in FORMS:
            chosen = setting.model_copy(update={"form": form})
            piece = flow_piece(chosen, target, i, "joint", starts[i], context.device)
            problem, state, chart = turned(piece.problem, piece.chart, link, starts[i], turns[i])
            label = f"{piece.label}, rotated"
            pieces += [piece, replace(piece, label=label, problem=problem, state=state, chart=chart)]
    states = solve_pieces(pieces, context)
    shape = (len(links), len(FORMS), len(FRAMES), len(setting.dimensions), len(context.seeds))
    last = np.repeat([link.variables - 1 for link in links], len(FORMS) * len(FRAMES))
    times = np.stack([state.crossing_time[k].cpu().numpy() for state, k in zip(states, last, strict=True)])
    steps, status = (np.stack([getattr(s, name).cpu().numpy() for s in states]) for name in ("steps", "status"))
    dims = ("link", "form", "frame", "dimension", "seed")
    return xr.Dataset(
        {
            "escape_time": variable(dims, times.reshape(shape), "escape time of the last saddle", "flow time"),
            "steps": variable(dims, steps.reshape(shape), "attempted steps"),
            "status": xr.Variable(dims, status.reshape(shape), status_attributes({"trapped": TRAPPED})),
            "evaluations": variable(
                ("method", "explicit_dimension", "seed"),
                _explicit_evaluations(setting, links[0].variables, target, context),
                "evaluations of the right-hand side for one start, which stands at the first seed of the batch; "
                "infinite beyond the limit, NaN at the other seeds",
            ),
        },
        coords={
            "link": names("link", link_texts(target), "link"),
            "form": names("form", FORMS, "form of the flow"),
            "frame": names("frame", FRAMES, "frame"),
            "dimension": variable("dimension", np.array(setting.dimensions), "dimension d of the data"),
            "explicit_dimension": variable(
                "explicit_dimension", np.array(setting.explicit_dimensions, dtype=np.int64), "dimension d of the data"
            ),
            "method": names("method", METHODS, "general method"),
        },
    )


def _explicit_evaluations(setting: PrecisionSetting, r: int, target: xr.Dataset, context: RunContext) -> Array:
    """Evaluations of each one-at-a-time method until well after the last escape: shape (method, dimension,
    seed), for one start a batch."""
    problem = JointFlow.build(symmetric_tensors(expansions(target)[0]))
    chart = torch.zeros(1, 1, dtype=torch.float64)
    found = np.full((len(METHODS), len(setting.explicit_dimensions), len(context.seeds)), math.nan)
    for j, dimension in enumerate(setting.explicit_dimensions):
        start = haar_correlations([dimension], r, 1, context.stream("explicit"))
        chosen = setting.model_copy(update={"dimensions": (dimension,), "form": "spectral"})
        piece = flow_piece(chosen, target, 0, "joint", start, "cpu")
        flow = solve(piece.problem, piece.state, piece.chart, piece.options)
        end = _EXPLICIT_END * float(flow.crossing_time[r - 1, 0])
        for k, method in enumerate(METHODS):
            found[k, j, 0] = _evaluations(problem, chart, start.ravel(), end, method)
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
        return math.inf
    return float(count) if solution.success else math.inf
