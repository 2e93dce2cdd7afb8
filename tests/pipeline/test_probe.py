"""The estimate of a training's cost from its first seconds."""

import json
from pathlib import Path

import pytest

from learnability.pipeline import probe
from learnability.pipeline.job_table import JobTable
from learnability.pipeline.jobs import jobs

ROOT = Path(__file__).parents[2]


class _Clock:
    """CPU seconds that pass when they are told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(probe.time, "process_time", lambda: self.now)


def _listen(clock: _Clock, reports: list[tuple[float, float]], seconds: float) -> tuple[float, int]:
    """What is expected of a training that reports (time, share), and how many reports it took."""
    listener = probe._Listener({}, range(1), seconds)
    for count, (time, share) in enumerate(reports, 1):
        clock.now = time
        try:
            listener.progress(share, 1.0)
        except probe.Enough:
            return listener.shares.expected, count
    raise AssertionError("the listener has not had enough")


def test_what_comes_before_the_first_report_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine seconds of compilation, then a share of one in a thousand a second: 9 + 1000 seconds, not 9 / share."""
    reports = [(9.0, 0.0), (9.001, 1e-6), *((9.0 + k, 1e-3 * k) for k in range(1, 20))]
    expected, count = _listen(_Clock(monkeypatch), reports, 6.0)
    assert expected == pytest.approx(1009.0, rel=1e-9)
    assert count == 2 + 7  # the first report more than six seconds after the first share


def test_a_share_that_does_not_grow_says_nothing_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = [(1.0, 0.1), (8.0, 0.1), (9.0, 0.1), (11.0, 0.2)]
    expected, count = _listen(_Clock(monkeypatch), reports, 6.0)
    assert (expected, count) == (pytest.approx(11.0 + 0.8 * 100.0), 4)


def test_a_real_training_is_probed_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that ends before the probe does costs what it took; one that cannot run costs nobody knows what."""
    monkeypatch.chdir(ROOT)
    table = JobTable(Path("config"), {"scale": "smoke", "studies": "two_parameter"})
    job = next(job for job in jobs(table) if job.rule == "train" and "/spheres/" in job.outputs[0])
    found = probe.probe_apart(job.parameters, 60.0)
    assert found is not None
    assert 0 < found.cpu < 60
    assert found.memory > 50
    broken = json.dumps({**json.loads(job.parameters), "kind": "nothing"})
    assert probe.probe_apart(broken, 1.0) is None
