"""The estimate of the time left, on a real run of the laptop scale that is played again under a clock of its own.

``laptop_run.json`` holds its 290 jobs in the order in which two cores start them, each with its reference cost and with
the wall seconds that it took on a machine that others used, too: 2.6 times the reference on the whole, from once to
five times job by job, and two jobs 15 and 24 times. An estimate counts as off by the factor between it and what was
left, and as right within 20 s, which is what one job more or less takes.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from learnability import run_state
from learnability.pipeline.costs import Cost, Costs
from learnability.run_state import RunState
from learnability.time_left import STAGES, START, Left, Pace, Record, makespan

RECORDED: dict[str, tuple[float, float]] = {
    f"laptop/{name}": (reference, wall)
    for name, (reference, wall) in json.loads(Path(__file__).with_name("laptop_run.json").read_text()).items()
}
JOBS = tuple(RECORDED)
COSTS = {name: Cost(reference, 100.0) for name, (reference, _) in RECORDED.items()}
LIKE_REFERENCE = {name: reference + START for name, (reference, _) in RECORDED.items()}
AS_RECORDED = {name: wall for name, (_, wall) in RECORDED.items()}
CORES, SLACK = 2, 20.0


def _rule(name: str) -> str:
    parts = name.split("/")
    found = next((rule for rule in ("targets", "train", "figures", "claims") if rule in parts), "analyse")
    return found


def _path(name: str) -> str:
    ending = {"figures": ".svg", "claims": ".json"}.get(_rule(name), ".zarr.zip")
    return f"results/{name}{ending}"


def _needs() -> dict[str, list[str]]:
    """What each job waits for: earlier stages of its experiment; figures the analyses that stand before them."""
    needs = {}
    for place, name in enumerate(JOBS):
        stage, (_, study, experiment) = STAGES[_rule(name)], name.split("/")[:3]
        earlier = [one for one in JOBS[:place] if one.split("/")[1] == study]
        if stage < 3:
            needs[name] = [one for one in earlier if one.split("/")[2] == experiment and STAGES[_rule(one)] < stage]
        else:
            needs[name] = [one for one in earlier if _rule(one) == "analyse"]
    return needs


NEEDS = _needs()


class _Played(NamedTuple):
    """Times, shares and estimates of a run that was played, and when it ended."""

    at: np.ndarray
    share: np.ndarray
    estimate: np.ndarray
    end: float

    def off(self, since: float = 0.1) -> np.ndarray:
        """The factors by which estimates are off after this share of the run's time."""
        chosen = self.at > since * self.end
        left, estimate = self.end - self.at[chosen], np.maximum(self.estimate[chosen], 1e-9)
        return np.where(abs(estimate - left) <= SLACK, 1.0, np.maximum(estimate / left, left / estimate))


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class _Engine:
    """Runs recorded jobs on two cores, and tells the state of the run what the workflow engine and the jobs tell."""

    def __init__(self, state: RunState, clock: _Clock, wall: dict[str, float], speed: Callable[[float], float]) -> None:
        self.state, self.clock, self.wall, self.speed = state, clock, wall, speed
        self.running: dict[str, list[float]] = {}  # name: work left, when it began, when it speaks next

    def start(self, name: str) -> None:
        event = {"event": "info", "id": name, "rule": _rule(name), "wildcards": {}, "output": [_path(name)], "log": []}
        self.state.update(event)
        self.running[name] = [self.wall[name], self.clock.now, 3.0]

    def pass_a_second(self) -> list[str]:
        """The jobs that end."""
        self.clock.now += 1.0
        ended = []
        for name, job in list(self.running.items()):
            job[0] -= self.speed(self.clock.now)
            gone = self.clock.now - job[1]
            if job[0] <= 0:
                self.state.update({"event": "finished", "id": name})
                del self.running[name]
                ended.append(name)
            elif _rule(name) == "train" and gone >= job[2]:  # as learnability.pipeline.progress speaks
                job[2] = gone + min(30.0, max(3.0, gone / 5))
                share = 1 - job[0] / self.wall[name]
                self.state.update({"event": "progress", "output": _path(name), "share": share, "message": ""})
        return ended


def _play(
    monkeypatch: pytest.MonkeyPatch,
    wall: dict[str, float],
    jobs: Sequence[str] = JOBS,
    costs: dict[str, Cost] = COSTS,
    speed: Callable[[float], float] = lambda now: 1.0,
) -> _Played:
    outputs = {rule: [_path(name) for name in JOBS if _rule(name) == rule] for rule in STAGES}
    made = {_path(name) for name in set(JOBS) - set(jobs)}
    monkeypatch.setattr(run_state, "planned_outputs", lambda table, studies=None: outputs)
    monkeypatch.setattr(run_state.Path, "exists", lambda path: path.as_posix() in made)
    clock, table = _Clock(), SimpleNamespace()
    state = RunState(table, CORES, Costs(costs), clock)  # type: ignore[arg-type]
    state.expect(map(_path, jobs))
    rules = [_rule(name) for name in jobs]
    state.update({"event": "plan", "counts": {rule: rules.count(rule) for rule in STAGES}})
    engine, waiting, done = _Engine(state, clock, wall, speed), list(jobs), set(JOBS) - set(jobs)
    seen: list[tuple[float, float, Any]] = []
    while waiting or engine.running:
        for name in [name for name in waiting if done.issuperset(NEEDS[name])][: CORES - len(engine.running)]:
            waiting.remove(name)
            engine.start(name)
        if clock.now % 4 == 0:
            seen.append((clock.now, state.share(), state.seconds_left()))
        done.update(engine.pass_a_second())
    assert (state.share(), state.seconds_left()) == (1.0, 0.0)
    at, share, estimate = np.array(seen).T
    return _Played(at, share, estimate, clock.now)


def _of_study(*studies: str) -> list[str]:
    return [name for name in JOBS if name.split("/")[1] in studies]


PARTS = {
    "all": JOBS,
    "analyses, figures and verdicts": [name for name in JOBS if STAGES[_rule(name)] >= 2],
    "figures": [name for name in JOBS if _rule(name) == "figures"],
    "one study": _of_study("ridge_combinations"),
    "two studies": _of_study("two_parameter", "subspace_polynomials"),
}


@pytest.mark.parametrize("part", PARTS)
def test_the_estimate_of_a_recorded_run_is_within_1_5_after_its_first_tenth(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = _play(monkeypatch, AS_RECORDED, PARTS[part])
    assert played.off().max() < 1.5
    assert (np.diff(played.share) >= 0).all()


@pytest.mark.parametrize("slowness", [0.5, 1.0, 2.0, 4.0])
def test_on_a_machine_of_another_speed_it_is_within_1_4(slowness: float, monkeypatch: pytest.MonkeyPatch) -> None:
    played = _play(monkeypatch, {name: slowness * wall for name, wall in LIKE_REFERENCE.items()})
    assert played.off().max() < 1.4
    assert (np.diff(played.share) >= 0).all()


@pytest.mark.parametrize("slowness", [0.5, 2.0])
@pytest.mark.parametrize("when", [0.3, 0.6])
def test_a_change_of_speed_is_made_up_for_after_a_sixth_of_the_run(
    when: float, slowness: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can know of the change before; right after it the estimate is off by the change itself."""
    change = when * sum(LIKE_REFERENCE.values()) / CORES
    played = _play(monkeypatch, LIKE_REFERENCE, speed=lambda now: 1.0 if now < change else 1 / slowness)
    assert played.off(since=change / played.end + 1 / 6).max() < 1.5
    assert played.off().max() < 1.1 * max(slowness, 1 / slowness)
    assert (np.diff(played.share) >= 0).all()


@pytest.mark.parametrize("study", ["multi_index", "subspace_polynomials", "two_parameter", "gradient_hardness"])
def test_a_study_that_was_never_measured_leaves_it_within_1_5(study: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {name: cost for name, cost in COSTS.items() if name.split("/")[1] != study}
    played = _play(monkeypatch, LIKE_REFERENCE, costs=known)
    assert played.off().max() < 1.5
    assert (np.diff(played.share) >= 0).all()


def test_where_nothing_was_ever_measured_it_is_within_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first jobs are all that is known, and they are not like the others: that is the promise without costs."""
    played = _play(monkeypatch, AS_RECORDED, costs={})
    assert played.off().max() < 3.0
    assert (np.diff(played.share) >= 0).all()


def test_the_schedule_keeps_the_order_of_stages_and_fills_the_cores() -> None:
    name = "results/laptop/s/e/{}.zarr.zip"
    train = [Left("train", name.format(f"train/{i}"), 10.0) for i in range(4)]
    analysis, figure = (
        Left("analyse", name.format("analysis"), 5.0),
        Left("figures", "results/laptop/s/figures/f.svg", 3.0),
    )
    assert makespan(train, 2) == 20.0
    assert makespan([figure, analysis, *train], 2) == 28.0
    assert makespan([analysis, Left("train", name.format("train/9"), 7.0, running=True)], 8) == 12.0
    elsewhere = Left("analyse", "results/laptop/s/other/analysis.zarr.zip", 5.0)
    assert makespan([elsewhere, Left("train", name.format("train/9"), 7.0, running=True)], 8) == 7.0
    assert makespan([], 3) == 0.0


def test_the_pace_follows_the_jobs_and_no_single_one() -> None:
    pace = Pace(Costs(COSTS), work=sum(cost.cpu for cost in COSTS.values()))
    for name in JOBS[:100]:
        pace.learn(_path(name), START + 2 * COSTS[name].cpu)
    assert pace.speed == pytest.approx(2.0, rel=0.02)
    longest = max(COSTS, key=lambda name: COSTS[name].cpu)
    pace.learn(_path(longest), 3600.0)  # the lid was closed
    assert pace.speed < 2.6


def test_the_record_has_a_line_every_few_seconds_and_the_last(tmp_path: Path) -> None:
    clock = _Clock()
    record = Record(tmp_path / "time_left.tsv", clock)
    record.note(0.0, None)
    for _ in range(40):
        clock.now += 0.25
        record.note(clock.now / 10.0, 10.0 - clock.now)
    clock.now += 0.25
    record.note(1.0, 0.0)  # the run is whole already
    head, *rows = (tmp_path / "time_left.tsv").read_text().splitlines()
    assert head.split("\t") == ["gone_s", "share", "left_s"]
    assert [row.split("\t") for row in rows] == [
        ["0.2", "0.0250", "9.8"],
        ["5.2", "0.5250", "4.8"],
        ["10.0", "1.0000", "0.0"],
    ]
    Record(tmp_path / "no folder" / "time_left.tsv", clock).note(0.5, 1.0)
