"""Batched explicit integration of flows that descend a potential, with a step size for each sample.

Steps do not stop at the times of observation: there the state comes from the continuous extension of the pair, and one
call of the right-hand side gives its potential.

The right-hand side returns the potential beside the slope, so the loss at every step end costs nothing and its
monotonicity along the flow is checked on the way. Time is flow time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from learnability.flows.explicit_tableau import DORMAND_PRINCE, ExplicitTableau
from learnability.results.status import Status

#: (state (batch, ...), index (batch,) of the samples) -> slope like the state, potential (batch,)
RightHandSide = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
#: (state, potential, index) -> observables (batch, count)
Observer = Callable[[Tensor, Tensor, Tensor], Tensor]

RUNNING = -1


class Store(Protocol):
    """Where the solver keeps its state between a kill and a resume."""

    def load(self) -> dict[str, np.ndarray] | None: ...
    def due(self) -> bool: ...
    def save(self, state: Mapping[str, np.ndarray]) -> None: ...


@dataclass(frozen=True)
class Controls:
    """Tolerances and limits of the adaptive solver; the error is the r.m.s. over a sample's state."""

    relative: float = 1e-6
    absolute: float = 1e-9
    first_step: float = 0.05
    largest_step: float = 2.0
    max_steps: int = 20_000
    tableau: ExplicitTableau = DORMAND_PRINCE


@dataclass
class Solution:
    """Observables (batch, save time, count; NaN after a run's end), final state, status and counters (batch,)."""

    observables: Tensor
    state: Tensor
    status: Tensor
    steps: Tensor
    evaluations: int
    largest_rise: Tensor


@dataclass
class _Progress:
    """Everything that a resumed run needs, as tensors over the whole batch."""

    state: Tensor
    slope: Tensor
    potential: Tensor
    time: Tensor
    step: Tensor
    saved: Tensor
    steps: Tensor
    status: Tensor
    largest_rise: Tensor
    observables: Tensor
    evaluations: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.int64))

    def arrays(self) -> dict[str, np.ndarray]:
        return {name: value.cpu().numpy() for name, value in vars(self).items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], device: torch.device) -> "_Progress":
        tensors = {name: torch.from_numpy(np.array(value)) for name, value in arrays.items()}
        return cls(**{name: t if name == "evaluations" else t.to(device) for name, t in tensors.items()})


@dataclass(frozen=True)
class _Solve:
    """What does not change during a solve."""

    right_hand_side: RightHandSide
    times: Tensor
    observe: Observer
    controls: Controls
    stop: Callable[[Tensor, Tensor], Tensor] | None


def _start(
    right_hand_side: RightHandSide, initial: Tensor, times: Tensor, observe: Observer, first: float
) -> _Progress:
    batch = len(initial)
    index = torch.arange(batch, device=initial.device)
    slope, potential = right_hand_side(initial, index)
    seen = observe(initial, potential, index)
    observables = seen.new_full((batch, len(times), seen.shape[1]), float("nan"))
    observables[:, 0] = seen
    return _Progress(
        state=initial.clone(),
        slope=slope,
        potential=potential,
        time=times[0].expand(batch).clone(),
        step=torch.full_like(potential, first),
        saved=torch.ones_like(index),
        steps=torch.zeros_like(index),
        status=torch.full_like(index, RUNNING if len(times) > 1 else Status.REACHED_END),
        largest_rise=torch.full_like(potential, -torch.inf),
        observables=observables,
        evaluations=torch.ones((), dtype=torch.int64),
    )


def _column(values: Tensor, like: Tensor) -> Tensor:
    return values.reshape(-1, *[1] * (like.dim() - 1))


def _try_step(
    right_hand_side: RightHandSide, run: _Progress, index: Tensor, step: Tensor, tableau: ExplicitTableau
) -> tuple[Tensor, list[Tensor], Tensor, Tensor]:
    """One step of the pair: new state, the slopes of all stages, its potential, and the estimated local error."""
    state = run.state[index]
    wide = _column(step, state)
    slopes, potential = [run.slope[index]], step
    stage = state
    for row in tableau.matrix[1:]:
        stage = state + wide * sum(float(a) * k for a, k in zip(row, slopes, strict=False) if a)
        slope, potential = right_hand_side(stage, index)
        slopes.append(slope)
    error = sum(float(b - e) * k for b, e, k in zip(tableau.weights, tableau.embedded, slopes, strict=True) if b != e)
    return stage, slopes, potential, wide * error


def _scaled_error(error: Tensor, old: Tensor, new: Tensor, controls: Controls) -> Tensor:
    scale = controls.absolute + controls.relative * torch.maximum(old.abs(), new.abs())
    return (error / scale).square().flatten(1).mean(1).sqrt()


def _step_sizes(size: Tensor, finite: Tensor, step: Tensor, controls: Controls) -> Tensor:
    """The steps to try next, from the scaled errors of the last ones."""
    exponent = -1.0 / (controls.tableau.embedded_order + 1)
    factor = torch.where(finite, (0.9 * size.clamp_min(1e-10) ** exponent).clamp(0.2, 5.0), 0.2)
    return (step * factor).clamp_max(controls.largest_step)


def _advance(solve: _Solve, run: _Progress, index: Tensor) -> None:
    """Try one step on the samples ``index`` and observe those that it carries past their next time."""
    controls, end = solve.controls, solve.times[-1]
    start, old = run.time[index], run.state[index]
    remaining = end - start
    last = run.step[index] >= remaining
    step = torch.where(last, remaining, run.step[index])
    new, slopes, potential, error = _try_step(solve.right_hand_side, run, index, step, controls.tableau)
    size = _scaled_error(error, old, new, controls)
    finite = torch.isfinite(size) & torch.isfinite(potential)
    accepted = finite & (size <= 1)
    run.step[index] = _step_sizes(size, finite, step, controls)
    run.steps[index] += 1
    run.evaluations += controls.tableau.stages - 1

    moved = index[accepted]
    run.largest_rise[moved] = torch.maximum(run.largest_rise[moved], potential[accepted] - run.potential[moved])
    run.state[moved], run.slope[moved] = new[accepted], slopes[-1][accepted]
    run.potential[moved] = potential[accepted]
    run.time[moved] = torch.where(last, end, start + step)[accepted]
    run.status[index[run.step[index] < 1e-12]] = Status.DIVERGED
    run.status[index[run.steps[index] >= controls.max_steps]] = Status.MAX_STEPS
    _observe_passed(solve, run, _Passed(moved, old[accepted], [k[accepted] for k in slopes], start[accepted]))


@dataclass(frozen=True)
class _Passed:
    """Accepted steps: whose, from which state and time, and with which slopes."""

    index: Tensor
    state: Tensor
    slopes: list[Tensor]
    time: Tensor

    def at(self, times: Tensor, rows: Tensor, length: Tensor, tableau: ExplicitTableau) -> Tensor:
        """The states of some rows at times inside their steps."""
        theta = (times - self.time[rows]) / length
        powers = torch.stack([theta**j for j in range(1, tableau.dense.shape[1] + 1)], dim=1)
        weights = length[:, None] * (powers @ torch.as_tensor(tableau.dense.T, device=theta.device))
        state = self.state[rows]
        for i, slope in enumerate(self.slopes):
            if tableau.dense[i].any():
                state = state + _column(weights[:, i], state) * slope[rows]
        return state


def _observe_passed(solve: _Solve, run: _Progress, passed: _Passed) -> None:
    """Observe at all times that the accepted steps reach; the continuous extension in between, the state at the end."""
    while True:
        last = run.observables.shape[1] - 1
        due = solve.times[run.saved[passed.index].clamp_max(last)]
        open_ = (run.saved[passed.index] <= last) & (run.status[passed.index] == RUNNING)
        rows = torch.nonzero(open_ & (due <= run.time[passed.index])).flatten()
        if not len(rows):
            return
        index, times = passed.index[rows], due[rows]
        state, potential = run.state[index], run.potential[index]
        inside = torch.nonzero(times < run.time[index]).flatten()
        if len(inside):
            length = run.time[index[inside]] - passed.time[rows[inside]]
            between = passed.at(times[inside], rows[inside], length, solve.controls.tableau)
            state[inside], potential[inside] = between, solve.right_hand_side(between, index[inside])[1]
            run.evaluations += 1
        _save(run, index, solve.observe(state, potential, index), solve.stop)


def _save(run: _Progress, index: Tensor, seen: Tensor, stop: Callable[[Tensor, Tensor], Tensor] | None) -> None:
    run.observables[index, run.saved[index]] = seen
    run.saved[index] += 1
    if stop is not None:
        run.status[index[stop(seen, index)]] = Status.CONVERGED
    run.status[index[run.saved[index] == run.observables.shape[1]]] = Status.REACHED_END


def integrate(
    right_hand_side: RightHandSide,
    initial: Tensor,
    times: Tensor,
    observe: Observer,
    *,
    controls: Controls | None = None,
    stop: Callable[[Tensor, Tensor], Tensor] | None = None,
    store: Store | None = None,
    progress: Callable[[float, float, str], None] | None = None,
) -> Solution:
    """Solve ``y' = f(y)`` for a batch, each sample with its own step size, observed at ``times`` (increasing).

    Parameters
    ----------
    right_hand_side: (state (batch, ...), index (batch,)) -> (slope, potential); the index says which samples are asked.
    initial: (batch, ...) float64 at ``times[0]``.
    observe: (state, potential, index) -> (batch, count), called at the save times (state between the steps).
    stop: (observables (batch, count), index) -> mask of samples to end early with status ``converged``.
    store: checkpoint; a resumed run ends in the same bytes.

    A sample whose step falls below 1e-12 is ``diverged``; nothing is raised.
    """
    controls = controls or Controls()
    solve = _Solve(right_hand_side, times, observe, controls, stop)
    saved = store.load() if store is not None else None
    if saved is not None:
        run = _Progress.from_arrays(saved, initial.device)
    else:
        run = _start(right_hand_side, initial, times, observe, controls.first_step)
    span = float(times[-1] - times[0]) or 1.0
    while True:
        index = torch.nonzero(run.status == RUNNING).flatten()
        if not len(index):
            break
        _advance(solve, run, index)
        if progress is not None:
            slowest = float(run.time[index].min())
            progress(slowest - float(times[0]), span, f"flow time {slowest:.3g}, {len(index)} running")
        if store is not None and store.due():
            store.save(run.arrays())
    return Solution(run.observables, run.state, run.status, run.steps, int(run.evaluations), run.largest_rise)
