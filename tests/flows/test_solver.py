"""The solver: order by slope, accuracy, crossings, saved times, statuses, resumption to the same bytes."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from torch import Tensor

from learnability.flows import solver
from learnability.flows.closed import closed_problem
from learnability.flows.multi_index import haar_correlations
from learnability.flows.solver import (
    RUNNING,
    Controls,
    FlowState,
    Solution,
    SolverOptions,
    advance,
    combine,
    integrate,
    solve,
    start,
    step_stages,
)
from learnability.flows.tableaux import DORMAND_PRINCE, RODAS4, ROS23, Tableau
from learnability.hermite.target_language import parse
from learnability.results.status import Status
from tests.doubles import Interrupted, MemoryCheckpoint


def swing(y: Tensor) -> Tensor:
    return torch.stack([y[1], -torch.sin(y[0]) - 0.3 * y[1] ** 2 * y[0]])


def fixed_steps(tableau: Tableau, steps: int) -> Tensor:
    y = torch.tensor([[1.0, 0.4], [0.2, -1.0]], dtype=torch.float64)
    h = torch.full((2,), 2.0 / steps, dtype=torch.float64)
    jacobian = torch.func.vmap(torch.func.jacfwd(swing), in_dims=1, out_dims=2)
    for _ in range(steps):
        stages = step_stages(tableau, swing, y, swing(y), jacobian(y), h)
        y = y + combine(tableau.weights, stages)
    return y


@pytest.mark.parametrize("tableau", [RODAS4, ROS23], ids=lambda t: t.name)
def test_order_of_a_rosenbrock_step_by_slope(tableau: Tableau) -> None:
    reference = fixed_steps(RODAS4, 500)
    steps = np.array([60, 120])
    errors = [float((fixed_steps(tableau, int(n)) - reference).abs().max()) for n in steps]
    slope = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(tableau.order, abs=0.2)


def test_continuous_solution_is_of_third_order() -> None:
    y = torch.tensor([[1.0], [0.2]], dtype=torch.float64)
    jacobian = torch.func.vmap(torch.func.jacfwd(swing), in_dims=1, out_dims=2)
    errors = []
    for h in (0.2, 0.1, 0.05):
        step = torch.full((1,), h, dtype=torch.float64)
        stages = step_stages(RODAS4, swing, y, swing(y), jacobian(y), step)
        inner = y + combine(tuple(RODAS4.weights_at(0.4)), stages)
        exact = y
        for _ in range(8):
            part = step * 0.4 / 8
            exact = exact + combine(
                RODAS4.weights, step_stages(RODAS4, swing, exact, swing(exact), jacobian(exact), part)
            )
        errors.append(float((inner - exact).abs().max()))
    # a continuous solution of order 3 has a local error of order 4
    assert np.polyfit(np.log([0.2, 0.1, 0.05]), np.log(errors), 1)[0] == pytest.approx(4, abs=0.3)


EMPTY = torch.zeros(0, 6, dtype=torch.float64)


@dataclasses.dataclass(frozen=True)
class Decay:
    """``dy = -rate y`` (or ``y^2`` with rate None, which blows up); observes y and converges below 1e-3."""

    rate: float | None = 1.0
    logarithmic = False

    def field(self, state: Tensor, chart: Tensor) -> Tensor:
        return state**2 if self.rate is None else -self.rate * state

    def linearise(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        slope = 2 * state if self.rate is None else torch.full_like(state, -self.rate)
        return self.field(state, chart), slope[None]

    def settle(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        return state, chart

    def observe(self, state: Tensor, chart: Tensor) -> Tensor:
        return -state

    def outcome(self, state: Tensor, chart: Tensor, observed: Tensor, speed: Tensor) -> Tensor:
        return torch.where(state[0] < 1e-3, int(Status.CONVERGED), RUNNING).to(torch.int8)


STARTS = torch.linspace(1, 6, 6, dtype=torch.float64)[None]


def test_crossings_and_saved_times_are_exact() -> None:
    times = (0.0, 0.5, 1.0, 3.0, 50.0)
    options = SolverOptions(relative_tolerance=1e-8, levels=(-0.25,), save_times=times)
    flow = solve(Decay(), STARTS, EMPTY, options)
    np.testing.assert_allclose(flow.crossing_time[0], np.log(4 * STARTS[0]), rtol=1e-6)
    expected = -STARTS.numpy() * np.exp(-np.array(times[:4])[:, None])
    np.testing.assert_allclose(flow.saved[:4, 0], expected, rtol=1e-6)
    assert (flow.saved[4, 0] == flow.final_observed[0]).all()
    assert (flow.status == int(Status.CONVERGED)).all()
    assert (flow.largest_fall <= 0).all()


def test_end_time_max_steps_and_divergence() -> None:
    ended = solve(Decay(), STARTS, EMPTY, SolverOptions(end_time=0.5, save_times=(0.2, 0.7)))
    assert (ended.status == int(Status.REACHED_END)).all()
    assert ended.final_time.tolist() == [0.5] * 6
    assert ended.saved[1].isnan().all()
    np.testing.assert_allclose(ended.final_state[0], STARTS[0] * math.exp(-0.5), rtol=1e-5)
    tired = solve(Decay(), STARTS, EMPTY, SolverOptions(max_steps=3))
    assert (tired.status == int(Status.MAX_STEPS)).all()
    blown = solve(Decay(rate=None), STARTS, EMPTY, SolverOptions(relative_tolerance=1e-2, max_steps=10_000))
    assert (blown.status == int(Status.DIVERGED)).all()


def test_result_does_not_depend_on_the_other_samples() -> None:
    whole = solve(Decay(), STARTS, EMPTY, SolverOptions(levels=(-0.25,)))
    alone = solve(Decay(), STARTS[:, 2:3], EMPTY[:, 2:3], SolverOptions(levels=(-0.25,)))
    torch.testing.assert_close(whole.crossing_time[:, 2:3], alone.crossing_time, rtol=1e-12, atol=0)


def test_resumed_run_gives_the_same_bytes() -> None:
    options = SolverOptions(levels=(-0.25,), save_times=(0.1, 1.0, 2.0))
    undisturbed = solve(Decay(), STARTS, EMPTY, options).to_arrays()
    flow = start(Decay(), STARTS, EMPTY, options)
    for _ in range(25):
        advance(Decay(), options, flow)
    stored = {name: array.copy() for name, array in flow.to_arrays().items()}
    again = solve(Decay(), STARTS, EMPTY, options, resume=FlowState.from_arrays(stored, "cpu")).to_arrays()
    for name, array in undisturbed.items():
        assert array.tobytes() == again[name].tobytes(), name


def test_time_keeps_its_digits_after_a_long_plateau() -> None:
    flow = start(Decay(), STARTS, EMPTY, SolverOptions())
    flow.time = torch.full_like(flow.time, 1e17)
    for _ in range(10):
        solver._move_time(flow, torch.full_like(flow.time, 0.25))
    assert (flow.time - 1e17 + flow.time_rest).tolist() == [2.5] * 6


def test_few_steps_are_rejected_while_a_saddle_is_left() -> None:
    """Speeds grow from step to step for the whole of an escape: by the error alone a third of all steps is rejected."""
    target, dimensions = parse("h1(z1) + h1(z1)*h2(z2)"), [10**6]
    starts = haar_correlations(dimensions, 2, 16, np.random.default_rng(0))
    rejected: list[int] = []

    def monitor(flow: FlowState) -> None:
        rejected.append(int((flow.failures > 0).sum()))

    flow = solve(
        *closed_problem(target, [1, 2], "joint", starts, dimensions), SolverOptions(relative_tolerance=1e-4), monitor
    )
    assert (flow.status == int(Status.CONVERGED)).all()
    assert sum(rejected) < 0.1 * int(flow.steps.sum())


def test_a_run_reports_to_its_monitor() -> None:
    seen: list[float] = []
    solve(Decay(), STARTS, EMPTY, SolverOptions(), monitor=lambda flow: seen.append(flow.fraction_done))
    assert seen[-1] == 1
    assert seen == sorted(seen)


def quartic(state: torch.Tensor, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradient descent of sum x^4 / 4: x(t) = x_0 / sqrt(1 + 2 x_0^2 t)."""
    return -(state**3), 0.25 * (state**4).flatten(1).sum(1)


def seen(state: torch.Tensor, potential: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    return torch.cat([state.flatten(1), potential[:, None]], dim=1)


def pendulum(state: torch.Tensor, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A problem without a potential, where no order condition is met by chance."""
    angle, speed = state[:, 0], state[:, 1]
    return torch.stack([speed, -torch.sin(angle)], dim=1), angle * 0


def test_order_of_convergence_by_slope() -> None:
    """Fixed steps, through tolerances that accept everything: the error falls with the order of the table."""
    start = torch.tensor([[2.0, 0.5]], dtype=torch.float64)
    exact = solve_ivp(lambda _, y: [y[1], -np.sin(y[0])], (0, 3), [2.0, 0.5], rtol=1e-13, atol=1e-14, method="DOP853")
    errors, steps = [], [15, 30, 60]
    for count in steps:
        step = 3 / count
        controls = Controls(relative=1e6, absolute=1e6, first_step=step, largest_step=step)
        times = torch.tensor([0.0, 3.0], dtype=torch.float64)
        found = integrate(pendulum, start, times, seen, controls=controls)
        errors.append(float(np.abs(found.state[0].numpy() - exact.y[:, -1]).max()))
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(-DORMAND_PRINCE.order, abs=0.2)


def test_order_of_the_state_between_steps_by_slope() -> None:
    """Observed at the middle and at 3/10 of fixed steps: an extension of order q is wrong by h^{q + 1} in one step."""
    start = torch.tensor([[2.0, 0.5]], dtype=torch.float64)
    kwargs = {"rtol": 1e-13, "atol": 1e-14, "method": "DOP853"}
    errors, steps = [], [8, 16, 32]
    for count in steps:
        step = 3 / count
        controls = Controls(relative=1e6, absolute=1e6, first_step=step, largest_step=step)
        times = np.array([0.0, 0.3 * step, 0.5 * step, 3.0])
        found = integrate(pendulum, start, torch.from_numpy(times), seen, controls=controls)
        exact = solve_ivp(lambda _, y: [y[1], -np.sin(y[0])], (0, 3), [2.0, 0.5], t_eval=times[1:3], **kwargs)
        errors.append(float(np.abs(found.observables[0, 1:3, :2].numpy() - exact.y.T).max()))
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(-DORMAND_PRINCE.dense_order - 1, abs=0.3)


def test_observing_changes_no_step() -> None:
    """Many times in one step: the potential belongs to the state seen, and the run ends in the same bytes."""
    start = torch.tensor([[0.1, 0.2], [1.0, -2.0]], dtype=torch.float64)
    few, many = (
        integrate(quartic, start, torch.linspace(0, 4, count, dtype=torch.float64), seen) for count in (2, 301)
    )
    assert torch.equal(few.state, many.state)
    assert torch.equal(few.steps, many.steps)
    states, potential = many.observables[..., :2], many.observables[..., 2]
    torch.testing.assert_close(potential, 0.25 * (states**4).sum(-1), rtol=1e-14, atol=0)
    times = torch.linspace(0, 4, 301, dtype=torch.float64)[None, :, None]
    exact = start[:, None] / torch.sqrt(1 + 2 * start[:, None] ** 2 * times)
    assert float((states - exact).abs().max()) < 5e-6


def descend(store: MemoryCheckpoint | None = None) -> Solution:
    start = torch.tensor([[0.1, 0.2], [1.0, -2.0], [5.0, 0.0]], dtype=torch.float64)
    times = torch.tensor([0.0, 0.3, 1.0, 4.0], dtype=torch.float64)
    return integrate(quartic, start, times, seen, store=store)


def test_accuracy_saved_times_and_falling_potential() -> None:
    found = descend()
    start = found.observables[:, :1, :2]
    times = torch.tensor([0.0, 0.3, 1.0, 4.0], dtype=torch.float64)[None, :, None]
    exact = start / torch.sqrt(1 + 2 * start**2 * times)
    assert float((found.observables[..., :2] - exact).abs().max()) < 5e-6
    assert (found.largest_rise <= 0).all()
    assert (found.status == Status.REACHED_END).all()
    assert found.steps[0] < found.steps[2]


def test_a_sample_does_not_depend_on_its_batch() -> None:
    together = descend().observables
    for row in range(3):
        start = together[row : row + 1, 0, :2]
        alone = integrate(quartic, start, torch.tensor([0.0, 0.3, 1.0, 4.0], dtype=torch.float64), seen)
        assert torch.equal(alone.observables[0], together[row])


@pytest.mark.parametrize("saves", [1, 3])
def test_a_killed_run_resumes_to_the_same_bytes(saves: int) -> None:
    store = MemoryCheckpoint(stop_after=saves)
    with pytest.raises(Interrupted):
        descend(store)
    resumed, whole = descend(store), descend()
    assert torch.equal(resumed.observables, whole.observables)
    assert torch.equal(resumed.steps, whole.steps)
    assert resumed.evaluations == whole.evaluations


def test_divergence_is_recorded_and_leaves_nan() -> None:
    def explode(state: torch.Tensor, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return state**2, state[:, 0]

    start = torch.tensor([[2.0], [-1.0]], dtype=torch.float64)  # the first reaches infinity at t = 1/2
    found = integrate(explode, start, torch.tensor([0.0, 0.25, 1.0], dtype=torch.float64), seen)
    assert found.status.tolist() == [Status.DIVERGED, Status.REACHED_END]
    assert torch.isnan(found.observables[0, 2]).all()
    assert float(found.observables[0, 1, 0]) == pytest.approx(4.0, rel=1e-5)
    assert float(found.observables[1, 2, 0]) == pytest.approx(-0.5, rel=1e-6)


def test_stopping_early_and_running_out_of_steps() -> None:
    times = torch.linspace(0, 10, 11, dtype=torch.float64)
    start = torch.tensor([[3.0], [0.01]], dtype=torch.float64)
    found = integrate(quartic, start, times, seen, stop=lambda values, index: values[:, 0] < 0.5)
    assert found.status.tolist() == [Status.CONVERGED, Status.CONVERGED]
    assert torch.isnan(found.observables[:, -1]).all()
    short = integrate(quartic, start, times, seen, controls=Controls(max_steps=3))
    assert (short.status == Status.MAX_STEPS).all()


def test_a_run_that_arrives_with_its_last_step_has_not_failed() -> None:
    start, times = torch.tensor([[3.0]], dtype=torch.float64), torch.tensor([0.0, 2.0], dtype=torch.float64)
    needed = int(integrate(quartic, start, times, seen).steps)
    found = integrate(quartic, start, times, seen, controls=Controls(max_steps=needed))
    assert found.status.tolist() == [Status.REACHED_END]
    assert not torch.isnan(found.observables).any()
    short = integrate(quartic, start, torch.tensor([0.0, 1e-13], dtype=torch.float64), seen)
    assert short.status.tolist() == [Status.REACHED_END]
