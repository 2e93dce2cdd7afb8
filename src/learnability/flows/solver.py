"""One solver for many flows at once, each sample with a step size of its own. Time is flow time.

Two loops share their tables, error norm, step control, statuses and checkpoints:

:func:`solve`
    Stiff autonomous flows of a few coordinates, by a Rosenbrock method. The sample axis is last, so every operation is
    a vector operation over samples. Times of crossings are located. Time is accumulated outside the right-hand side,
    in two numbers, so that a phase of unit length after a plateau of 1e17 is still resolved.

:func:`integrate`
    Flows of many coordinates that descend a potential, by an explicit pair. The sample axis is first, as the batched
    matrix products of the right-hand side have it. It returns the potential beside the slope, so the loss at every
    step end costs nothing and its monotonicity along the flow is checked on the way.

Steps do not stop at the times of observation: there the state comes from the continuous extension of the table.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learnability.flows.small_matrices import inverse
from learnability.flows.tableaux import DORMAND_PRINCE, RODAS4, Row, Tableau, lower_triangle
from learnability.results.contract import Checkpoint
from learnability.results.status import Status

RUNNING = -1
MOST_FAILURES = 60  # consecutive rejections; each divides the step by five
_RESOLVE_AT = 1024  # crossings waiting to be located
LARGEST_GROWTH = 6.0
LEAST_ERROR = 1e-2  # an error far below the tolerance says nothing about a trend
_OF_ACTIVE = (
    "state",
    "chart",
    "observed",
    "time",
    "time_rest",
    "step",
    "last_step",
    "last_error",
    "index",
    "failures",
    "counts",
)


class Resumable:
    """A dataclass of tensors: everything of a solution in progress."""

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """The tensors as numpy arrays, for a checkpoint."""
        return {name: value.cpu().numpy() for name, value in vars(self).items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], device: torch.device | str) -> Self:
        """The inverse of :meth:`to_arrays`; continuing from it gives the same bytes."""
        return cls(**{name: torch.from_numpy(np.array(value)).to(device) for name, value in arrays.items()})


def _scaled(error: Tensor, before: Tensor, after: Tensor, relative: float, absolute: float) -> Tensor:
    """The local error in units of what is tolerated."""
    return error / (absolute + relative * torch.maximum(before.abs(), after.abs()))


def _norm(mean_square: Tensor, finite: Tensor | None = None) -> Tensor:
    """The r.m.s. error of each sample; a step with an error above 1 is rejected, one that is not finite in any case."""
    norm = mean_square.sqrt()
    usable = norm.isfinite() if finite is None else norm.isfinite() & finite
    return torch.where(usable, norm, 1e6).clamp(min=1e-10)


def _growth(error: Tensor, order: int, largest: float) -> Tensor:
    """By what the step size is multiplied after a step with this error."""
    return (0.9 * error ** (-1 / order)).clamp(0.2, largest)


def _predicted_growth(flow: "FlowState", step: Tensor, error: Tensor, accepted: Tensor, order: int) -> Tensor:
    """:func:`_growth`, less where errors have been growing: they go on to do so, and the next step would be rejected.

    With h and e the last accepted step and its error, the step size is multiplied by no more than
    ``0.9 (h_n / h_{n-1}) (e_{n-1} / e_n^2)^(1/order)`` (Gustafsson 1994; Hairer and Wanner II, equation IV.8.25).
    Directions leave a saddle faster and faster, so without it two steps in five are rejected at a tolerance of 1e-4.
    """
    growth = _growth(error, order, LARGEST_GROWTH)
    trend = 0.9 * (step / flow.last_step) * (flow.last_error / error.square()) ** (1 / order)
    known = accepted & (flow.last_step > 0)
    return torch.where(known, torch.minimum(growth, trend.clamp(0.2, LARGEST_GROWTH)), growth)


def step_stages(
    tableau: Tableau,
    field: Callable[[Tensor], Tensor],
    state: Tensor,
    value: Tensor,
    jacobian: Tensor,
    step: Tensor,
) -> Tensor:
    """The stages U of one step, shape (stage, n, sample), each sample with a step size of its own.

    The sample axis is last, so every operation is a vector operation over samples. ``value = f(state)`` (n, sample),
    ``jacobian[i, j] = df_i/dy_j`` (n, n, sample), ``step`` (sample,).
    """
    n, samples = state.shape
    matrix = -jacobian
    matrix.diagonal(dim1=0, dim2=1).add_((1 / (tableau.gamma * step))[:, None])
    solve = inverse(matrix)
    coefficients = _stage_rows(tableau, state.dtype, state.device)
    stages = torch.empty((tableau.stages, n, samples), dtype=state.dtype, device=state.device)
    flat = stages.view(tableau.stages, n * samples)
    stages[0] = (solve * value).sum(dim=1)
    for i in range(1, tableau.stages):
        argument, coupling = (coefficients[i][:, :i] @ flat[:i]).view(2, n, samples)
        right = field(state + argument) + coupling / step
        stages[i] = (solve * right).sum(dim=1)
    return stages


def combine(weights: Row, stages: Tensor) -> Tensor:
    """``sum_i weights_i U_i``, shape (n, sample); terms with weight zero cost nothing."""
    places = [i for i, w in enumerate(weights) if w]
    if len(places) == 1:
        return stages[places[0]] * weights[places[0]]
    row = constant_row(weights, stages.dtype, stages.device)
    return (row[None] @ stages.view(stages.shape[0], -1)).view(stages.shape[1:])


@lru_cache(maxsize=64)
def constant_row(values: Row, dtype: torch.dtype, device: torch.device) -> Tensor:
    """A constant vector, made once: copying it to the device in every step would cost more than using it."""
    return torch.tensor(values, dtype=dtype, device=device)


@lru_cache(maxsize=8)
def _stage_rows(tableau: Tableau, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(stage, 2, stage): the rows of a and c."""
    rows = np.stack([lower_triangle(tableau.argument), lower_triangle(tableau.coupling)], axis=1)
    return torch.tensor(rows, dtype=dtype, device=device)


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


class Steps(Protocol):
    """Compiled steps that take the place of :func:`start` and :func:`advance`, as the attribute ``steps`` of a problem
    that has them: the same results up to rounding, and the same bytes wherever a solution was interrupted."""

    def start(self, state: Tensor, chart: Tensor, options: "SolverOptions") -> "FlowState": ...

    def advance(self, options: "SolverOptions", flow: "FlowState") -> Tensor:
        """Steps of every active sample, in place; codes of how those ended that did, else :data:`RUNNING`."""


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
class FlowState(Resumable):
    """Everything of a solution in progress. The first block holds the active samples (``index`` says which), the
    second the results of all; ``waiting`` are crossings found but not yet located within their step."""

    state: Tensor
    chart: Tensor
    observed: Tensor
    time: Tensor
    time_rest: Tensor
    step: Tensor
    last_step: Tensor
    last_error: Tensor
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


def start(problem: Problem, state: Tensor, chart: Tensor, options: SolverOptions) -> FlowState:
    """The state of a solution at time zero. ``state`` (n, sample) and ``chart`` (c, sample) are float64."""
    state, chart = problem.settle(state, chart)
    observed = problem.observe(state, chart)
    speed = problem.field(state, chart).abs().amax(dim=0)
    size = 1.0 if problem.logarithmic else state.abs().amax(dim=0).clamp(min=options.absolute_tolerance)
    flow = unsettled(state, chart, observed, options)
    flow.step = (1e-2 * size / speed.clamp(min=1e-280)).clamp(max=1e280)
    flow.crossing_time[observed >= _levels(options, observed)] = 0.0
    return flow


def unsettled(state: Tensor, chart: Tensor, observed: Tensor, options: SolverOptions) -> FlowState:
    """The state of a solution at time zero, before the first step size is known, which is NaN."""
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
        step=torch.full_like(zero, math.nan),
        last_step=zero.clone(),
        last_error=torch.ones_like(zero),
        index=torch.arange(samples, device=state.device),
        failures=whole,
        counts=whole.clone(),
        final_state=state.clone(),
        final_chart=chart.clone(),
        final_observed=observed.clone(),
        final_time=zero.clone(),
        status=torch.full((samples,), RUNNING, dtype=torch.int8, device=state.device),
        steps=whole.clone(),
        crossing_time=missing,
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
    """Advance until every sample has ended. ``monitor`` sees the state after every step, or block of compiled ones
    (progress, checkpoints)."""
    steps: Steps | None = getattr(problem, "steps", None)
    flow = resume
    if flow is None:
        flow = steps.start(state, chart, options) if steps else start(problem, state, chart, options)
    while not flow.finished:
        if steps:
            _write_down(options, flow, steps.advance(options, flow))
        else:
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
    growth = _predicted_growth(flow, step, error, accepted, options.tableau.order)
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
    flow.last_step = torch.where(accepted, step, flow.last_step)
    flow.last_error = torch.where(accepted, error.clamp(min=LEAST_ERROR), flow.last_error)
    flow.failures = torch.where(accepted, 0, flow.failures + 1)
    flow.counts = flow.counts + 1


def _error(problem: Problem, options: SolverOptions, before: Tensor, after: Tensor, error: Tensor) -> Tensor:
    if problem.logarithmic:
        return _norm((error / options.relative_tolerance).square().mean(dim=0))
    scaled = _scaled(error, before, after, options.relative_tolerance, options.absolute_tolerance)
    return _norm(scaled.square().mean(dim=0))


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
    broken = (flow.failures >= MOST_FAILURES) | ~flow.state.isfinite().all(dim=0)
    return _write_down(options, flow, torch.where(broken, int(Status.DIVERGED), code))


def _write_down(options: SolverOptions, flow: FlowState, code: Tensor) -> Tensor | None:
    """The results of the samples whose code is not :data:`RUNNING`, which are dropped; the places of the others."""
    code = code.to(torch.int8)
    ended = code != RUNNING
    if not bool(ended.any()):
        return None
    if len(ended) == len(flow.status) and bool(ended.all()):
        return _write_down_all(options, flow, code)
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
    for name in _OF_ACTIVE:
        setattr(flow, name, getattr(flow, name).index_select(-1, stay))
    return stay


def _write_down_all(options: SolverOptions, flow: FlowState, code: Tensor) -> Tensor:
    """As :func:`_write_down` where all samples end at once, as a single one does: in a tenth of its time."""
    flow.final_state, flow.final_chart, flow.final_observed = flow.state, flow.chart, flow.observed
    flow.final_time, flow.status, flow.steps = flow.time, code, flow.counts
    if options.save_times:
        _hold_last(options, flow, torch.ones_like(code, dtype=torch.bool))
    for name in _OF_ACTIVE:
        setattr(flow, name, getattr(flow, name)[..., :0])
    return flow.index


def _hold_last(options: SolverOptions, flow: FlowState, ended: Tensor) -> None:
    """After convergence the observables keep their last value; after any other end they stay missing."""
    done = ended & (flow.status[flow.index] == int(Status.CONVERGED))
    grid = torch.tensor(options.save_times, dtype=flow.time.dtype, device=flow.time.device)
    for sample in done.nonzero()[:, 0].tolist():
        later = grid > flow.time[sample]
        flow.saved[later, :, flow.index[sample]] = flow.observed[:, sample]


#: (state (batch, ...), index (batch,) of the samples) -> slope like the state, potential (batch,)
RightHandSide = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
#: (state, potential, index) -> observables (batch, count)
Observer = Callable[[Tensor, Tensor, Tensor], Tensor]
#: (observables (batch, count), index) -> mask of the samples that end here
Stop = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Controls:
    """Tolerances and limits of :func:`integrate`; the error is the r.m.s. over a sample's state."""

    relative: float = 1e-6
    absolute: float = 1e-9
    first_step: float = 0.05
    largest_step: float = 2.0
    max_steps: int = 20_000
    tableau: Tableau = DORMAND_PRINCE


@dataclass
class Solution(Resumable):
    """Observables (batch, save time, count; NaN after a run's end), final state, potential, time, status and counters
    (batch,). ``largest_rise`` is that of the potential in one step, ``saved`` the number of save times passed."""

    observables: Tensor
    state: Tensor
    slope: Tensor
    potential: Tensor
    time: Tensor
    step: Tensor
    saved: Tensor
    steps: Tensor
    status: Tensor
    largest_rise: Tensor
    evaluations: Tensor


def _column(values: Tensor, like: Tensor) -> Tensor:
    return values.reshape(-1, *[1] * (like.dim() - 1))


@dataclass(frozen=True)
class _Step:
    """Accepted steps: whose, from which state and time, and with which slopes."""

    index: Tensor
    state: Tensor
    slopes: list[Tensor]
    time: Tensor

    def at(self, times: Tensor, rows: Tensor, length: Tensor, tableau: Tableau) -> Tensor:
        """The states of some rows at times inside their steps."""
        theta = (times - self.time[rows]) / length
        powers = torch.stack([theta**j for j in range(1, len(tableau.dense[0]) + 1)], dim=1)
        weights = length[:, None] * (powers @ torch.tensor(tableau.dense, dtype=theta.dtype, device=theta.device).T)
        state = self.state[rows]
        for i, slope in enumerate(self.slopes):
            if any(tableau.dense[i]):
                state = state + _column(weights[:, i], state) * slope[rows]
        return state


@dataclass(frozen=True)
class _Integration:
    """What does not change while :func:`integrate` runs."""

    right_hand_side: RightHandSide
    times: Tensor
    observe: Observer
    controls: Controls
    stop: Stop | None

    def start(self, initial: Tensor) -> Solution:
        batch = len(initial)
        index = torch.arange(batch, device=initial.device)
        slope, potential = self.right_hand_side(initial, index)
        seen = self.observe(initial, potential, index)
        observables = seen.new_full((batch, len(self.times), seen.shape[1]), math.nan)
        observables[:, 0] = seen
        return Solution(
            observables=observables,
            state=initial.clone(),
            slope=slope,
            potential=potential,
            time=self.times[0].expand(batch).clone(),
            step=torch.full_like(potential, self.controls.first_step),
            saved=torch.ones_like(index),
            steps=torch.zeros_like(index),
            status=torch.full_like(index, RUNNING if len(self.times) > 1 else Status.REACHED_END),
            largest_rise=torch.full_like(potential, -torch.inf),
            evaluations=torch.ones((), dtype=torch.int64),
        )

    def attempt(self, state: Tensor, slope: Tensor, index: Tensor, step: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        """The result of one step and its potential, and the slopes of all stages."""
        wide = _column(step, state)
        stage, potential, slopes = state, step, [slope]
        for row in self.controls.tableau.argument[1:]:
            stage = state + wide * sum(a * k for a, k in zip(row, slopes, strict=True) if a)
            slope, potential = self.right_hand_side(stage, index)
            slopes.append(slope)
        return stage, potential, slopes

    def advance(self, run: Solution, index: Tensor) -> None:
        """Try one step on the samples ``index`` and observe those that it carries past their next time; in place."""
        controls, end = self.controls, self.times[-1]
        start, old = run.time[index], run.state[index]
        remaining = end - start
        last = run.step[index] >= remaining
        step = torch.where(last, remaining, run.step[index])
        new, potential, slopes = self.attempt(old, run.slope[index], index, step)
        error = _column(step, old) * sum(e * k for e, k in zip(controls.tableau.error, slopes, strict=True) if e)
        scaled = _scaled(error, old, new, controls.relative, controls.absolute)
        size = _norm(scaled.square().flatten(1).mean(1), finite=potential.isfinite())
        accepted = size <= 1
        run.step[index] = (step * _growth(size, controls.tableau.order, 5.0)).clamp_max(controls.largest_step)
        run.steps[index] += 1
        run.evaluations += controls.tableau.stages - 1

        moved = index[accepted]
        run.largest_rise[moved] = torch.maximum(run.largest_rise[moved], potential[accepted] - run.potential[moved])
        run.state[moved], run.slope[moved] = new[accepted], slopes[-1][accepted]
        run.potential[moved] = potential[accepted]
        run.time[moved] = torch.where(last, end, start + step)[accepted]
        self.observe_passed(run, _Step(moved, old[accepted], [k[accepted] for k in slopes], start[accepted]))
        going = index[run.status[index] == RUNNING]  # a run that has arrived has not failed, with whatever step
        run.status[going[run.step[going] < 1e-12]] = Status.DIVERGED
        run.status[going[run.steps[going] >= controls.max_steps]] = Status.MAX_STEPS

    def observe_passed(self, run: Solution, passed: _Step) -> None:
        """Observe at all times that the accepted steps reach: the extension in between, the state itself at the end."""
        while True:
            last = run.observables.shape[1] - 1
            due = self.times[run.saved[passed.index].clamp_max(last)]
            open_ = (run.saved[passed.index] <= last) & (run.status[passed.index] == RUNNING)
            rows = torch.nonzero(open_ & (due <= run.time[passed.index])).flatten()
            if not len(rows):
                return
            index, times = passed.index[rows], due[rows]
            state, potential = run.state[index], run.potential[index]
            inside = torch.nonzero(times < run.time[index]).flatten()
            if len(inside):
                length = run.time[index[inside]] - passed.time[rows[inside]]
                between = passed.at(times[inside], rows[inside], length, self.controls.tableau)
                state[inside], potential[inside] = between, self.right_hand_side(between, index[inside])[1]
                run.evaluations += 1
            seen = self.observe(state, potential, index)
            run.observables[index, run.saved[index]] = seen
            run.saved[index] += 1
            if self.stop is not None:
                run.status[index[self.stop(seen, index)]] = Status.CONVERGED
            run.status[index[run.saved[index] == run.observables.shape[1]]] = Status.REACHED_END


def integrate(
    right_hand_side: RightHandSide,
    initial: Tensor,
    times: Tensor,
    observe: Observer,
    *,
    controls: Controls | None = None,
    stop: Stop | None = None,
    store: Checkpoint | None = None,
    progress: Callable[[float, float, str], None] | None = None,
) -> Solution:
    """Solve ``y' = f(y)`` for a batch of flows that descend a potential, observed at ``times`` (increasing).

    Parameters
    ----------
    right_hand_side: (state (batch, ...), index (batch,)) -> (slope, potential); the index says which samples are asked.
    initial: (batch, ...) float64 at ``times[0]``.
    observe: (state, potential, index) -> (batch, count), called at the save times (state between the steps).
    stop: (observables (batch, count), index) -> mask of samples to end early with status ``converged``.
    store: checkpoint; a resumed run ends in the same bytes.

    A sample whose step falls below 1e-12 is ``diverged``; nothing is raised.
    """
    integration = _Integration(right_hand_side, times, observe, controls or Controls(), stop)
    stored = store.load() if store is not None else None
    run = integration.start(initial) if stored is None else Solution.from_arrays(stored, initial.device)
    span = float(times[-1] - times[0]) or 1.0
    while True:
        index = torch.nonzero(run.status == RUNNING).flatten()
        if not len(index):
            return run
        integration.advance(run, index)
        if progress is not None:
            slowest = float(run.time[index].min())
            progress(slowest - float(times[0]), span, f"flow time {slowest:.3g}, {len(index)} running")
        if store is not None and store.due():
            store.save(run.to_arrays())
