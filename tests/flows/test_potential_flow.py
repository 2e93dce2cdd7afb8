"""Explicit tables and the batched adaptive solver."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from learnability.flows.explicit_tableau import (
    BOGACKI_SHAMPINE,
    DORMAND_PRINCE,
    ExplicitTableau,
    order_defects,
    rooted_trees,
)
from learnability.flows.potential_flow import Controls, Solution, integrate
from learnability.results.status import Status


def quartic(state: torch.Tensor, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradient descent of sum x^4 / 4: x(t) = x_0 / sqrt(1 + 2 x_0^2 t)."""
    return -(state**3), 0.25 * (state**4).flatten(1).sum(1)


def seen(state: torch.Tensor, potential: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    return torch.cat([state.flatten(1), potential[:, None]], dim=1)


class MemoryStore:
    """A checkpoint in memory that is due at every ask, and may kill the run after some saves."""

    def __init__(self, saves_before_death: int | None = None) -> None:
        self.state: dict[str, np.ndarray] | None = None
        self.left = saves_before_death

    def load(self) -> dict[str, np.ndarray] | None:
        return self.state

    def due(self) -> bool:
        return True

    def save(self, state: dict[str, np.ndarray]) -> None:
        self.state = {name: np.array(value) for name, value in state.items()}
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt


def test_number_of_rooted_trees() -> None:
    assert [len(rooted_trees(n)) for n in range(1, 7)] == [1, 1, 2, 4, 9, 20]


@pytest.mark.parametrize("tableau", [DORMAND_PRINCE, BOGACKI_SHAMPINE])
def test_tables_have_their_order_and_no_more(tableau: ExplicitTableau) -> None:
    defects = [abs(x) for _, x in order_defects(tableau.matrix, tableau.weights, tableau.order + 1)]
    assert max(defects[: sum(len(rooted_trees(n)) for n in range(1, tableau.order + 1))]) < 1e-14
    assert max(defects) > 1e-6


def test_a_wrong_table_is_refused() -> None:
    wrong = DORMAND_PRINCE.weights.copy()
    wrong[0] += 1e-8
    with pytest.raises(ValueError, match="not the result of the step"):
        replace(DORMAND_PRINCE, weights=wrong)
    embedded = DORMAND_PRINCE.embedded.copy()
    embedded[0] += 1e-8
    with pytest.raises(ValueError, match="order condition"):
        replace(DORMAND_PRINCE, embedded=embedded)
    dense = DORMAND_PRINCE.dense.copy()
    dense[0, 1:3] += [1e-8, -1e-8]
    with pytest.raises(ValueError, match="continuous order condition"):
        replace(DORMAND_PRINCE, dense=dense)
    with pytest.raises(ValueError, match="does not end"):
        replace(DORMAND_PRINCE, dense=0.99 * DORMAND_PRINCE.dense)


def pendulum(state: torch.Tensor, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A problem without a potential, where no order condition is met by chance."""
    angle, speed = state[:, 0], state[:, 1]
    return torch.stack([speed, -torch.sin(angle)], dim=1), angle * 0


@pytest.mark.parametrize(("tableau", "order"), [(DORMAND_PRINCE, 5), (BOGACKI_SHAMPINE, 3)])
def test_order_of_convergence_by_slope(tableau: ExplicitTableau, order: int) -> None:
    """Fixed steps, through tolerances that accept everything: the error falls with the order of the table."""
    start = torch.tensor([[2.0, 0.5]], dtype=torch.float64)
    exact = solve_ivp(lambda _, y: [y[1], -np.sin(y[0])], (0, 3), [2.0, 0.5], rtol=1e-13, atol=1e-14, method="DOP853")
    errors, steps = [], [15, 30, 60]
    for count in steps:
        step = 3 / count
        controls = Controls(relative=1e6, absolute=1e6, first_step=step, largest_step=step, tableau=tableau)
        times = torch.tensor([0.0, 3.0], dtype=torch.float64)
        found = integrate(pendulum, start, times, seen, controls=controls)
        errors.append(float(np.abs(found.state[0].numpy() - exact.y[:, -1]).max()))
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(-order, abs=0.2)


@pytest.mark.parametrize("tableau", [DORMAND_PRINCE, BOGACKI_SHAMPINE])
def test_order_of_the_state_between_steps_by_slope(tableau: ExplicitTableau) -> None:
    """Observed at the middle and at 3/10 of fixed steps: an extension of order q is wrong by h^{q + 1} in one step."""
    start = torch.tensor([[2.0, 0.5]], dtype=torch.float64)
    kwargs = {"rtol": 1e-13, "atol": 1e-14, "method": "DOP853"}
    errors, steps = [], [8, 16, 32]
    for count in steps:
        step = 3 / count
        controls = Controls(relative=1e6, absolute=1e6, first_step=step, largest_step=step, tableau=tableau)
        times = np.array([0.0, 0.3 * step, 0.5 * step, 3.0])
        found = integrate(pendulum, start, torch.from_numpy(times), seen, controls=controls)
        exact = solve_ivp(lambda _, y: [y[1], -np.sin(y[0])], (0, 3), [2.0, 0.5], t_eval=times[1:3], **kwargs)
        errors.append(float(np.abs(found.observables[0, 1:3, :2].numpy() - exact.y.T).max()))
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(-tableau.dense_order - 1, abs=0.3)


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


def solve(store: MemoryStore | None = None) -> Solution:
    start = torch.tensor([[0.1, 0.2], [1.0, -2.0], [5.0, 0.0]], dtype=torch.float64)
    times = torch.tensor([0.0, 0.3, 1.0, 4.0], dtype=torch.float64)
    return integrate(quartic, start, times, seen, store=store)


def test_accuracy_saved_times_and_falling_potential() -> None:
    found = solve()
    start = found.observables[:, :1, :2]
    times = torch.tensor([0.0, 0.3, 1.0, 4.0], dtype=torch.float64)[None, :, None]
    exact = start / torch.sqrt(1 + 2 * start**2 * times)
    assert float((found.observables[..., :2] - exact).abs().max()) < 5e-6
    assert (found.largest_rise <= 0).all()
    assert (found.status == Status.REACHED_END).all()
    assert found.steps[0] < found.steps[2]


def test_a_sample_does_not_depend_on_its_batch() -> None:
    together = solve().observables
    for row in range(3):
        start = together[row : row + 1, 0, :2]
        alone = integrate(quartic, start, torch.tensor([0.0, 0.3, 1.0, 4.0], dtype=torch.float64), seen)
        assert torch.equal(alone.observables[0], together[row])


@pytest.mark.parametrize("deaths", [1, 3])
def test_a_killed_run_resumes_to_the_same_bytes(deaths: int) -> None:
    store = MemoryStore(saves_before_death=deaths)
    with pytest.raises(KeyboardInterrupt):
        solve(store)
    store.left = None
    resumed, whole = solve(store), solve()
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
