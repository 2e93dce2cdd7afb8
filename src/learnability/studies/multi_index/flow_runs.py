"""Runs of the closed flows: every link and flow of a setting, all its dimensions and seeds in one batch."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from learnability.flows.multi_index import TRAPPED, JointFlow, PlantedFlow, trap_speed
from learnability.flows.haar_start import haar_correlations
from learnability.flows.multi_index_spectral import SpectralFlow, trap_rate
from learnability.results.status import status_attributes
from learnability.flows.solver import FlowState, Problem, SolverOptions, solve
from learnability.hermite.tensors import symmetric_tensors
from learnability.results.contract import RunContext
from learnability.studies.multi_index.flows import FLOWS
from learnability.studies.multi_index.settings import (
    EscapeSetting,
    FlowSetting,
    Form,
    LandscapeSetting,
    TrajectorySetting,
)
from learnability.studies.multi_index.targets import expansions, leap_exponents, link_texts

ESCAPED = math.sqrt(0.5)
"""A direction has escaped its saddle when its cosine exceeds this: half of its energy is learned."""

CORRELATION_FORM_LIMIT = 1e7
"""``d^(s-1)`` up to which the joint flow is solved in M: beyond, rounding in I - G reaches the solver's tolerance."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Piece:
    """One problem to solve: a link, a flow, its starts."""

    label: str
    problem: Problem
    state: torch.Tensor
    chart: torch.Tensor
    options: SolverOptions


def chosen_form(form: Form, r: int, exponents: Sequence[int], dimensions: Sequence[int]) -> Form:
    """The form of the joint flow: spectral where the form in M loses precision or r = 1, else in M, which is faster."""
    if form != "auto":
        return form
    hardest = float(max(dimensions)) ** (max(exponents) - 1)
    return "spectral" if r == 1 or hardest > CORRELATION_FORM_LIMIT else "correlation"


def flow_piece(
    setting: FlowSetting,
    target: xr.Dataset,
    link: int,
    flow: Literal["joint", "planted"],
    starts: Array,
    device: str,
    save_times: tuple[float, ...] = (),
) -> Piece:
    """The problem of one link and flow with starts M (dimension, sample, r, r)."""
    tensors = symmetric_tensors(expansions(target)[link])
    exponents = leap_exponents(target, link)
    r = starts.shape[-1]
    correlations = starts.reshape(-1, r, r)
    dimensions = np.repeat(np.array(setting.dimensions), starts.shape[1])
    options = SolverOptions(
        relative_tolerance=setting.relative_tolerance,
        max_steps=setting.max_steps,
        levels=(*(ESCAPED,) * r, math.nan),
        save_times=save_times,
    )
    label = f"{flow} flow of {link_texts(target)[link]}"
    if flow == "joint" and chosen_form(setting.form, r, exponents, setting.dimensions) == "spectral":
        spectral = SpectralFlow.build(tensors, device)
        return Piece(label, spectral, *spectral.start(correlations, trap_rate(dimensions, max(exponents))), options)
    state = torch.from_numpy(np.ascontiguousarray(correlations.transpose(1, 2, 0)).reshape(r * r, -1)).to(device)
    if flow == "joint":
        threshold = trap_speed(dimensions, 2 * max(exponents) - 1)
        problem: Problem = JointFlow.build(tensors, device)
    else:
        threshold = trap_speed(dimensions, min(tensors) - 1)
        problem = PlantedFlow.build(tensors, device)
    return Piece(label, problem, state, torch.from_numpy(threshold).to(device)[None], options)


def solve_pieces(pieces: Sequence[Piece], context: RunContext) -> list[FlowState]:
    """Solve one piece after the other, with progress; a checkpoint holds the solved ones and the one in progress."""
    stored = context.checkpoint.load() or {}
    solved: dict[str, NDArray[np.generic]] = {k: v for k, v in stored.items() if k.startswith("solved")}
    results: list[FlowState] = []
    for number, piece in enumerate(pieces):
        prefix = f"solved{number}/"
        if f"{prefix}status" in solved:
            results.append(FlowState.from_arrays(_without(prefix, solved), context.device))
            continue

        monitor = _monitor(context, piece.label, number, len(pieces), dict(solved))
        resume = None
        if f"open{number}/status" in stored:
            resume = FlowState.from_arrays(_without(f"open{number}/", stored), context.device)
        flow = solve(piece.problem, piece.state, piece.chart, piece.options, monitor, resume)
        solved |= _with(prefix, flow)
        results.append(flow)
    return results


def _monitor(
    context: RunContext, label: str, number: int, total: int, solved: dict[str, NDArray[np.generic]]
) -> Callable[[FlowState], None]:
    def monitor(flow: FlowState) -> None:
        context.progress(number + flow.fraction_done, total, label)
        if context.checkpoint.due():
            context.checkpoint.save({**solved, **_with(f"open{number}/", flow)})

    return monitor


def _with(prefix: str, flow: FlowState) -> dict[str, NDArray[np.generic]]:
    return {prefix + name: value for name, value in flow.to_arrays().items()}


def _without(prefix: str, arrays: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}


_VARIABLES = {
    "escape_time": ("time at which the cosine exceeds sqrt(1/2); NaN when it never does", "flow time"),
    "cosine": ("cosine of the principal angle at the end", "1"),
    "loss": ("loss at the end as a fraction of that of the zero predictor", "1"),
    "end_time": ("time at which the run ended", "flow time"),
    "steps": ("attempted steps", "1"),
    "largest_fall": ("largest fall of a cosine in one step", "1"),
}


def train_flows(
    setting: EscapeSetting | LandscapeSetting | TrajectorySetting, target: xr.Dataset, context: RunContext
) -> xr.Dataset:
    """Solve every link and flow of a setting from starts that its flows share.

    Dimensions of the result: link, flow, dimension, angle, seed (and time where trajectories are saved); angles beyond
    a link's number of variables are NaN.
    """
    flows = _flows(setting)
    times = save_times(setting)
    rng = context.stream("init")
    variables = target["num_variables"].values.tolist()
    starts = [haar_correlations(setting.dimensions, r, len(context.seeds), rng) for r in variables]
    keys = [(i, flow) for i in range(len(variables)) for flow in flows]
    pieces = [flow_piece(setting, target, i, flow, starts[i], context.device, times) for i, flow in keys]
    states = solve_pieces(pieces, context)
    shape = (len(variables), len(flows), len(setting.dimensions), max(variables), len(context.seeds))
    arrays = _gather(states, variables, shape)
    dims = ("link", "flow", "dimension", "angle", "seed")
    flat = ("link", "flow", "dimension", "seed")
    data = {
        name: (
            dims if values.ndim == 5 else flat,
            values,
            {"long_name": _VARIABLES[name][0], "units": _VARIABLES[name][1]},
        )
        for name, values in arrays.items()
        if name in _VARIABLES
    }
    data["status"] = (flat, arrays["status"].astype(np.int8), status_attributes({"trapped": TRAPPED}))
    result = xr.Dataset(data, coords=_coordinates(setting, flows, len(variables), context.seeds))
    return _with_trajectories(result, states, shape, times) if times else result


def save_times(setting: FlowSetting) -> tuple[float, ...]:
    """The logarithmic grid of a trajectory setting; empty for the others."""
    if not isinstance(setting, TrajectorySetting):
        return ()
    return tuple(np.geomspace(setting.first_time, setting.last_time, setting.save_times).tolist())


def _flows(setting: FlowSetting) -> tuple[Literal["joint", "planted"], ...]:
    if isinstance(setting, EscapeSetting):
        return (setting.flow,)
    return setting.flows if isinstance(setting, LandscapeSetting) else ("joint",)


def _coordinates(
    setting: FlowSetting, flows: Sequence[str], links: int, seeds: range
) -> dict[str, tuple[str, NDArray[np.generic], dict[str, str]]]:
    codes = np.array([FLOWS.index(flow) for flow in flows], dtype=np.int64)
    return {
        "link": ("link", np.arange(links), {"units": "1", "long_name": "link"}),
        "flow": ("flow", codes, {"units": "1", "long_name": "flow: 0 joint, 1 planted"}),
        "dimension": (
            "dimension",
            np.array(setting.dimensions),
            {"units": "1", "long_name": "dimension d of the data"},
        ),
        "seed": ("seed", np.array(seeds), {"units": "1", "long_name": "seed"}),
    }


def _gather(states: list[FlowState], variables: list[int], shape: tuple[int, ...]) -> dict[str, Array]:
    """Results of all pieces in arrays over (link, flow, dimension[, angle], seed)."""
    links, flows, dimensions, _, seeds = shape
    angular = {name: np.full(shape, math.nan) for name in ("escape_time", "cosine")}
    plain = {
        name: np.full((links, flows, dimensions, seeds), math.nan) for name in ("loss", "end_time", "largest_fall")
    }
    whole = {name: np.zeros((links, flows, dimensions, seeds), dtype=np.int64) for name in ("steps", "status")}
    for number, flow in enumerate(states):
        place, r = divmod(number, flows), variables[number // flows]
        grid = (dimensions, seeds)
        final = flow.final_observed.cpu().numpy()
        crossing = flow.crossing_time[:r].cpu().numpy().reshape(r, *grid)
        angular["escape_time"][place][:, :r] = crossing.swapaxes(0, 1)
        angular["cosine"][place][:, :r] = final[:r].reshape(r, *grid).swapaxes(0, 1)
        plain["loss"][place] = final[r].reshape(grid)
        plain["end_time"][place] = flow.final_time.cpu().numpy().reshape(grid)
        plain["largest_fall"][place] = flow.largest_fall[:r].amax(dim=0).cpu().numpy().reshape(grid)
        whole["steps"][place] = flow.steps.cpu().numpy().reshape(grid)
        whole["status"][place] = flow.status.cpu().numpy().reshape(grid)
    return {**angular, **plain, **whole}


def _with_trajectories(
    result: xr.Dataset, states: list[FlowState], shape: tuple[int, ...], times: tuple[float, ...]
) -> xr.Dataset:
    links, _, dimensions, angles, seeds = shape
    cosines = np.full((links, dimensions, angles, len(times), seeds), math.nan)
    losses = np.full((links, dimensions, len(times), seeds), math.nan)
    for link, flow in enumerate(states):
        saved = flow.saved.cpu().numpy()
        r = saved.shape[1] - 1
        grid = saved.reshape(len(times), r + 1, dimensions, seeds)
        cosines[link, :, :r] = grid[:, :r].transpose(2, 1, 0, 3)
        losses[link] = grid[:, r].swapaxes(0, 1)
    time = ("time", np.array(times), {"units": "flow time", "long_name": "time"})
    return result.assign_coords(time=time).assign(
        cosine_path=(
            ("link", "dimension", "angle", "time", "seed"),
            cosines,
            {"long_name": "cosine of the principal angle", "units": "1"},
        ),
        loss_path=(
            ("link", "dimension", "time", "seed"),
            losses,
            {"long_name": "loss as a fraction of that of the zero predictor", "units": "1"},
        ),
    )
