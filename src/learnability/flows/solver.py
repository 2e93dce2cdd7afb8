"""Solves many stiff autonomous systems at once: one Rosenbrock step for all samples, each with a step size of its own.

The sample axis is last. Nothing here depends on the dimension of the data. Time is accumulated outside the right-hand
side, in two numbers, so that a phase of unit length after a plateau of 1e17 is still resolved.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learnability.flows.rosenbrock import RODAS4, Tableau, combine, constant_row, step_stages
from learnability.results.status import Status

RUNNING = -1
_MOST_FAILURES = 60  # consecutive rejections; each divides the step by five
_RESOLVE_AT = 1024  # crossings waiting to be located


class Problem(Protocol):
    """An autonomous flow in coordinates y (n, sample) of a chart (c, sample), which is constant during a step.

    ``logarithmic`` coordinates have their absolute error controlled by the relative tolerance.
    """

    @property
    def logarithmic(self) -> bool: ...

    def field(self, state: Tensor, chart: Tensor) -> Tensor:
        """dy/dt, shape (n, sample)."""

    def linearise(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        """dy/dt and its Jacobian (n, n, sample)."""

    def settle(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        """The same points in the best coordinates; called after every step."""

    def observe(self, state: Tensor, chart: Tensor) -> Tensor:
        """What is watched and saved, shape (observable, sample)."""

    def outcome(self, state: Tensor, chart: Tensor, observed: Tensor, speed: Tensor) -> Tensor:
        """Codes of how runs ended, :data:`RUNNING` for those that go on; ``speed`` is dy/dt. Shape (sample,), int8."""


@dataclass(frozen=True)
class SolverOptions:
    """``levels[i]`` is the value whose first upward crossing by observable i is timed (NaN for none);
    ``save_times`` are the times, rising, at which observables are saved."""

    relative_tolerance: float = 1e-6
    absolute_tolerance: float = 1e-12
    end_time: float = 1e300
    max_steps: int = 20_000
    levels: tuple[float, ...] = ()
    save_times: tuple[float, ...] = ()
    tableau: Tableau = RODAS4


@dataclass
class FlowState:
    """Everything of a solution in progress. The first block holds the active samples (``index`` says which), the
    second the results of all; ``waiting`` are crossings found but not yet located within their step."""

    state: Tensor
    chart: Tensor
    observed: Tensor
    time: Tensor
    time_rest: Tensor
    step: Tensor
    index: Tensor
    failures: Tensor
    counts: Tensor

    final_state: Tensor
    final_chart: Tensor
    final_observed: Tensor
    final_time: Tensor
    status: Tensor
    steps: Tensor
    crossing_time: Tensor
    saved: Tensor
    largest_fall: Tensor
    waiting: Tensor = field(default_factory=lambda: torch.empty(0))

    @property
    def finished(self) -> bool:
        """Whether every sample has ended."""
        return self.index.numel() == 0

    @property
    def fraction_done(self) -> float:
        """The fraction of samples that have ended."""
        return 1 - self.index.numel() / max(1, self.status.numel())

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """The state as numpy arrays, for a checkpoint."""
        return {f.name: getattr(self, f.name).cpu().numpy() for f in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], device: str) -> "FlowState":
        """The inverse of :meth:`to_arrays`; continuing from it gives the same bytes."""
        return cls(**{f.name: torch.from_numpy(np.array(arrays[f.name])).to(device) for f in fields(cls)})


def start(problem: Problem, state: Tensor, chart: Tensor, options: SolverOptions) -> FlowState:
    """The state of a solution at time zero. ``state`` (n, sample) and ``chart`` (c, sample) are float64."""
    state, chart = problem.settle(state, chart)
    observed = problem.observe(state, chart)
    speed = problem.field(state, chart).abs().amax(dim=0)
    size = 1.0 if problem.logarithmic else state.abs().amax(dim=0).clamp(min=options.absolute_tolerance)
    samples = state.shape[1]
    zero = torch.zeros(samples, dtype=state.dtype, device=state.device)
    whole = torch.zeros(samples, dtype=torch.int64, device=state.device)
    missing = torch.full_like(observed, math.nan)
    return FlowState(
        state=state,
        chart=chart,
        observed=observed,
        time=zero,
        time_rest=zero.clone(),
        step=(1e-2 * size / speed.clamp(min=1e-280)).clamp(max=1e280),
        index=torch.arange(samples, device=state.device),
        failures=whole,
        counts=whole.clone(),
        final_state=state.clone(),
        final_chart=chart.clone(),
        final_observed=observed.clone(),
        final_time=zero.clone(),
        status=torch.full((samples,), RUNNING, dtype=torch.int8, device=state.device),
        steps=whole.clone(),
        crossing_time=torch.where(observed >= _levels(options, observed), 0.0, missing),
        saved=missing.expand(len(options.save_times), *missing.shape).clone(),
        largest_fall=torch.zeros_like(observed),
        waiting=torch.empty((0, 0), dtype=state.dtype, device=state.device),
    )


def solve(
    problem: Problem,
    state: Tensor,
    chart: Tensor,
    options: SolverOptions,
    monitor: Callable[[FlowState], None] | None = None,
    resume: FlowState | None = None,
) -> FlowState:
    """Advance until every sample has ended. ``monitor`` sees the state after every step (progress, checkpoints)."""
    flow = resume if resume is not None else start(problem, state, chart, options)
    while not flow.finished:
        advance(problem, options, flow)
        if monitor is not None:
            monitor(flow)
    _locate_crossings(problem, options, flow)
    return flow


def advance(problem: Problem, options: SolverOptions, flow: FlowState) -> None:
    """Write down the samples that have ended, then one attempted step of every other one; in place."""
    value, jacobian = problem.linearise(flow.state, flow.chart)
    stay = _retire(problem, options, flow, value)
    if stay is not None:
        value, jacobian = value.index_select(-1, stay), jacobian.index_select(-1, stay)
        if flow.finished:
            return
    state, chart = flow.state, flow.chart
    step = torch.minimum(flow.step, options.end_time - flow.time)
    stages = step_stages(options.tableau, lambda y: problem.field(y, chart), state, value, jacobian, step)
    proposed = state + combine(options.tableau.weights, stages)
    error = _error(problem, options, state, proposed, combine(options.tableau.error, stages))
    accepted = error <= 1
    growth = (0.9 * error ** (-1 / options.tableau.order)).clamp(0.2, 6.0)
    new_state, new_chart = problem.settle(torch.where(accepted, proposed, state), chart)
    observed = problem.observe(new_state, new_chart)
    observed = torch.where(accepted, observed, flow.observed)
    _note_crossings(problem, options, flow, stages, step, observed)
    if options.save_times:
        _save(problem, options, flow, stages, step, accepted)
    _move_time(flow, torch.where(accepted, step, 0.0))
    index = flow.index
    fall = torch.maximum(flow.largest_fall[:, index], flow.observed - observed)
    flow.largest_fall[:, index] = fall
    flow.state, flow.chart, flow.observed = new_state, new_chart, observed
    # A step cut short by the end time says nothing about the step size; that sample ends here if it is accepted.
    flow.step = step * growth
    flow.failures = torch.where(accepted, 0, flow.failures + 1)
    flow.counts = flow.counts + 1


def _error(problem: Problem, options: SolverOptions, before: Tensor, after: Tensor, error: Tensor) -> Tensor:
    if problem.logarithmic:
        scaled = error / options.relative_tolerance
    else:
        size = torch.maximum(before.abs(), after.abs())
        scaled = error / (options.absolute_tolerance + options.relative_tolerance * size)
    norm = scaled.square().mean(dim=0).sqrt()
    return torch.where(norm.isfinite(), norm, 1e6).clamp(min=1e-8)


def _levels(options: SolverOptions, observed: Tensor) -> Tensor:
    return constant_row(options.levels or (math.nan,) * observed.shape[0], observed.dtype, observed.device)[:, None]


def _move_time(flow: FlowState, step: Tensor) -> None:
    """Two-sum: ``time + time_rest`` carries twice the digits."""
    total = flow.time + step
    back = total - flow.time
    flow.time_rest = flow.time_rest + ((flow.time - (total - back)) + (step - back))
    flow.time = total


def _interpolation(tableau: Tableau, stages: Tensor) -> Tensor:
    """Coefficients (3, n, sample) of theta, theta (1 - theta), theta^2 (1 - theta) in the continuous solution."""
    rows = torch.tensor([tableau.weights, *tableau.dense], dtype=stages.dtype, device=stages.device)
    return (rows @ stages.view(stages.shape[0], -1)).view(3, *stages.shape[1:])


def _interpolated(state: Tensor, coefficients: Tensor, theta: Tensor) -> Tensor:
    first, second, third = coefficients
    return state + theta * (first + (1 - theta) * (second + theta * third))


def _note_crossings(
    problem: Problem, options: SolverOptions, flow: FlowState, stages: Tensor, step: Tensor, observed: Tensor
) -> None:
    if not options.levels:
        return
    levels = _levels(options, observed)
    fresh = (flow.observed < levels) & (observed >= levels) & flow.crossing_time[:, flow.index].isnan()
    which, sample = fresh.nonzero(as_tuple=True)
    if not len(which):
        return
    dense = _interpolation(options.tableau, stages[:, :, sample])
    numbers = torch.stack([which, flow.index[sample]]).to(step.dtype)
    times = torch.stack([flow.time[sample], flow.time_rest[sample], step[sample]])
    rows = [numbers, times, flow.state[:, sample], dense.flatten(0, 1), flow.chart[:, sample]]
    found = torch.cat(rows)
    flow.crossing_time[which, flow.index[sample]] = math.inf  # claimed; the place within the step comes later
    flow.waiting = torch.cat([flow.waiting, found], dim=1) if flow.waiting.numel() else found
    if flow.waiting.shape[1] >= _RESOLVE_AT:
        _locate_crossings(problem, options, flow)


def _locate_crossings(problem: Problem, options: SolverOptions, flow: FlowState, bisections: int = 40) -> None:
    """Bisection on the continuous solution, for all waiting crossings together."""
    if not flow.waiting.numel():
        return
    n = flow.final_state.shape[0]
    which, sample = flow.waiting[:2].long()
    time, rest, step = flow.waiting[2:5]
    state, dense, chart = flow.waiting[5:].split([n, 3 * n, flow.final_chart.shape[0]])
    coefficients = dense.reshape(3, n, -1)
    level = _levels(options, flow.final_observed)[which, 0]
    low, high = torch.zeros_like(step), torch.ones_like(step)
    place = torch.arange(len(which), device=step.device)
    for _ in range(bisections):
        middle = (low + high) / 2
        above = problem.observe(_interpolated(state, coefficients, middle), chart)[which, place] >= level
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    flow.crossing_time[which, sample] = time + (rest + high * step)
    flow.waiting = flow.waiting[:, :0]


def _save(
    problem: Problem, options: SolverOptions, flow: FlowState, stages: Tensor, step: Tensor, accepted: Tensor
) -> None:
    """Observables at the save times inside this step, from the continuous solution."""
    grid = torch.tensor(options.save_times, dtype=step.dtype, device=step.device)
    first = torch.searchsorted(grid, flow.time, right=True)
    first = torch.where(flow.time == 0, 0, first)
    beyond = torch.where(accepted, torch.searchsorted(grid, flow.time + step, right=True), first)
    number = (beyond - first).clamp(min=0)
    if not int(number.sum()):
        return
    sample = torch.repeat_interleave(torch.arange(len(number), device=step.device), number)
    offset = torch.arange(len(sample), device=step.device) - (number.cumsum(0) - number)[sample]
    place = first[sample] + offset
    theta = (((grid[place] - flow.time[sample]) - flow.time_rest[sample]) / step[sample]).clamp(0, 1)
    dense = _interpolation(options.tableau, stages[:, :, sample])
    state = _interpolated(flow.state[:, sample], dense, theta)
    flow.saved[place, :, flow.index[sample]] = problem.observe(state, flow.chart[:, sample]).T


def _retire(problem: Problem, options: SolverOptions, flow: FlowState, speed: Tensor) -> Tensor | None:
    """Write down the samples that have ended and drop them; the places of the others, if any ended."""
    code = problem.outcome(flow.state, flow.chart, flow.observed, speed)
    over = flow.time >= options.end_time
    code = torch.where((code == RUNNING) & over, int(Status.REACHED_END), code)
    code = torch.where((code == RUNNING) & (flow.counts >= options.max_steps), int(Status.MAX_STEPS), code)
    broken = (flow.failures >= _MOST_FAILURES) | ~flow.state.isfinite().all(dim=0)
    code = torch.where(broken, int(Status.DIVERGED), code).to(torch.int8)
    ended = code != RUNNING
    if not bool(ended.any()):
        return None
    gone = flow.index[ended]
    flow.final_state[:, gone] = flow.state[:, ended]
    flow.final_chart[:, gone] = flow.chart[:, ended]
    flow.final_observed[:, gone] = flow.observed[:, ended]
    flow.final_time[gone] = flow.time[ended]
    flow.status[gone] = code[ended]
    flow.steps[gone] = flow.counts[ended]
    if options.save_times:
        _hold_last(options, flow, ended)
    stay = (~ended).nonzero()[:, 0]
    for name in ("state", "chart", "observed", "time", "time_rest", "step", "index", "failures", "counts"):
        setattr(flow, name, getattr(flow, name).index_select(-1, stay))
    return stay


def _hold_last(options: SolverOptions, flow: FlowState, ended: Tensor) -> None:
    """After convergence the observables keep their last value; after any other end they stay missing."""
    done = ended & (flow.status[flow.index] == int(Status.CONVERGED))
    grid = torch.tensor(options.save_times, dtype=flow.time.dtype, device=flow.time.device)
    for sample in done.nonzero()[:, 0].tolist():
        later = grid > flow.time[sample]
        flow.saved[later, :, flow.index[sample]] = flow.observed[:, sample]
