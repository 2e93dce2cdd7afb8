"""A process that watches the line ends when the one that holds it dies."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from learnability.pipeline import lifeline

WATCHER = (
    "import time; from learnability.pipeline.lifeline import watch\nwatch(); print('up', flush=True); time.sleep(60)"
)
HOLDER = (
    "import sys, time; from pathlib import Path; from learnability.pipeline.lifeline import held\n"
    "with held(Path(sys.argv[1])):\n    print('up', flush=True); time.sleep(60)"
)


def _start(code: str, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """A process that has come as far as its word."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True, env={**os.environ, **more}
    )
    assert process.stdout is not None
    with process.stdout as words:
        assert words.readline() == "up\n"
    return process


def test_a_watcher_ends_when_the_holder_is_killed(tmp_path: Path) -> None:
    line = tmp_path / "alive"
    holder = _start(HOLDER, str(line))
    watcher = _start(WATCHER, LEARNABILITY_LIFELINE=str(line))
    time.sleep(0.5)
    assert watcher.poll() is None
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert watcher.wait(30) == -signal.SIGTERM


def test_a_line_that_nobody_holds_ends_the_watcher_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    more = {"LEARNABILITY_LIFELINE": str(tmp_path / "alive")}
    command = [sys.executable, "-c", WATCHER]  # it may end before it has said its word
    done = subprocess.run(command, stdout=subprocess.DEVNULL, env={**os.environ, **more}, timeout=30, check=False)
    assert done.returncode == -signal.SIGTERM


def test_without_the_variable_nothing_is_watched() -> None:
    watcher = _start(WATCHER)
    time.sleep(0.5)
    assert watcher.poll() is None
    watcher.kill()
    watcher.wait()


def test_a_file_system_without_pipes_has_its_lifeline_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.mkfifo

    def mkfifo(path: Path) -> None:
        if Path(path).parent == tmp_path:
            raise PermissionError(errno.EPERM, "Operation not permitted", str(path))
        real(path)

    monkeypatch.setattr(os, "mkfifo", mkfifo)
    with lifeline.held(tmp_path / "alive") as path:
        assert path.parent != tmp_path
        assert path.is_fifo()
    assert not path.parent.exists()
