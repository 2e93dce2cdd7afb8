"""The share done and the time left, on a made-up plan with a clock of its own."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from learnability import run_state
from learnability.display import PlainLines, failures_text
from learnability.pipeline.costs import Cost, Costs
from learnability.report.summary import verdict_table
from learnability.results.claim import VERDICTS
from learnability.run_state import RunState
from learnability.time_left import START

OUTPUTS = {
    "train": [f"results/laptop/s/e/train/{i}.zarr.zip" for i in range(10)],
    "figures": ["results/laptop/s/figures/f.svg"],
}


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, clock: _Clock) -> RunState:
    monkeypatch.setattr(run_state, "planned_outputs", lambda table, studies=None: OUTPUTS)
    known = {f"laptop/s/e/train/{i}": Cost(10.0, 100) for i in range(10)}
    table: Any = SimpleNamespace()
    return RunState(table, 1, Costs({**known, "laptop/s/figures/f": Cost(2.0, 100)}), clock)


def _info(number: int, rule: str, output: str) -> dict[str, Any]:
    return {"event": "info", "id": number, "rule": rule, "wildcards": {}, "output": [output], "log": [f"{number}.log"]}


def _play(state: RunState, clock: _Clock, slowness: float) -> list[tuple[float, float, float]]:
    """Time, share and estimated time left, at each step of a run on one core, slower than its reference."""
    state.update({"event": "plan", "counts": {"train": 10, "figures": 1, "all": 1}})
    seen = []
    jobs = [("train", path, 10.0) for path in OUTPUTS["train"]] + [("figures", OUTPUTS["figures"][0], 2.0)]
    for number, (rule, path, seconds) in enumerate(jobs):
        state.update(_info(number, rule, path))
        length = seconds * slowness + START
        for tenth in range(10):
            clock.now += length / 10
            if tenth % 3 == 0:
                state.update({"event": "progress", "output": path, "share": (tenth + 1) / 10, "message": ""})
            left = state.seconds_left()
            assert left is not None
            seen.append((clock.now, state.share(), left))
        state.update({"event": "finished", "id": number})
    return seen


@pytest.mark.parametrize("slowness", [0.5, 1.0, 3.0])
def test_the_share_never_falls_and_the_estimate_is_good_after_a_tenth(
    state: RunState, clock: _Clock, slowness: float
) -> None:
    seen = _play(state, clock, slowness)
    shares = [share for _, share, _ in seen]
    assert shares == sorted(shares)
    assert state.share() == 1.0
    end = clock.now
    for now, share, left in seen:
        if 0.2 < share < 0.9:
            assert 1 / 1.5 < (now + left) / end < 1.5, (slowness, share)


def test_the_longest_at_work_is_the_first_of_those_running(state: RunState, clock: _Clock) -> None:
    """The engine announces all jobs that are ready and begins them in another order."""
    state.update({"event": "plan", "counts": {"train": 10}})
    for number in range(3):
        state.update(_info(number, "train", OUTPUTS["train"][number]))
    for number in (2, 0, 1):
        clock.now += 1
        state.update({"event": "started", "ids": [number]})
    assert [job.output[0] for job in state.running] == [OUTPUTS["train"][number] for number in (2, 0, 1)]


def test_a_second_call_of_the_engine_does_not_let_the_share_fall(state: RunState, clock: _Clock) -> None:
    state.update({"event": "plan", "counts": {"train": 10}})
    for number, path in enumerate(OUTPUTS["train"]):
        state.update(_info(number, "train", path))
        state.update({"event": "finished", "id": number})
    before = state.share()
    state.update({"event": "plan", "counts": {"figures": 1}})
    assert state.share() >= before


def test_a_run_is_whole_only_after_the_last_call_and_nothing_is_left_then(state: RunState) -> None:
    state.expect(OUTPUTS["train"], more_calls=True)
    state.update({"event": "plan", "counts": {"train": 10}})
    for number, path in enumerate(OUTPUTS["train"]):
        state.update(_info(number, "train", path))
        state.update({"event": "finished", "id": number})
    assert state.share() == pytest.approx(100 / 102, abs=0.02)  # the figure, of 2 s beside 100 s, is ahead
    assert state.share() < 1.0
    left = state.seconds_left()
    assert left is not None
    assert left >= START
    state.expect(OUTPUTS["figures"])
    state.update({"event": "plan", "counts": {"figures": 1}})
    state.update(_info(0, "figures", OUTPUTS["figures"][0]))
    state.update({"event": "finished", "id": 0})
    assert (state.share(), state.seconds_left()) == (1.0, 0.0)


def test_of_outputs_that_exist_those_out_of_date_are_ahead(
    state: RunState, clock: _Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: True)
    slow = OUTPUTS["train"][7]
    known = {**dict.fromkeys((f"laptop/s/e/train/{i}" for i in range(10)), Cost(1.0, 100))}
    state = RunState(state.table, 1, Costs({**known, "laptop/s/e/train/7": Cost(100.0, 100)}), clock)
    state.expect([slow])
    state.update({"event": "plan", "counts": {"train": 1}})
    left = state.seconds_left()
    assert left is not None
    assert left == pytest.approx(100.0 + START)


def test_a_job_that_fails_is_told_with_its_own_words_and_its_log(state: RunState) -> None:
    state.update({"event": "plan", "counts": {"train": 10}})
    state.update(_info(4, "train", OUTPUTS["train"][4]))
    state.update({"event": "failed", "output": OUTPUTS["train"][4], "message": "OSError: disk full", "log": "4.log"})
    error = {"event": "error", "id": 4, "rule": "train", "log": ["4.log"], "message": "Error in rule train"}
    (told,) = state.update(error)
    assert told.text == "OSError: disk full"
    assert state.update(error) == []  # the engine repeats itself at the end
    text = failures_text(state.failures).plain
    assert "OSError: disk full" in text
    assert "4.log" in text
    state.failures[0].failure = "OSError: disk full (see 4.log)"
    assert failures_text(state.failures).plain.count("4.log") == 1


def test_a_job_that_was_killed_is_told_too(state: RunState) -> None:
    state.update({"event": "plan", "counts": {"train": 10}})
    state.update(_info(1, "train", OUTPUTS["train"][1]))
    (told,) = state.update({"event": "error", "id": 1, "rule": "train", "log": ["1.log"], "message": ""})
    assert "killed" in told.text


def test_the_scheduler_s_words_are_told_and_another_attempt_is_no_other_job(state: RunState) -> None:
    state.update({"event": "plan", "counts": {"train": 10}})
    error = {"event": "error", "id": 1, "rule": "train", "log": ["1.log"], "message": "", "words": "sbatch failed"}
    for _ in range(3):
        state.update(_info(1, "train", OUTPUTS["train"][1]))
        (told,) = state.update(error)
        assert told.text == "sbatch failed"
    assert len(state.failures) == 1
    state.update(_info(1, "train", OUTPUTS["train"][1]))
    state.update({"event": "finished", "id": 1})
    assert state.failures == []


def test_without_a_terminal_the_lines_are_sparse(state: RunState, clock: _Clock) -> None:
    out = io.StringIO()
    display = PlainLines(Console(file=out, width=80))
    display.show(state, state.update({"event": "plan", "counts": {"train": 10, "figures": 1}}))
    for number, path in enumerate(OUTPUTS["train"]):
        display.show(state, state.update(_info(number, "train", path)))
        for _ in range(100):
            clock.now += 0.115
            display.show(state, [])
        display.show(state, state.update({"event": "finished", "id": number}))
    state.update(_info(10, "figures", OUTPUTS["figures"][0]))
    display.show(state, state.update({"event": "finished", "id": 10}))
    lines = out.getvalue().splitlines()
    assert 10 <= len(lines) <= 14
    assert lines[0].startswith("to do")
    assert lines[-1] == "100%    almost done"


def test_costs_fall_back_from_the_job_to_its_experiment_and_its_stage(tmp_path: Path) -> None:
    costs = Costs({"laptop/s/e/train/a": Cost(4.0, 1), "laptop/s/e/train/b": Cost(6.0, 1)})
    assert costs.seconds("results/laptop/s/e/train/a.zarr.zip") == 4.0
    assert costs.seconds("results/laptop/s/e/train/new.zarr.zip") == 5.0
    assert costs.seconds("results/paper/s/e/train/new.zarr.zip") == 5.0
    assert costs.seconds("results/laptop/t/e/train/new.zarr.zip") == 5.0
    assert Costs.read(tmp_path / "none.json").seconds("results/laptop/t/figures/f.svg") == 3.0


def test_costs_come_from_the_last_line_of_the_logs(tmp_path: Path) -> None:
    from learnability.pipeline import costs

    log = tmp_path / "results/laptop/logs/s/e/train/a/seeds0-2.log"
    log.parent.mkdir(parents=True)
    log.write_text("[train] x  50%  1s gone, 1s left\n[train] x  done in 3s (2.25 s of CPU, 120 MB)\n")
    table = tmp_path / "costs.json"
    table.write_text('{"laptop/s/e/train/gone": [9, 1], "laptop/t/claims": [8, 1], "paper/s/claims": [7, 1]}')
    gone = log.with_name("seeds2-4.log")  # of a setting that the config no longer has
    gone.write_text(log.read_text())
    assert costs.refresh(tmp_path / "results/laptop", ["results/laptop/s/e/train/a/seeds0-2.zarr.zip"], table) == 1
    assert set(Costs.read(table).known) == {"laptop/s/e/train/a/seeds0-2", "laptop/t/claims", "paper/s/claims"}
    assert Costs.read(tmp_path / "costs.json").seconds("results/laptop/s/e/train/a/seeds0-2.zarr.zip") == 2.2


def test_the_table_of_verdicts_is_whole_on_eighty_columns() -> None:
    out = io.StringIO()
    rows = [
        {"study": "subspace_polynomials", "verdict": verdict, "evidence": "exact", "source": "Theorem 1"}
        for verdict in VERDICTS[:5]
    ]
    Console(file=out, width=80).print(verdict_table(rows))
    text = out.getvalue()
    words = {"subspace_polynomials", *(word for verdict in VERDICTS[:5] for word in verdict.split())}
    assert words <= set(text.split())
    assert text.splitlines()[-1].split()[1:] == ["1"] * 5


def test_the_table_of_verdicts_counts_the_study_and_summaries_apart() -> None:
    out = io.StringIO()
    rows = [
        {"study": "first", "verdict": "supported", "evidence": "exact", "source": "Theorem 1"},
        {"study": "second", "verdict": "supported", "evidence": "exact", "source": "this study"},
        {"study": "second", "verdict": "contradicted", "evidence": "summary", "source": "a summary"},
    ]
    Console(file=out, width=80).print(verdict_table(rows))
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[-4:] == [
        ["first", "1", "0"],
        ["second", "0", "0"],
        ["of", "the", "studies", "themselves", "1", "0"],
        ["of", "summaries", "0", "1"],
    ]
