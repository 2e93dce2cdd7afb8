"""The device of a training: what was asked for, else what was measured to be faster."""

import argparse
import json
from pathlib import Path

import pytest
import torch
from rich.console import Console

from learnability import launch
from learnability.pipeline import devices, stages
from learnability.pipeline.job_table import JobTable
from learnability.results.errors import UserError

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "workflow").mkdir()
    monkeypatch.chdir(tmp_path)


def _measure(cuda: float, cpu: float) -> None:
    seconds = {"multi_index/staircase": {"cuda": cuda, "cpu": cpu}}
    devices.FILE.write_text(json.dumps({"measured_on": "a card", "seconds": {"laptop": seconds}}))


def _picked(wanted: str, found: bool, monkeypatch: pytest.MonkeyPatch, allowed: bool = True) -> str:
    monkeypatch.setenv("LEARNABILITY_DEVICE", wanted)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: found)
    return stages.pick_device(allowed, "multi_index", "staircase", "laptop")


def test_auto_takes_what_was_measured_to_be_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _picked("auto", True, monkeypatch) == "cpu", "nothing was measured"
    _measure(cuda=1.0, cpu=2.0)
    assert _picked("auto", True, monkeypatch) == "cuda"
    assert _picked("auto", False, monkeypatch) == "cpu"
    assert _picked("auto", True, monkeypatch, allowed=False) == "cpu"
    for cuda in (1.5, 2.5):  # every core has a job at the same time
        _measure(cuda=cuda, cpu=2.0)
        assert _picked("auto", True, monkeypatch) == "cpu"
    devices.FILE.write_text("no table")
    assert _picked("auto", True, monkeypatch) == "cpu"


def test_cuda_is_taken_whatever_was_measured_and_missed_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    _measure(cuda=2.0, cpu=1.0)
    assert _picked("cuda", True, monkeypatch) == "cuda"
    assert _picked("cpu", True, monkeypatch) == "cpu"
    with pytest.raises(UserError, match="sees no CUDA device"):
        _picked("cuda", False, monkeypatch)


@pytest.mark.parametrize(
    ("device", "cuda", "asked"), [("auto", 1.0, 1), ("auto", 3.0, 0), ("cuda", 3.0, 1), ("cpu", 1.0, 0)]
)
def test_a_scheduler_is_asked_for_a_gpu_only_where_one_will_be_used(device: str, cuda: float, asked: int) -> None:
    _measure(cuda=cuda, cpu=2.0)
    table = JobTable(ROOT / "config", {"device": device, "studies": "multi_index"})
    assert table.wants_gpu("multi_index", "staircase", "laptop") == bool(asked)
    assert table.wants_gpu("multi_index", "staircase", "paper") == (device == "cuda"), "that scale was not measured"
    assert not table.wants_gpu("multi_index", "monotone", "laptop"), "it cannot use one"


def test_what_auto_rests_on_is_said() -> None:
    assert "nothing of the scale laptop was measured" in devices.described("laptop")
    _measure(cuda=1.0, cpu=2.0)
    assert "1 of the 1 experiments measured on a card" in devices.described("laptop")
    assert "nothing of the scale paper was measured" in devices.described("paper")


def test_a_run_that_asks_for_cuda_where_there_is_none_is_refused_before_it_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One message in place of one for each job; jobs of a profile run elsewhere and see for themselves."""
    (tmp_path / "config").symlink_to(ROOT / "config")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(launch.surroundings, "demand_own_source", lambda: None)
    arguments = argparse.Namespace(scale="smoke", studies="", device="cuda", cores="1", profile="", figure="")
    with pytest.raises(UserError, match="sees no CUDA device"):
        launch.run(arguments, Console())
    assert not (tmp_path / "results").exists()
