"""One writer at a time; nobody's lock or unfinished file goes while its owner may live; orphans replace nothing."""

import errno
import fcntl
import json
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from learnability.pipeline import lock
from learnability.results.errors import UserError
from learnability.results.integrity import SystemTrouble


def _dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_the_second_run_is_told_who_is_at_work(tmp_path: Path) -> None:
    with (
        lock.writing(tmp_path),
        pytest.raises(UserError, match=f"process {os.getpid()} on") as refused,
        lock.writing(tmp_path),
    ):
        pass
    assert "wait for it to end" in refused.value.remedy
    with lock.writing(tmp_path):
        pass


def _without_flock(monkeypatch: pytest.MonkeyPatch, number: int = errno.ENOSYS) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", fail)


def test_without_flock_a_file_is_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _without_flock(monkeypatch)
    with lock.writing(tmp_path), pytest.raises(UserError, match=f"process {os.getpid()}"), lock.writing(tmp_path):
        pass
    with lock.writing(tmp_path):
        pass


@pytest.mark.parametrize("host", ["here", "elsewhere"])
def test_a_lock_that_a_dead_process_left_is_taken_over_only_on_its_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    _without_flock(monkeypatch)
    name = socket.gethostname() if host == "here" else "another-host"
    (tmp_path / ".lock.owner").write_text(json.dumps({"host": name, "pid": _dead_process(), "since": "then"}))
    if host == "here":
        with lock.writing(tmp_path):
            pass
    else:
        with pytest.raises(UserError, match="another-host") as refused, lock.writing(tmp_path):
            pass
        assert "remove" in refused.value.remedy


@pytest.fixture
def lying(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system whose flock holds on one machine alone, and short times."""
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    monkeypatch.setattr(lock, "_BEAT", 0.05)
    monkeypatch.setattr(lock, "_PATIENCE", 1.0)
    monkeypatch.setattr(lock, "_WRITTEN", 0.05)


def _go_to(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)


@pytest.mark.usefixtures("lying")
def test_a_run_on_another_host_is_seen_where_flock_says_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _go_to("first", monkeypatch)
    with lock.writing(tmp_path):
        _go_to("second", monkeypatch)
        with pytest.raises(UserError, match="on first, since"), lock.writing(tmp_path):
            pass
    with lock.writing(tmp_path):
        pass
    assert not (tmp_path / ".lock.owner").exists()


@pytest.mark.usefixtures("lying")
def test_what_a_host_that_crashed_left_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _go_to("first", monkeypatch)
    with lock.writing(tmp_path):
        left = (tmp_path / ".lock.owner").read_text()
    (tmp_path / ".lock.owner").write_text(left)
    _go_to("second", monkeypatch)
    with lock.writing(tmp_path):
        assert json.loads((tmp_path / ".lock.owner").read_text())["host"] == "second"


@pytest.mark.usefixtures("lying")
def test_a_kill_in_the_moment_of_writing_locks_nobody_out(tmp_path: Path) -> None:
    (tmp_path / ".lock.owner").touch()
    (tmp_path / ".lock.owner.taking").write_text(json.dumps({"host": socket.gethostname(), "pid": _dead_process()}))
    with lock.writing(tmp_path):
        pass
    assert not list(tmp_path.glob("*.taking"))


CROWD = """
import fcntl, os, sys, time
from pathlib import Path
from learnability.pipeline import lock
from learnability.results.errors import UserError

fcntl.flock = lambda *_: None
folder, taken = Path(sys.argv[1]), 0
while taken < 8:
    try:
        with lock.only_one_run(folder / ".lock"):
            os.close(os.open(folder / "inside", os.O_CREAT | os.O_EXCL))  # fails where somebody else is inside
            time.sleep(0.002)
            (folder / "inside").unlink()
            taken += 1
            if taken == 8:
                os._exit(0)  # dies with the lock
    except UserError:
        time.sleep(0.001)
"""


def test_who_was_slow_to_say_that_it_lives_does_not_hold_what_another_took_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "_WRITTEN", 0.05)
    told, rival = tmp_path / ".lock.owner", {"host": socket.gethostname(), "pid": os.getpid(), "since": "meanwhile"}

    def slowly(*_: object) -> None:
        told.unlink()
        told.write_text(json.dumps(rival))
        time.sleep(0.1)

    monkeypatch.setattr(json, "dump", slowly)
    with pytest.raises(UserError, match="since meanwhile"), lock.only_one_run(tmp_path / ".lock"):
        pass
    assert json.loads(told.read_text()) == rival


def test_many_that_come_and_die_are_never_two_at_a_time_without_flock(tmp_path: Path) -> None:
    crowd = [subprocess.Popen([sys.executable, "-c", CROWD, str(tmp_path)]) for _ in range(4)]
    try:
        assert [process.wait(timeout=120) for process in crowd] == [0, 0, 0, 0]
    finally:
        for process in crowd:
            process.kill()
            process.wait()


def test_a_file_system_that_does_not_replace_files_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.replace

    def replace(source: str, target: Path) -> None:
        if Path(target).exists():
            raise FileExistsError(errno.EEXIST, "File exists", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(UserError, match="does not replace a file") as refused, lock.writing(tmp_path):
        pass
    assert "make" in refused.value.remedy
    assert not list(tmp_path.glob("*.owner"))


def test_nothing_needs_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(lock.__file__).parents[1]
    used = [path for path in source.rglob("*.py") if re.search(r"\bos\.link\(|hardlink_to", path.read_text())]
    assert not used


def test_another_failure_of_the_lock_is_named_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _without_flock(monkeypatch, errno.EIO)
    with pytest.raises(SystemTrouble, match="EIO"), lock.writing(tmp_path):
        pass


def test_a_process_of_the_same_number_is_another_one() -> None:
    assert lock.alive(socket.gethostname(), os.getpid())
    assert not lock.alive(socket.gethostname(), os.getpid(), "1")
    assert not lock.alive(socket.gethostname(), _dead_process())
    assert lock.alive("another-host", 1)


def test_a_job_whose_run_was_replaced_by_another_puts_nothing_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder, output = Path("results/laptop"), Path("results/laptop/demo/first/analysis.zarr.zip")
    folder.mkdir(parents=True)
    monkeypatch.setenv(lock.LEASE, "first")
    lock.demand_lease(output)
    with lock.writing(folder, "first"):
        lock.demand_lease(output)
    with lock.writing(folder, "second"), pytest.raises(UserError, match="another run has begun"):
        lock.demand_lease(output)


def test_a_job_that_outlived_its_question_replaces_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lock, "_HELD_BY_ENGINE", ExitStack())
    output, other = (f"results/questions/{name}/times/analysis.zarr.zip" for name in ("one", "two"))
    monkeypatch.setenv(lock.LEASE, "second")
    with lock._HELD_BY_ENGINE:
        lock.hold_for_engine([output])
        monkeypatch.setenv(lock.LEASE, "first")
        lock.demand_lease(Path(other))
        with pytest.raises(UserError, match="another run has begun"):
            lock.demand_lease(Path(output))


@pytest.mark.parametrize(
    ("output", "folder"),
    [
        ("results/laptop/claims.json", "results/laptop"),
        ("/far/results/laptop/demo/first/analysis.zarr.zip", "/far/results/laptop"),
        ("results/questions/one/index.html", "results/questions/one"),
        ("elsewhere/one", None),
        ("results", None),
    ],
)
def test_a_question_has_a_lock_of_its_own(output: str, folder: str | None) -> None:
    assert lock.folder_of(Path(output)) == (Path(folder) if folder else None)


def test_only_files_of_the_dead_are_cleared(tmp_path: Path) -> None:
    host, dead = socket.gethostname(), _dead_process()
    mine, theirs, elsewhere = (f".staged-{one}" for one in (f"{host}-{os.getpid()}", f"{host}-{dead}", f"far-1-{dead}"))
    folders = {f"{mine}.tmp": True, f"{theirs}.tmp": False, f"{elsewhere}.tmp": True}
    files = {
        f"{mine}.1.tmp": True, f"{theirs}.1.tmp": False, f".{theirs}.1.tmp.a_1.tmp": False, f"{elsewhere}.1.tmp": True,
        ".young.x.tmp": True, f"{mine}.2.tmp.old.tmp": True, f"{elsewhere}.2.tmp.old.tmp": False, ".old.x.tmp": False,
    }  # fmt: skip
    for name in folders:
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{theirs}.b.tmp").touch()
    for name in files:
        (tmp_path / name).touch()
        if "old" in name:
            os.utime(tmp_path / name, (time.time() - 3600,) * 2)
    lock.clear_leftovers(tmp_path)
    kept = [name for name, stays in (folders | files).items() if stays]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
    assert all((tmp_path / name / f"{theirs}.b.tmp").exists() for name in kept if name in folders)


def test_what_a_killed_process_was_writing_goes_at_once(tmp_path: Path) -> None:
    """A run that follows a kill within the minute otherwise ends with a file more."""
    code = (
        "import sys, time; from pathlib import Path; from learnability.results.atomic import replacing_among_others\n"
        "with replacing_among_others(Path(sys.argv[1])) as out:\n"
        "    out.write(b'half'); print('up', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "record.json")], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as words:
        assert words.readline() == b"up\n"
    lock.clear_leftovers(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1, "its writer lives"
    process.kill()
    process.wait()
    lock.clear_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []
