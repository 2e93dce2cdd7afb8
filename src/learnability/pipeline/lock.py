"""The lock of a working directory: one run, or one restore, at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from learnability.results.errors import UserError


@contextmanager
def only_one_run(path: Path) -> Iterator[int]:
    """Hold the lock of the working directory; the system lets go of it when the process dies, however it dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            problem = "another run is at work in this directory"
            raise UserError(str(path.parent.parent), problem, remedy="wait for it to end, or stop it") from None
        yield stream.fileno()
