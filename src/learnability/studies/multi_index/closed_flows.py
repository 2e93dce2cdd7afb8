"""The closed flows of a setting: every link and flow, all seeds and the dimensions of one form in one batch."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from learnability.flows.closed import ESCAPED, chosen_form, closed_problem, hard_problem, hard_starts, put_in_place
from learnability.flows.multi_index import TRAPPED, haar_correlations
from learnability.flows.solver import FlowState, Problem, SolverOptions, solve
from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.results.status import status_attributes
from learnability.studies.multi_index.links import expansions, leap_exponents, link_texts
from learnability.studies.multi_index.settings import Flow, FlowSetting, Form

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Piece:
    """One batch to solve: a link, a flow, and its starts at some dimensions.

    The starts at the places ``hard`` are solved again, in ``again``, in a form that resolves them.
    """

    label: str
    problem: Problem
    state: torch.Tensor
    chart: torch.Tensor
    options: SolverOptions
    hard: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    again: "Piece | None" = None


def batches_by_form(form: Form, r: int, exponents: Sequence[int], dimensions: Sequence[int]) -> list[list[int]]:
    """Places in ``dimensions`` by the form that is chosen at each of them alone, one list for each form in use."""
    batches: dict[Form, list[int]] = {}
    for place, dimension in enumerate(dimensions):
        batches.setdefault(chosen_form(form, r, exponents, [dimension]), []).append(place)
    return list(batches.values())


def flow_piece(
    setting: FlowSetting,
    target: xr.Dataset,
    link: int,
    flow: Flow,
    starts: Array,
    device: str,
    save_times: tuple[float, ...] = (),
) -> Piece:
    """The problem of one link and flow with starts M (dimension, sample, r, r) at the dimensions of the setting."""
    options = SolverOptions(
        relative_tolerance=setting.relative_tolerance,
        max_steps=setting.max_steps,
        levels=(*(ESCAPED,) * starts.shape[-1], math.nan),
        save_times=save_times,
    )
    label, expansion = f"{flow} flow of {link_texts(target)[link]}", expansions(target)[link]
    exponents, dimensions = leap_exponents(target, link), setting.dimensions
    piece = Piece(label, *closed_problem(expansion, exponents, flow, starts, dimensions, setting.form, device), options)
    hard = hard_starts(exponents, starts, dimensions, setting.form) if flow == "joint" else piece.hard
    if not hard.size:
        return piece
    problem = hard_problem(expansion, exponents, starts, dimensions, hard, device)
    return replace(piece, hard=hard, again=Piece(f"{label}, hard starts", *problem, options))


def solve_pieces(pieces: Sequence[Piece], context: RunContext) -> list[FlowState]:
    """Solve one piece after the other, with progress; a checkpoint holds the solved ones and the one in progress."""
    stored = context.checkpoint.load() or {}
    solved: dict[str, NDArray[np.generic]] = {k: v for k, v in stored.items() if k.startswith("solved")}
    results: list[FlowState] = []
    queue = [one for piece in pieces for one in (piece, piece.again) if one is not None]
    for number, piece in enumerate(queue):
        prefix = f"solved{number}/"
        if f"{prefix}status" in solved:
            results.append(FlowState.from_arrays(_without(prefix, solved), context.device))
            continue

        monitor = _monitor(context, piece.label, number, len(queue), dict(solved))
        resume = None
        if f"open{number}/status" in stored:
            resume = FlowState.from_arrays(_without(f"open{number}/", stored), context.device)
        flow = solve(piece.problem, piece.state, piece.chart, piece.options, monitor, resume)
        solved |= _with(prefix, flow)
        results.append(flow)
    return _merged(pieces, results)


def _merged(pieces: Sequence[Piece], results: Sequence[FlowState]) -> list[FlowState]:
    """One solution for each piece: that of its hard starts in place of what its own form made of them."""
    rest, merged = iter(results), []
    for piece in pieces:
        flow = next(rest)
        if piece.again is not None:
            put_in_place(flow, next(rest), piece.hard)
        merged.append(flow)
    return merged


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
    "largest_fall": ("largest fall of a cosine in one step", "1"),
    "steps": ("attempted steps", "1"),
}


Place = tuple[int, int, list[int]]
"""Where the solution of a piece stands in the result: its link, its flow, and its dimensions."""


def solve_links(
    setting: FlowSetting,
    target: xr.Dataset,
    context: RunContext,
    flows: Sequence[Flow],
    form_by_dimension: bool = False,
    save_times: tuple[float, ...] = (),
) -> xr.Dataset:
    """Solve every link and flow of a setting from starts that its flows and dimensions share.

    The starts of a dimension do not depend on the others. The form of the joint flow is that of the largest dimension
    or, with ``form_by_dimension``, chosen at each: then nothing that a dimension gives depends on the others, up to
    the rounding of another batch. Dimensions of the result: link, flow, dimension, angle, seed; angles beyond a link's
    number of variables are NaN. With ``save_times`` there is one flow, and its paths have the dimension time.
    """
    rng = context.stream("init")
    variables = target["num_variables"].values.tolist()
    starts = [haar_correlations(setting.dimensions, r, len(context.seeds), rng) for r in variables]
    together = [list(range(len(setting.dimensions)))]
    places: list[Place] = []
    pieces = []
    for i, r in enumerate(variables):
        split = batches_by_form(setting.form, r, leap_exponents(target, i), setting.dimensions)
        for j, flow in enumerate(flows):
            for batch in split if form_by_dimension and flow == "joint" else together:
                part = setting.model_copy(update={"dimensions": tuple(setting.dimensions[k] for k in batch)})
                places.append((i, j, batch))
                pieces.append(flow_piece(part, target, i, flow, starts[i][batch], context.device, save_times))
    states = solve_pieces(pieces, context)
    shape = (len(variables), len(flows), len(setting.dimensions), max(variables), len(context.seeds))
    dims = ("link", "flow", "dimension", "angle", "seed")
    flat = ("link", "flow", "dimension", "seed")
    arrays = _gather(places, states, shape)
    data = {
        name: variable(dims if arrays[name].ndim == 5 else flat, arrays[name], *meaning)
        for name, meaning in _VARIABLES.items()
    }
    data["status"] = xr.Variable(flat, arrays["status"].astype(np.int8), status_attributes({"trapped": TRAPPED}))
    coordinates = {
        "link": names("link", link_texts(target), "link"),
        "flow": names("flow", flows, "flow: the link refitted instantly (joint), or known and fixed (planted)"),
        "dimension": variable("dimension", np.array(setting.dimensions), "dimension d of the data"),
    }
    result = xr.Dataset(data, coords=coordinates)
    return _with_paths(result, places, states, shape, save_times) if save_times else result


def _gather(places: Sequence[Place], states: Sequence[FlowState], shape: tuple[int, ...]) -> dict[str, Array]:
    """Results of all pieces in arrays over (link, flow, dimension[, angle], seed)."""
    flat = (*shape[:3], shape[4])
    found = {name: np.full(shape, math.nan) for name in ("escape_time", "cosine")}
    found |= {name: np.full(flat, math.nan) for name in ("loss", "end_time", "largest_fall")}
    found |= {name: np.zeros(flat, dtype=np.int64) for name in ("steps", "status")}
    for (link, place, batch), flow in zip(places, states, strict=True):
        grid = (len(batch), shape[4])
        final = flow.final_observed.cpu().numpy()
        r = len(final) - 1
        angular = {"escape_time": flow.crossing_time[:r].cpu().numpy(), "cosine": final[:r]}
        plain = {
            "loss": final[r],
            "end_time": flow.final_time.cpu().numpy(),
            "largest_fall": flow.largest_fall[:r].amax(dim=0).cpu().numpy(),
            "steps": flow.steps.cpu().numpy(),
            "status": flow.status.cpu().numpy(),
        }
        for name, values in angular.items():
            found[name][link, place, batch, :r] = values.reshape(r, *grid).swapaxes(0, 1)
        for name, values in plain.items():
            found[name][link, place, batch] = values.reshape(grid)
    return found


def _with_paths(
    result: xr.Dataset,
    places: Sequence[Place],
    states: Sequence[FlowState],
    shape: tuple[int, ...],
    times: tuple[float, ...],
) -> xr.Dataset:
    links, _, dimensions, angles, seeds = shape
    cosines = np.full((links, dimensions, angles, len(times), seeds), math.nan)
    losses = np.full((links, dimensions, len(times), seeds), math.nan)
    for (link, _, batch), flow in zip(places, states, strict=True):
        saved = flow.saved.cpu().numpy()
        r = saved.shape[1] - 1
        grid = saved.reshape(len(times), r + 1, len(batch), seeds)
        cosines[link, batch, :r] = grid[:, :r].transpose(2, 1, 0, 3)
        losses[link, batch] = grid[:, r].swapaxes(0, 1)
    path = ("time", "seed")
    return result.assign_coords(time=variable("time", np.array(times), "time", "flow time")).assign(
        cosine_path=variable(("link", "dimension", "angle", *path), cosines, "cosine of the principal angle"),
        loss_path=variable(("link", "dimension", *path), losses, "loss as a fraction of that of the zero predictor"),
    )
