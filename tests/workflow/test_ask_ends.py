"""``learnability ask`` starts the engine: whatever ends the command ends the engine and its jobs, too."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import copy_of_the_project
from .test_bytes import _pids

pytestmark = pytest.mark.workflow

LONG = "(z1*z2+z3*z4+z5*z6)^3"
"""Its flows take minutes."""


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs /proc to find the processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda s: s.name)
def test_a_signal_to_the_command_alone_leaves_nothing_running(tmp_path: Path, number: signal.Signals) -> None:
    project = copy_of_the_project(tmp_path / "project")
    command = [sys.executable, "-m", "learnability.cli", "ask", LONG]
    process = subprocess.Popen(
        command, cwd=project.folder, env=project.environment, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 240
    while not _pids(project, '"kind":"times"'):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)
    process.send_signal(number)
    said = process.communicate(timeout=30)[0]
    if number != signal.SIGKILL:
        assert process.returncode == 128 + number
        assert f"stopped by {number.name}" in said
    deadline = time.monotonic() + 6
    while time.monotonic() < deadline and (left := _pids(project, "python")):
        time.sleep(0.1)
    assert left == []
