"""Who may write: one run, or one restore, at a time in a working directory and in the results of a scale.

The lock of a scale stands with its results (``results/<scale>/.lock``), so that two checkouts that share results, or
the launcher and plain Snakemake, see one another. Beside it the *lease* (``.lease``) names the run that has the right
to write: a job compares before it puts its result in place, so that one that outlived its run, on this machine or
another, replaces nothing.

``flock`` is let go of by the system when the process dies, however it dies. Where a file system has none, or has one
that holds on one machine alone (some mounts of NFS and Lustre), the file that names host and process is the lock: only
one can create it. It counts as left behind when its process is gone from this host; a process on another host touches
it every few seconds, and whoever meets it watches for that.
"""

import atexit
import errno
import fcntl
import json
import os
import secrets
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from learnability.results import journal
from learnability.results.atomic import replacing_among_others, staging_owner
from learnability.results.errors import UserError, make_figures
from learnability.results.integrity import SystemTrouble

LEASE = "LEARNABILITY_LEASE"
"""The variable that carries the id of a run to its jobs."""

_BUSY = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
_NO_LOCKS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL)
_NO_REPLACING = (*_NO_LOCKS, errno.EEXIST, errno.ENOTEMPTY, errno.EXDEV)
_ENDING = 20.0  # seconds that the engine of a killed launcher may need to end
_BEAT = 5.0  # seconds between two signs of life
_PATIENCE = 30.0  # seconds in which a living owner gives one, also over a slow network
_WRITTEN = 1.0  # seconds in which a file of one line is written
_ONE_GO = 60.0  # seconds in which a file is written
ABANDONED = 7 * 24 * 3600.0  # seconds; no job may run as long


def new_lease() -> str:
    """An id for a run."""
    return secrets.token_hex(8)


def _facts(pid: int) -> list[str]:
    """What Linux says of a process, from its state on; nothing where the system does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _started(pid: int) -> str:
    """When a process of this host started, in the system's own unit; empty where the system does not tell."""
    return (_facts(pid)[19:20] or [""])[0]


def alive(host: str, pid: int, started: str = "") -> bool:
    """Whether a process may still live: on another host nobody can tell, so it may."""
    if host != socket.gethostname():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    if _facts(pid)[:1] in (["Z"], ["X"]):
        return False  # dead, and its parent has not asked yet
    return not started or _started(pid) in ("", started)


def myself(lease: str) -> dict[str, Any]:
    """What a lock says of the process that holds it."""
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    return {
        "lease": lease, "host": socket.gethostname(), "pid": os.getpid(), "started": _started(os.getpid()),
        "since": since, "beats": True,
    }  # fmt: skip


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _busy(folder: Path, owner: dict[str, Any]) -> UserError:
    who = "{pid} on {host}, since {since}".format(**{"pid": "?", "host": "?", "since": "?", **owner})
    problem = f"another run is at work here (process {who})" if owner else "another run is at work here"
    return UserError(str(folder), problem, remedy="wait for it to end, or stop it")


def _pulse(path: Path) -> tuple[int, int, bytes] | None:
    """What changes while the owner of a lock lives; None where there is none. Opening asks a network for news."""
    try:
        with path.open("rb") as stream:
            state = os.fstat(stream.fileno())
            return state.st_ino, state.st_mtime_ns, stream.read()
    except OSError:
        return None


def _still_beats(path: Path, owner: Mapping[str, Any]) -> bool:
    """Whether the owner on another host gives a sign of life within :data:`_PATIENCE` seconds."""
    print(f"learnability: a run on {owner.get('host')} may be at work here: watching it for {_PATIENCE:g} s",
          file=sys.stderr)  # fmt: skip
    first, deadline = _pulse(path), time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if (now := _pulse(path)) is None:
            return False
        if now != first:
            return True
        time.sleep(min(0.2, _BEAT / 4))
    return False


def _is_held(path: Path, owner: Mapping[str, Any]) -> bool:
    """Whether the process that a lock names may live; one on another host shows it by signs of life."""
    if not owner:  # being written, or left behind by a kill in the moment of writing
        time.sleep(_WRITTEN)
        return _read(path) != {}
    host, pid = str(owner.get("host")), int(owner.get("pid", 0))
    if host == socket.gethostname() or not owner.get("beats"):
        return alive(host, pid, str(owner.get("started", "")))
    return _still_beats(path, owner)


def _create(path: Path, owner: Mapping[str, Any]) -> None:
    """Write who holds the lock into a file that only one can create, on every file system.

    What a dead process left is taken over by the one who can create a second file for that.
    """
    taking = path.with_name(f"{path.name}.taking")
    for _ in range(2):
        if _exclusive(path, owner):
            return
        judged, found = _pulse(path), _read(path)
        if _is_held(path, found):
            error = _busy(path.parent, found)
            error.remedy += f"; if that process is gone for certain, remove {path}"
            raise error
        if not _exclusive(taking, owner):
            rival = _read(taking)
            if not rival or alive(str(rival.get("host")), int(rival.get("pid", 0)), str(rival.get("started", ""))):
                raise _busy(path.parent, rival)
            taking.unlink(missing_ok=True)
            continue
        try:
            if _pulse(path) == judged:  # nobody else took it over, and nobody new came
                path.unlink(missing_ok=True)
        finally:
            taking.unlink(missing_ok=True)
    if not _exclusive(path, owner):
        raise _busy(path.parent, _read(path))


def _exclusive(path: Path, content: Mapping[str, Any]) -> bool:
    """Create a file that says this; whether it was not there yet.

    Who takes long to write it may have been taken for dead by one who found the file empty, and looks once more.
    """
    begun = time.monotonic()
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as stream:
        json.dump(content, stream)
    if time.monotonic() - begun < _WRITTEN / 2:
        return True
    time.sleep(2 * _WRITTEN)
    return _read(path) == content


@contextmanager
def _signs_of_life(path: Path, owner: Mapping[str, Any]) -> Iterator[None]:
    """Touch the file that names this process every few seconds, for those on other hosts; then remove it."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(_BEAT):
            with suppress(OSError):
                if _read(path) == owner:  # another may have taken over while this process was stopped
                    os.utime(path)

    thread = threading.Thread(target=beat, daemon=True, name="signs of life")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        if _read(path) == owner:
            path.unlink(missing_ok=True)


def _take(stream: TextIO, told: Path) -> None:
    """Take the lock. The engine of a killed launcher holds it on for the seconds that it needs to end: wait for it."""
    deadline = time.monotonic() + _ENDING
    while True:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            owner = _read(told)
            gone = owner and not alive(str(owner.get("host")), int(owner.get("pid", 0)), str(owner.get("started", "")))
            if error.errno not in _BUSY or not gone or time.monotonic() > deadline:
                raise
        time.sleep(0.2)


@contextmanager
def only_one_run(path: Path, lease: str = "") -> Iterator[int]:
    """Hold the lock at ``path``; a file descriptor that keeps it held. Raises UserError that names who holds it."""
    owner, told = myself(lease), path.with_name(f"{path.name}.owner")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("a")
    except OSError as error:
        raise SystemTrouble(error, "taking the lock", path) from None
    with stream:
        try:
            _take(stream, told)
        except OSError as error:
            if error.errno in _BUSY:
                raise _busy(path.parent, _read(told)) from None
            if error.errno not in _NO_LOCKS:
                raise SystemTrouble(error, "taking the lock", path) from None
        try:
            _create(told, owner)
        except OSError as error:
            raise SystemTrouble(error, "taking the lock", told) from None
        with _signs_of_life(told, owner):
            yield stream.fileno()


def folder_of(output: Path) -> Path | None:
    """The folder whose lock and lease an output stands under; None for one that is not below ``results/``.

    That is ``results/<scale>``, or for the answer to a question ``results/questions/<name>``.
    """
    parts = output.parts
    if "results" not in parts[:-1]:
        return None
    place = parts.index("results") + 1
    return Path(*parts[: place + (2 if parts[place] == "questions" else 1)])


def _lease_file(folder: Path) -> Path:
    return folder / ".lease"


def take_lease(folder: Path, lease: str) -> None:
    """Say that the run ``lease`` has the right to write into ``folder``; call it with the lock held.

    Raises UserError on a file system that cannot replace a file in one step: everything else rests on that.
    """
    try:
        for _ in range(2):  # the second time over another file
            with replacing_among_others(_lease_file(folder)) as out:
                out.write(json.dumps(myself(lease)).encode())
    except OSError as error:
        if error.errno not in _NO_REPLACING:
            raise SystemTrouble(error, "taking the lease", _lease_file(folder)) from None
        problem = f"this file system does not replace a file by another in one step ({os.strerror(error.errno or 0)})"
        remedy = f"keep the results on another one, and make {folder} a link to the folder there"
        raise UserError(str(folder), problem, remedy=remedy) from None


def holds_lease(folder: Path, lease: str) -> bool:
    """Whether the run ``lease`` has the right to write into ``folder``; so has everyone where no run has claimed it."""
    found = _read(_lease_file(folder)).get("lease")
    return found is None or found == lease


def demand_lease(output: Path) -> None:
    """Raise UserError when another run has begun since the run of this job: its result must not replace a newer one.

    A job without the variable was started by hand, and may write.
    """
    lease = os.environ.get(LEASE, "")
    folder = folder_of(output)
    if lease and folder is not None and not holds_lease(folder, lease):
        other = _read(_lease_file(folder))
        problem = f"not put in place: another run has begun there since ({other.get('since')}, process "
        problem += f"{other.get('pid')} on {other.get('host')})"
        raise UserError(str(output), problem, remedy="nothing is lost: the newer run makes it")


@contextmanager
def writing(folder: Path, lease: str = "") -> Iterator[int]:
    """Hold the lock and the lease of ``results/<scale>``."""
    lease = lease or new_lease()
    with only_one_run(folder / ".lock", lease) as descriptor:
        take_lease(folder, lease)
        yield descriptor


def demand_whole(results: Path, what: str = "a restore") -> None:
    """Raise UserError when a change of these results was interrupted: until it is ended, they are a mixture."""
    if journal.place(results).is_file():
        remedy = f"run {make_figures(results)}, which ends it"
        raise UserError(str(results), f"{what} was interrupted half-way", remedy=remedy)


_HELD_BY_ENGINE = ExitStack()
atexit.register(_HELD_BY_ENGINE.close)


def hold_for_engine(outputs: Iterable[str]) -> None:
    """Take lock and lease of whatever plain Snakemake is about to write, for as long as its process lives.

    Each scale has a lock, and so has each question. What the run of this process holds already (the launcher started
    it, or it is a part of a run on another node) is left alone. Where they cannot be had, prints why and raises
    SystemExit.
    """
    found = (folder_of(Path(output)) for output in outputs if output.startswith("results/"))
    folders = {folder for folder in found if folder is not None}
    lease = os.environ[LEASE]
    try:
        for folder in sorted(folders):
            if _read(_lease_file(folder)).get("lease") != lease:
                _HELD_BY_ENGINE.enter_context(writing(folder, lease))
    except UserError as error:
        print(error.render(), file=sys.stderr)
        sys.stderr.flush()
        raise SystemExit(2) from None


def clear_leftovers(results: Path, below: bool = True) -> None:
    """Remove half-written files and folders whose writers are gone.

    Those of this host go as soon as their process has. Of a process elsewhere nobody can tell: a file, which is written
    in one go by a process that holds the lock, goes after a minute; a folder, which a job fills, when no job may run
    as long. Without ``below`` only the folder itself is looked at. Call it with the lock held.
    """
    for parent, folders, files in os.walk(results):  # what vanishes meanwhile is no error
        for path in (
            Path(parent, name) for name in (*folders, *files) if name.startswith(".") and name.endswith(".tmp")
        ):
            with suppress(OSError):  # gone already, or not ours to remove
                if _is_abandoned(path):
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        folders[:] = [name for name in folders if below and not staging_owner(Path(name))]  # files go with their folder


def _is_abandoned(path: Path) -> bool:
    """Whether nobody will put in place what is being written here."""
    owner = staging_owner(path)
    here = owner is not None and owner[0] == socket.gethostname()
    patience = ABANDONED if here or path.is_dir() else _ONE_GO
    return time.time() - path.stat().st_mtime > patience or (owner is not None and not alive(*owner))
