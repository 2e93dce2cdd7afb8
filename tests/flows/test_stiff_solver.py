"""The batched solver: accuracy, crossings, saved times, statuses, resumption to the same bytes."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from learnability.results.status import Status, status_attributes
from learnability.flows.solver import RUNNING, FlowState, SolverOptions, advance, solve, start

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
    from learnability.flows import solver as stiff_solver

    for _ in range(10):
        stiff_solver._move_time(flow, torch.full_like(flow.time, 0.25))
    assert (flow.time - 1e17 + flow.time_rest).tolist() == [2.5] * 6


def test_a_run_reports_to_its_monitor() -> None:
    seen: list[float] = []
    solve(Decay(), STARTS, EMPTY, SolverOptions(), monitor=lambda flow: seen.append(flow.fraction_done))
    assert seen[-1] == 1
    assert seen == sorted(seen)


def test_status_attributes_name_every_code() -> None:
    attributes = status_attributes({"trapped": 16})
    names = attributes["flag_meanings"].split()
    assert dict(zip(names, attributes["flag_values"], strict=True))["trapped"] == 16
    assert names[:4] == ["reached_end", "converged", "diverged", "max_steps"]


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_sentence(status: Status) -> None:
    from learnability.results.status import SENTENCES

    assert SENTENCES[status].endswith(".")
