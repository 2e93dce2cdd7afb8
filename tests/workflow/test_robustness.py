"""`learnability robustness` on the demo: a run with another root seed in a folder of its own, and the page."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import Project

pytestmark = pytest.mark.workflow


def test_another_root_seed_is_run_beside_the_results_and_compared(project: Project) -> None:
    assert all(claim["refuted_by"] for claim in project.claims() if claim["estimate"] is not None)
    before = project.contents()
    done = project.call(sys.executable, "-m", "learnability.cli", "robustness", "--root-seed", "7", "--cores", "1")
    assert done.returncode == 0, done.stderr
    assert "docs/robustness.md: 3 claims, 0 not decided" in done.stdout
    assert project.contents() == before
    found = json.loads((project.folder / "docs/robustness.json").read_text())
    assert [(other["label"], other["claims"]) for other in found["others"]] == [("root seed 7", 3)]
    there = project.folder / ".cache/robustness/root-seed-7/results/laptop"
    assert (there / "claims.json").read_bytes() != (project.folder / "results/laptop/claims.json").read_bytes()
    assert not list(there.glob("*/figures/*")), "a verdict needs no picture"
    assert "root_seed: 7" in (there.parents[1] / "config/config.yaml").read_text()
    assert [row["id"] for row in found["alarms"]] == ["demo/positive"]


def _running_in(folder: Path) -> list[str]:
    """The processes that work in a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(entry / "cwd") == str(folder):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs /proc to find the processes")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_the_run_beside_ends_with_the_command(project: Project, number: signal.Signals) -> None:
    there = project.folder / ".cache/robustness/root-seed-7"
    command = [sys.executable, "-m", "learnability.cli", "robustness", "--root-seed", "7", "--cores", "1"]
    environment = {**project.environment, "DEMO_STEP_SECONDS": "3"}
    process = subprocess.Popen(command, cwd=project.folder, env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 240
    while not any("run_job train" in line for line in _running_in(there)):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(number)
    process.wait(timeout=30)
    deadline = time.monotonic() + 30
    while left := _running_in(there):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
