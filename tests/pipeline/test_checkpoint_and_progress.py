"""Checkpoints survive; progress informs without flooding."""

import io
import os
import time
from pathlib import Path

import numpy as np
import pytest

from learnability.pipeline import progress as progress_module
from learnability.pipeline.checkpoint import FileCheckpoint, drop_unneeded
from learnability.pipeline.progress import Progress, clock
from learnability.results.sections import Section, Sections
from tests.doubles import Context


def test_checkpoint_round_trip_and_removal(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.npz"
    checkpoint = FileCheckpoint(path, seconds=0)
    assert checkpoint.load() is None
    checkpoint.save({"step": np.array(3), "w": np.eye(2), "generator": np.frombuffer(b"abc", np.uint8)})
    state = FileCheckpoint(path).load()
    assert state is not None
    assert int(state["step"]) == 3
    assert state["generator"].tobytes() == b"abc"
    checkpoint.finish()
    assert FileCheckpoint(path).load() is not None  # the scheduler may still call the job failed
    drop_unneeded(tmp_path / "deep", older_than=3600.0)
    assert FileCheckpoint(path).load() is not None
    drop_unneeded(tmp_path / "deep")
    assert FileCheckpoint(path).load() is None
    checkpoint.finish()  # a short job never saved one


def test_a_checkpoint_that_no_job_asks_for_any_more_goes_after_a_week(tmp_path: Path) -> None:
    paths = {days: tmp_path / f"{days}.npz" for days in (6, 8)}
    for days, path in paths.items():
        FileCheckpoint(path).save({"step": np.array(1)})
        os.utime(path, (time.time() - days * 86400,) * 2)
    drop_unneeded(tmp_path)
    assert list(tmp_path.iterdir()) == [paths[6]]


def test_two_loops_of_a_job_do_not_share_a_checkpoint(tmp_path: Path) -> None:
    """The second would take the state of the first for its own: a wrong result, or an error after some seconds."""
    checkpoint = FileCheckpoint(tmp_path / "a.npz", seconds=0)
    sections = Sections(Context(checkpoint=checkpoint), {"a": 1, "b": 1})
    for name in "ab":
        sections.result(name, lambda section: {"seen": np.array(section.load() is not None)})
    assert not any(result["seen"] for result in sections.finished.values())
    with pytest.raises(RuntimeError, match="twice"):
        checkpoint.load()


def test_sections_report_the_share_of_the_whole_work() -> None:
    """A second section that starts at zero would say that nothing is done; so would a resumed job."""

    def halves(section: Section) -> dict[str, np.ndarray]:
        section.progress(1, 2, "half")
        return {}

    context, resumed = Context(), Context()
    sections = Sections(context, {"small": 1, "large": 4})
    sections.result("small", halves)
    sections.result("large", halves)
    assert context.reports == [(0.5, 5, "half"), (1, 5, ""), (3, 5, "half"), (5, 5, "")]
    later = Sections(resumed, {"small": 1, "large": 4})
    later.finished["small"] = {}
    later.result("large", halves)
    assert resumed.reports == [(3, 5, "half"), (5, 5, "")]


def test_a_damaged_checkpoint_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    FileCheckpoint(path).save({"w": np.zeros(1000)})
    path.write_bytes(path.read_bytes()[:500])
    assert FileCheckpoint(path).load() is None


def test_a_checkpoint_with_one_flipped_bit_counts_as_none(tmp_path: Path) -> None:
    """Wherever the bit is: in a header of the zip file, which has no checksum of its own, too."""
    path = tmp_path / "a.npz"
    FileCheckpoint(path).save({"w": np.zeros(3), "step": np.array(7)})
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in (0, 3, 6):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            assert FileCheckpoint(path).load() is None, (place, bit)


def test_a_checkpoint_of_before_there_were_digests_counts_as_none(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", w=np.zeros(3))
    assert FileCheckpoint(tmp_path / "a.npz").load() is None


def test_due_goes_by_the_time_since_the_last_save(tmp_path: Path) -> None:
    assert FileCheckpoint(tmp_path / "a.npz", seconds=0).due()
    assert not FileCheckpoint(tmp_path / "a.npz", seconds=100).due()


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_progress_is_throttled_and_estimates_the_time_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake, terminal = _Clock(), io.StringIO()
    monkeypatch.setattr(progress_module, "time", fake)
    progress = Progress("[train] x", tmp_path / "log", terminal)
    for step in range(1, 36001):  # an hour in steps of a tenth of a second
        fake.now = step / 10
        progress(step, 36000, f"step {step}")
    lines = terminal.getvalue().splitlines()
    assert 100 < len(lines) < 150
    assert lines[0] == "[train] x    0%  step 30, 3s gone, time left unknown"
    assert "[train] x   49%  step 17516, 29m12s gone, 30m48s left" in lines
    assert (tmp_path / "log").read_text().splitlines() == lines


@pytest.mark.parametrize(("seconds", "text"), [(4.4, "4s"), (185, "3m05s"), (7630, "2h07m")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
