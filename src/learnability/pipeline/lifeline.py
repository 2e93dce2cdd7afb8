"""A line that a job holds on to: when whoever started the run dies, however it dies, the job ends too.

``make figures`` makes a named pipe and keeps its writing end open; the system closes that end with the process. A job,
the workflow engine, or the launcher of a run in another folder, waits for the end of the pipe in a thread; the engine
ends its jobs, too, by force where asking does not help. A job has Linux itself send the signal: a thread would wait for
compiled code, which may hold the interpreter for long. Where the variable is not set (plain Snakemake, a node of a
cluster) nothing is watched: a pipe ends at the host, and a job of a scheduler outlives the head on purpose.

``make`` holds no such line: whoever it called watches whether it is still the parent.
"""

import fcntl
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

VARIABLE = "LEARNABILITY_LIFELINE"
ALONE = "LEARNABILITY_LIFELINE_ALONE"
"""Set where jobs run elsewhere: the engine watches, and hands neither variable on."""


@contextmanager
def held(path: Path) -> Iterator[Path]:
    """Hold the writing end; those who watch end when this process does, or when the block is left."""
    path.unlink(missing_ok=True)
    with ExitStack() as stack:
        try:
            os.mkfifo(path)
        except OSError:  # no pipes on this file system
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="learnability."))) / path.name
            os.mkfifo(path)
        descriptor = os.open(path, os.O_RDWR)  # for writing alone, opening would wait for a reader
        stack.callback(os.close, descriptor)
        stack.callback(path.unlink, missing_ok=True)
        yield path


_GRACE = 3.0  # seconds that jobs have to end by themselves once they were asked to
_POLL = 0.5  # seconds between two looks at the parent
_SET_SIGNAL = 10  # F_SETSIG of Linux, which Python's module does not name


def watch() -> None:
    """Ask this process to terminate as soon as the writing end is closed."""
    _start(os.environ.get(VARIABLE, ""), _ask)


@cache
def watch_with_jobs() -> None:
    """As :func:`watch`, with the whole group of processes that this one leads: first by asking, then by force.

    So it also ends when it is asked itself: the engine would wait for its jobs, which may take hours. Call it in the
    main thread; a second call does nothing.
    """
    name = os.environ.get(VARIABLE, "")
    if os.environ.pop(ALONE, ""):
        del os.environ[VARIABLE]
    if not name or os.getpgrp() != os.getpid():
        _start(name, _ask)
        return
    _start(name, _end_group)
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)  # whatever handlers the engine sets
    threading.Thread(target=_wait_for_signal, args=(told,), daemon=True, name="signals").start()


def watch_at_once() -> None:
    """As :func:`watch`, whatever this process computes; for one that leaves the signal its meaning."""
    name = os.environ.get(VARIABLE)
    if not name or not hasattr(fcntl, "F_SETOWN") or not os.path.isdir("/proc/self"):
        watch()
        return
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(descriptor, _SET_SIGNAL, signal.SIGTERM)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_ASYNC)
    except OSError:
        pass  # the thread sees to it
    watch()  # also where the end was closed before the system was asked


def watch_make() -> None:
    """Ask this process to terminate when the ``make`` that called it dies.

    One that is called by a shell may outlive it, as ``nohup`` has it.
    """
    parent = os.getppid()
    try:
        with open(f"/proc/{parent}/comm", encoding="utf-8") as stream:
            called = stream.read().strip() in ("make", "gmake", "gnumake")
    except OSError:
        return
    if called:
        threading.Thread(target=_wait_for_other_parent, args=(parent,), daemon=True, name="make").start()


def _wait_for_other_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL)
    _ask()


def _wait_for_signal(told: int) -> None:
    while os.read(told, 1)[0] not in (signal.SIGTERM, signal.SIGINT):
        pass
    _end_group()


def _ask() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _end_group() -> None:
    os.killpg(os.getpgrp(), signal.SIGTERM)
    time.sleep(_GRACE)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _start(name: str, end: Callable[[], None]) -> None:
    if name:
        threading.Thread(target=_wait, args=(name, end), daemon=True, name="lifeline").start()


def _wait(name: str, end: Callable[[], None]) -> None:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK)  # without a writer, opening must not wait
        os.set_blocking(descriptor, True)
        while os.read(descriptor, 1):
            pass
    except FileNotFoundError:
        pass  # the run is over already
    except OSError:
        return  # no pipes here: better not watched than ended for nothing
    end()
