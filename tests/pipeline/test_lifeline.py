"""A process that watches the line ends when the one that holds it dies."""

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from learnability.pipeline import lifeline
from learnability.pipeline.lock import alive

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


def _demand_end_with_holder(folder: Path, code: str, seconds: float) -> None:
    """A process that watches the line of another runs on with it, and ends by SIGTERM once it is killed."""
    line = folder / "alive"
    holder = _start(HOLDER, str(line))
    watcher = _start(code, LEARNABILITY_LIFELINE=str(line))
    time.sleep(0.5)
    assert watcher.poll() is None
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert watcher.wait(seconds) == -signal.SIGTERM


def test_a_watcher_ends_when_the_holder_is_killed(tmp_path: Path) -> None:
    _demand_end_with_holder(tmp_path, WATCHER, 30)


@pytest.mark.parametrize("leads", [True, False])
def test_an_engine_whose_jobs_run_elsewhere_watches_and_hands_the_line_on_to_none(tmp_path: Path, leads: bool) -> None:
    """On the node of a job nobody holds the pipe: it would end as it began."""
    code = (
        "import os, time; from learnability.pipeline.lifeline import watch_with_jobs\n"
        "watch_with_jobs(); assert not [name for name in os.environ if 'LIFELINE' in name]\n"
        "print('up', flush=True); time.sleep(60)"
    )
    line = tmp_path / "alive"
    holder = _start(HOLDER, str(line))
    more = {"LEARNABILITY_LIFELINE": str(line), "LEARNABILITY_LIFELINE_ALONE": "1"}
    engine = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=leads,
        env={**os.environ, **more},
    )  # fmt: skip
    assert engine.stdout is not None
    with engine.stdout as words:
        assert words.readline() == "up\n"
    holder.kill()
    holder.wait()
    assert engine.wait(20) == -signal.SIGTERM


def test_a_line_that_nobody_holds_ends_the_watcher_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    more = {"LEARNABILITY_LIFELINE": str(tmp_path / "alive")}
    command = [sys.executable, "-c", WATCHER]  # it may end before it has said its word
    done = subprocess.run(command, stdout=subprocess.DEVNULL, env={**os.environ, **more}, timeout=30, check=False)
    assert done.returncode == -signal.SIGTERM


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux sends the signal by itself")
def test_a_job_in_compiled_code_that_holds_the_interpreter_ends_too(tmp_path: Path) -> None:
    code = (
        "import ctypes, time; from learnability.pipeline.lifeline import watch_at_once\n"
        "watch_at_once(); time.sleep(0.2); print('up', flush=True); ctypes.PyDLL(None).sleep(40)"
    )
    _demand_end_with_holder(tmp_path, code, 10)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")
@pytest.mark.parametrize("asked", [None, signal.SIGTERM, signal.SIGINT], ids=["launcher dies", "SIGTERM", "SIGINT"])
def test_the_engine_ends_with_its_jobs_by_force_where_asking_does_not_help(
    tmp_path: Path, asked: signal.Signals | None
) -> None:
    job = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('job', flush=True); time.sleep(60)"
    code = (
        "import signal, subprocess, sys, time; from learnability.pipeline.lifeline import watch_with_jobs\n"
        "job = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE)\n"
        "job.stdout.readline(); watch_with_jobs()\n"
        "for number in (signal.SIGTERM, signal.SIGINT):\n"
        "    signal.signal(number, lambda *_: None)  # it waits for its jobs\n"
        "print('up', job.pid, flush=True); job.wait()"
    )
    line = tmp_path / "alive"
    holder = _start(HOLDER, str(line))
    engine = subprocess.Popen(
        [sys.executable, "-c", code, job], stdout=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "LEARNABILITY_LIFELINE": str(line)},
    )  # fmt: skip
    assert engine.stdout is not None
    with engine.stdout as words:
        pid = int(words.readline().split()[1])
    if asked:
        engine.send_signal(asked)
    else:
        holder.kill()
    assert engine.wait(20) == -signal.SIGKILL
    holder.kill()
    holder.wait()
    deadline = time.monotonic() + 5
    while alive(socket.gethostname(), pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(socket.gethostname(), pid)


@pytest.mark.skipif(shutil.which("make") is None or not os.path.isdir("/proc/self"), reason="needs make and /proc")
def test_what_make_called_ends_with_make_and_not_with_a_shell(tmp_path: Path) -> None:
    code = "from learnability.pipeline.lifeline import watch_make; import os, time; watch_make()"
    (tmp_path / "called.py").write_text(f"{code}\nprint(os.getpid(), flush=True); time.sleep(30)\n")
    (tmp_path / "Makefile").write_text(f"all:\n\t@{sys.executable} called.py\n")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    for command, ends in ((["make"], True), (["sh", "-c", f"{sys.executable} called.py; true"], False)):
        caller = subprocess.Popen(command, cwd=tmp_path, env=plain, stdout=subprocess.PIPE, text=True)
        assert caller.stdout is not None
        called = int(caller.stdout.readline())
        caller.kill()
        caller.wait()
        caller.stdout.close()
        deadline = time.monotonic() + (10 if ends else 2)
        while alive(socket.gethostname(), called) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert alive(socket.gethostname(), called) != ends
        if not ends:
            os.kill(called, signal.SIGKILL)


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
