"""The workflow engine as a process that ends, with its jobs, when whoever started it ends, however that ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

from learnability.results.errors import UserError

_EVERYONES_LIMIT = (100, 1.0)
"""Jobs in so many seconds: the engine's default for whoever names no limit."""
_GRACE = 3.0  # seconds that engine and jobs have to end by themselves once they were asked to


def drop_default_limit(scheduler: Any) -> None:
    """Take the default limit of jobs per second from the engine's scheduler; one that was named stays.

    While there is a limit, every job that ends leaves a timer behind that wakes the scheduler each second to the end of
    the run (seen in Snakemake 9). Call it when the scheduler is there and has not begun: in ``onstart``.
    """
    limit = getattr(scheduler, "job_rate_limiter", None)
    if limit is not None and (limit.max_jobs, limit.timespan) == _EVERYONES_LIMIT:
        scheduler.job_rate_limiter = None


def count_of_cores(text: str) -> int:
    """The number of cores that ``all`` or a number means. Raises UserError."""
    if text == "all":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 4096:
        allowed, remedy = "a whole number from 1 to 4096, or all", "leave it out: all cores are used then"
        raise UserError("--cores (CORES in make)", f"{text!r} is not a number of cores", allowed, remedy)
    return int(text)


class Stopped(Exception):
    """A signal asks the run to end; ``number`` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def told(self) -> int:
        """Say so in the terminal; the exit status that belongs to it."""
        name = signal.Signals(self.number).name
        print(
            f"\nlearnability: stopped by {name}. Results so far are kept; the same command goes on from here.",
            file=sys.stderr,
        )
        return 128 + self.number


def _stop(number: int, frame: object) -> None:
    raise Stopped(number)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Within the block, SIGINT, SIGTERM and SIGHUP raise :class:`Stopped`."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def started(
    command: Sequence[str], environment: Mapping[str, str], stdout: IO[bytes], pass_fds: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Start the engine in a session of its own; when the block is left, it and its jobs end."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        pass_fds=tuple(pass_fds),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the engine and its jobs, which are in one process group: by asking, then by force."""
    for name in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, name)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + _GRACE
        while time.monotonic() < deadline:
            process.poll()
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)
