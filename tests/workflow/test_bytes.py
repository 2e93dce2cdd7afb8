"""Same commit, same bytes: in two folders, with one core and two, and after every kind of kill."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import Project

pytestmark = pytest.mark.workflow


def test_another_folder_and_another_number_of_cores_give_the_same_bytes(finished: Project, fresh: Project) -> None:
    done = fresh.launch("--cores", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert fresh.contents() == finished.contents()


def _times(project: Project) -> dict[Path, int]:
    """When each file below the results was written, without what says who holds the lock."""
    files = (path for path in project.folder.glob("results/**/*") if path.is_file() and not path.name.startswith(".l"))
    return {path: path.stat().st_mtime_ns for path in files}


def test_a_second_run_does_nothing(project: Project) -> None:
    """But to remove what a killed process was writing."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    half = project.folder / f".cache/checkpoints/.staged-{socket.gethostname()}-{process.pid}.1.tmp"
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_bytes(b"half")
    before = _times(project)
    done = project.launch()
    assert done.returncode == 0
    assert "3 claims of the sources: 2 supported, 1 not at this scale" in done.stdout
    assert "to do" not in done.stdout
    assert before == _times(project)
    assert not half.exists()


def _start_slow(project: Project) -> subprocess.Popen[str]:
    """A run of many seconds that hears SIGINT, also where whoever started the tests has it ignored."""
    more = {"DEMO_STEP_SECONDS": "0.7", "LEARNABILITY_CHECKPOINT_SECONDS": "0"}
    heard = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", heard, sys.executable, "-m", "learnability.launch", "--cores", "2"]
    return subprocess.Popen(
        command, cwd=project.folder, env={**project.environment, **more}, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip


def _wait_for_checkpoint(project: Project, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not list(project.folder.glob(".cache/checkpoints/*.npz")):
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _pids(project: Project, needle: str) -> list[int]:
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            command = Path(f"/proc/{entry}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            folder = os.readlink(f"/proc/{entry}/cwd")
        except OSError:
            continue
        if folder == str(project.folder) and needle in command and "/bin/bash" not in command:
            found.append(int(entry))
    return found


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs /proc to find the processes to kill")
@pytest.mark.parametrize(
    ("victim", "number"),
    [
        *(("job", number) for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)),
        *(("engine", number) for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)),
        ("everything", signal.SIGKILL),
    ],
)
def test_a_signal_costs_nothing_but_time(
    finished: Project, fresh: Project, victim: str, number: signal.Signals
) -> None:
    process = _start_slow(fresh)
    _wait_for_checkpoint(fresh, process)
    if victim == "everything":
        os.killpg(process.pid, number)
    for pid in _pids(fresh, {"job": "pipeline.run_job train", "engine": "-m snakemake"}.get(victim, "no process")):
        os.kill(pid, number)
    process.communicate(timeout=120)
    assert fresh.contents() != finished.contents()
    done = fresh.launch("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert fresh.contents() == finished.contents()
    assert not list(fresh.folder.glob(".cache/checkpoints/*"))


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs /proc to find the processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda s: s.name)
def test_a_signal_to_the_launcher_alone_leaves_nothing_running(fresh: Project, number: signal.Signals) -> None:
    process = _start_slow(fresh)
    _wait_for_checkpoint(fresh, process)
    process.send_signal(number)
    said = process.communicate(timeout=30)
    if number != signal.SIGKILL:
        assert process.returncode == 128 + number
        assert f"stopped by {number.name}" in "".join(map(str, said))
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and (left := _pids(fresh, "python")):
        time.sleep(0.1)
    assert left == []


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    times = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_flipped_byte_is_named_and_rebuilt(finished: Project, project: Project) -> None:
    """Silent damage (same size, same time) of a training artifact, which no file system and no engine notices."""
    victim = sorted(project.folder.glob("results/laptop/demo/first/train/*/*.zarr.zip"))[0]
    _flip(victim)
    done = project.launch()
    assert done.returncode == 0, done.stdout + done.stderr
    assert victim.name in done.stderr
    assert ": damaged: wrong checksum" in done.stderr
    assert "1 training run, 1 analysis" in done.stdout
    victim.with_name(victim.name + ".damaged").unlink()
    assert project.contents() == finished.contents()


def test_plain_snakemake_names_the_damage_and_rebuilds_on_the_next_call(finished: Project, project: Project) -> None:
    victim = sorted(project.folder.glob("results/laptop/demo/first/train/*/*.zarr.zip"))[0]
    victim.write_bytes(victim.read_bytes()[:-100])
    first = project.snakemake()
    assert first.returncode != 0
    assert victim.name in first.stdout + first.stderr
    second = project.snakemake()
    assert second.returncode == 0, second.stdout + second.stderr
    victim.with_name(victim.name + ".damaged").unlink()
    assert project.contents() == finished.contents()


def test_only_one_run_at_a_time(project: Project) -> None:
    project.edit("src/learnability/studies/demo/walk/train.py", lambda text: text.replace("np.cos", "np.sin"))
    process = _start_slow(project)
    _wait_for_checkpoint(project, process)
    second = project.launch()
    assert second.returncode == 2
    assert "another run is at work" in second.stderr
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)


_TELL_OF_TIMERS = """
import threading as _threading
_start = _threading.Timer.start
def _told(self):
    with open("timers.txt", "a") as file:
        print(self.function, file=file)
    _start(self)
_threading.Timer.start = _told
_threading.Timer(0, print).start()
"""


def test_jobs_that_have_ended_leave_no_timers_in_the_engine(fresh: Project) -> None:
    """Its default limit of jobs per second left one for each of the jobs, which woke it every second."""
    fresh.edit("Snakefile", lambda text: text + _TELL_OF_TIMERS)
    done = fresh.launch("--cores", "2")
    assert done.returncode == 0, done.stderr
    assert set((fresh.folder / "timers.txt").read_text().splitlines()) == {repr(print)}
