"""The lock on a real network file system whose ``flock`` holds on one mount alone: one folder, mounted twice by SSHFS.

Two mounts are what two machines are. SSHFS runs here without a network or a daemon, over a pair of sockets.
"""

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server")
HOLD = """
import socket, sys
from pathlib import Path
from learnability.pipeline import lock
from learnability.results.errors import UserError
if sys.argv[3]:
    socket.gethostname = lambda: sys.argv[3]
lock._BEAT, lock._PATIENCE = 0.5, float(sys.argv[2])
try:
    with lock.writing(Path(sys.argv[1]) / "results/laptop"):
        print("holds", flush=True)
        sys.stdin.read()
except UserError as error:
    print("refused:", str(error).splitlines()[1], flush=True)
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Two mounts of one folder."""
    server = next((path for path in SERVERS if Path(path).exists()), "")
    if not (shutil.which("sshfs") and server and Path("/dev/fuse").exists()):
        pytest.skip("needs sshfs, the server of OpenSSH for it, and /dev/fuse")
    (tmp_path / "far").mkdir()
    places, running = (tmp_path / "one", tmp_path / "two"), []
    for place in places:
        place.mkdir()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            running.append(subprocess.Popen([server], stdin=ours, stdout=ours))
            command = ["sshfs", f":{tmp_path}/far", str(place), "-f", "-o", "passive,cache=no"]
            running.append(subprocess.Popen(command, stdin=theirs, stdout=theirs))
    try:
        deadline = time.monotonic() + 10
        while not all(place.is_mount() for place in places):
            if running[1].poll() is not None or time.monotonic() > deadline:
                pytest.skip("sshfs cannot mount here")
            time.sleep(0.05)
        yield places
    finally:
        for process in reversed(running):  # sshfs unmounts when it is asked to end
            process.terminate()
            process.wait(10)


def _start(place: Path, host: str = "", patience: float = 4) -> subprocess.Popen[str]:
    """A run that takes the lock and holds it until its standard input ends."""
    command = [sys.executable, "-c", HOLD, str(place), str(patience), host]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _said(place: Path, host: str = "") -> str:
    return _start(place, host).communicate(timeout=60)[0]


def test_one_run_at_a_time_over_two_mounts_and_two_hosts(mounts: tuple[Path, Path]) -> None:
    one, two = mounts
    with _start(one) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holds\n"
        for place, host in ((one, ""), (two, ""), (two, "another-host")):
            assert _said(place, host).startswith("refused:   problem: another run is at work here")
        holder.send_signal(signal.SIGKILL)
    assert _said(two, "another-host") == "holds\n", "a dead owner gives no signs of life"
    assert _said(one) == "holds\n"


def test_of_many_that_come_at_once_one_holds_the_lock(mounts: tuple[Path, Path]) -> None:
    """Whoever holds it does so until each of the others has spoken, however late that one started."""
    with ExitStack() as stack:
        places = [(mounts[number % 2], ("", "another-host")[number % 2]) for number in range(6)]
        several = [stack.enter_context(_start(*place, patience=30)) for place in places]
        said = [process.stdout.readline() for process in several if process.stdout is not None]
    assert sorted(text.split(":")[0].strip() for text in said) == ["holds"] + ["refused"] * 5
