"""The compiled steps of closed flows beside the flows in whole arrays: formulas, solutions, bytes, limits."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from learnability.flows import compiled_steps, compiled_tape, multi_index
from learnability.flows.closed import ESCAPED, closed_problem
from learnability.flows.multi_index import JointFlow, PlantedFlow, haar_correlations
from learnability.flows.multi_index_spectral import SpectralFlow
from learnability.flows.solver import FlowState, Problem, SolverOptions, solve
from learnability.hermite.target_language import parse
from learnability.hermite.tensors import leaps, symmetric_tensors
from learnability.results.status import Status
from learnability.studies.multi_index.precision.turned import turned

LINKS = ["h3(z1)", "h1(z1) + h1(z1)*h2(z2)", "h1(z1) + 0.5*h2(z1)*h1(z2) + h2(z3)*h1(z1) + h2(z2)"]
FORMS = ["spectral", "correlation", "planted"]


class WholeArrays:
    """A problem without its compiled steps."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    def __getattr__(self, name: str) -> Any:
        if name == "steps":
            raise AttributeError(name)
        return getattr(self.problem, name)


def posed(text: str, form: str, count: int, dimensions: Sequence[int] = (1000,), seed: int = 0) -> tuple[Any, Any, Any]:
    link = parse(text)
    starts = haar_correlations(dimensions, link.variables, count, np.random.default_rng(seed))
    kind = "planted" if form == "planted" else "joint"
    return closed_problem(
        link, [s for s, _ in leaps(link)], kind, starts, dimensions, "auto" if kind == "planted" else form
    )  # type: ignore[arg-type]


def options(text: str, **given: Any) -> SolverOptions:
    return SolverOptions(levels=(*(ESCAPED,) * parse(text).variables, math.nan), **given)


def program_of(problem: Any) -> compiled_tape.Program:
    return problem.steps.program


def outputs_of(code: compiled_tape.Code, program: compiled_tape.Program, inputs: np.ndarray) -> np.ndarray:
    registers = np.zeros((program.registers, inputs.shape[1]))
    registers[: len(inputs)] = inputs
    compiled_tape.run(code, registers)
    return registers[code.outputs]


@pytest.mark.parametrize("text", LINKS)
@pytest.mark.parametrize("form", FORMS)
def test_formulas_are_those_of_the_flow_in_whole_arrays(text: str, form: str) -> None:
    problem, state, chart = posed(text, form, 7)
    if isinstance(problem, SpectralFlow):  # off the identity, where L has entries
        state[: len(problem.below)] += 0.1 * torch.from_numpy(
            np.random.default_rng(1).standard_normal((len(problem.below), 7))
        )
    program, n = program_of(problem), len(state)
    inputs = torch.cat([state, chart]).numpy()
    value, jacobian = problem.linearise(state, chart)
    found = outputs_of(program.linearised, program, inputs)
    np.testing.assert_allclose(outputs_of(program.field, program, inputs), value.numpy(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found[:n], value.numpy(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found[n:].reshape(jacobian.shape), jacobian.numpy(), rtol=1e-11, atol=1e-14)
    if len(program.settled.outputs):
        settled, moved = problem.settle(state, chart)
        expected = torch.cat([settled, moved[1:]]).numpy()
        np.testing.assert_allclose(outputs_of(program.settled, program, inputs), expected, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("text", LINKS)
@pytest.mark.parametrize("form", FORMS)
def test_solutions_are_those_of_the_solver_in_whole_arrays(text: str, form: str) -> None:
    problem, state, chart = posed(text, form, 40, (100, 10_000))
    chosen = options(text, save_times=(0.0, 0.5, 3.0, 1e9), relative_tolerance=1e-7)
    mine, other = (solve(p, state, chart, chosen) for p in (problem, WholeArrays(problem)))
    assert problem.steps is not None
    assert not hasattr(WholeArrays(problem), "steps")
    assert mine.status.tolist() == other.status.tolist()
    torch.testing.assert_close(mine.crossing_time, other.crossing_time, rtol=1e-5, atol=1e-6, equal_nan=True)
    torch.testing.assert_close(mine.saved, other.saved, rtol=0, atol=1e-5, equal_nan=True)
    torch.testing.assert_close(mine.final_observed[:-1], other.final_observed[:-1], rtol=0, atol=1e-5)
    r = parse(text).variables
    torch.testing.assert_close(mine.largest_fall[:r], other.largest_fall[:r], rtol=0, atol=1e-4)
    assert abs(int(mine.steps.sum()) / int(other.steps.sum()) - 1) < 0.02


def test_each_sample_has_a_frame_of_its_own() -> None:
    text, dimensions = LINKS[1], (100, 10_000)
    rng = np.random.default_rng(2)
    starts = haar_correlations(dimensions, 2, 10, rng)
    turns = np.linalg.qr(rng.standard_normal((10, 2, 2)))[0]
    for form in ("spectral", "correlation"):
        plain = closed_problem(parse(text), [1, 2], "joint", starts, dimensions, form)  # type: ignore[arg-type]
        problem, state, chart = turned(plain[0], plain[2], parse(text), starts, turns)
        mine, other = (solve(p, state, chart, options(text)) for p in (problem, WholeArrays(problem)))  # type: ignore[arg-type]
        straight = solve(*plain, options(text))
        torch.testing.assert_close(mine.crossing_time, other.crossing_time, rtol=1e-5, atol=0, equal_nan=True)
        torch.testing.assert_close(mine.crossing_time, straight.crossing_time, rtol=1e-3, atol=0, equal_nan=True)


@pytest.mark.parametrize("form", FORMS)
def test_a_start_does_not_depend_on_the_others(form: str) -> None:
    problem, state, chart = posed(LINKS[1], form, 37)
    chosen = options(LINKS[1], save_times=tuple(np.linspace(0.1, 20.0, 45)))
    together = solve(problem, state, chart, chosen)
    for sample in (0, 20, 36):
        alone = solve(problem, state[:, sample : sample + 1], chart[:, sample : sample + 1], chosen)
        for name in ("crossing_time", "saved", "largest_fall", "status", "steps", "final_time", "final_state"):
            whole = getattr(together, name)[..., sample : sample + 1].contiguous().numpy()
            assert whole.tobytes() == getattr(alone, name).numpy().tobytes(), name


@pytest.mark.parametrize("form", FORMS)
def test_interrupted_solutions_end_in_the_same_bytes(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, state, chart = posed(LINKS[1], form, 21)
    chosen = options(LINKS[1], save_times=(0.2, 2.0))
    undisturbed = solve(problem, state, chart, chosen).to_arrays()
    monkeypatch.setattr(compiled_steps, "ATTEMPTS", 1)
    seen: list[dict[str, np.ndarray]] = []
    solve(problem, state, chart, chosen, lambda flow: seen.append({k: v.copy() for k, v in flow.to_arrays().items()}))
    assert len(seen) > 3
    for stored in seen[:3]:
        again = solve(problem, state, chart, chosen, resume=FlowState.from_arrays(stored, "cpu")).to_arrays()
        for name in undisturbed.keys() - {"waiting"}:
            assert undisturbed[name].tobytes() == again[name].tobytes(), name


def test_end_time_most_steps_and_a_start_that_is_not_finite() -> None:
    problem, state, chart = posed(LINKS[1], "correlation", 3)
    early = solve(problem, state, chart, options(LINKS[1], end_time=1.0))
    assert early.status.tolist() == [Status.REACHED_END] * 3
    assert early.final_time.tolist() == [1.0] * 3
    short = solve(problem, state, chart, options(LINKS[1], max_steps=7))
    assert short.status.tolist() == [Status.MAX_STEPS] * 3
    assert short.steps.tolist() == [7] * 3
    state[0, 1] = math.nan
    broken = solve(problem, state, chart, options(LINKS[1]))
    assert broken.status.tolist() == [Status.CONVERGED, Status.DIVERGED, Status.CONVERGED]


def test_levels_that_a_start_stands_above_are_crossed_at_time_zero() -> None:
    problem, state, chart = posed(LINKS[1], "correlation", 2)
    state[:, 0] = torch.tensor([0.9, 0.1, 0.0, 0.2], dtype=torch.float64)
    found = solve(problem, state, chart, options(LINKS[1]))
    assert found.crossing_time[0, 0] == 0
    assert (found.crossing_time[0, 1] > 0).all()


def test_singular_values_of_three_rows_are_accurate_each_for_itself() -> None:
    rng = np.random.default_rng(3)
    left, right = (np.linalg.qr(rng.standard_normal((4, 4)))[0] for _ in range(2))
    values = np.array([1.0, 1e-3, 3e-9, 2e-14])
    work = np.zeros((5, 4))
    work[:4] = (left * values) @ np.eye(4)  # columns of very different size, which no rounding has mixed
    compiled_tape.singular_values(work, work[4])
    np.testing.assert_allclose(work[4], values, rtol=1e-12)
    work[:4] = left @ np.diag([3.0, 2.0, 1.0, 0.5]) @ right
    compiled_tape.singular_values(work, work[4])
    np.testing.assert_allclose(work[4], [3.0, 2.0, 1.0, 0.5], rtol=1e-13)


def test_large_targets_are_solved_in_whole_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    many = symmetric_tensors(parse("h5(z1) + h5(z2) + h5(z3) + h5(z4)"))
    assert SpectralFlow.build(many).steps is None
    assert JointFlow.build(many).steps is not None
    monkeypatch.setattr(multi_index, "MOST_TERMS", 10)
    assert JointFlow.build(many).steps is None
    assert PlantedFlow.build(many).steps is None
