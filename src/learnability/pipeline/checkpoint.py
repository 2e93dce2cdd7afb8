"""Checkpoints of long training jobs: outside the declared outputs, replaced atomically.

A job that is done marks its checkpoint as finished and keeps it: a scheduler may still call the job failed (its time
ran out as it ended) and remove its output, and the next attempt then goes on from the last state. Finished checkpoints
go when a run is complete, and after a day; unfinished ones after a week: when the code or the target of a job changed,
no job asks for its checkpoint any more.
"""

import contextlib
import hashlib
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from learnability.pipeline.lock import ABANDONED
from learnability.results.atomic import replacing_among_others

_SECONDS = "LEARNABILITY_CHECKPOINT_SECONDS"
_FINISHED = ".finished"
FOLDER = Path(".cache/checkpoints")
_DIGITS = 64


def _digest(stream: BinaryIO) -> bytes:
    """The SHA-256 of what follows the digest, in hexadecimal."""
    stream.seek(_DIGITS)
    found = hashlib.sha256()
    while block := stream.read(2**20):
        found.update(block)
    return found.hexdigest().encode()


class FileCheckpoint:
    """One file: the SHA-256 of an ``.npz``, and the ``.npz``.

    A damaged file, or one without a digest, counts as none: the job then starts afresh and gives the same bytes. The
    checksums of a zip file would not do: they leave out its headers, where a flipped bit may hide an array.

    A checkpoint saves time and nothing else: where it cannot be written (a full or read-only disk), the job says so
    once and goes on. A job reads it once: two loops that read the same one would each take the other's state for
    their own, so that several loops share it through :class:`~learnability.results.sections.Sections`.
    """

    def __init__(self, path: Path, seconds: float | None = None) -> None:
        self._path, self._finished = path, path.with_suffix(_FINISHED)
        self._seconds = float(os.environ.get(_SECONDS, "20")) if seconds is None else seconds
        self._last = time.monotonic()
        self._told = False
        self._read = False

    def load(self) -> dict[str, np.ndarray] | None:
        """The last saved state; None where there is none or it is damaged. Raises RuntimeError the second time."""
        if self._read:
            raise RuntimeError(
                f"the checkpoint {self._path} is read twice in one job: give each loop a section of it "
                "(learnability.results.sections)"
            )
        self._read = True
        for path in (self._path, self._finished):
            try:
                with path.open("rb") as stream:
                    if stream.read(_DIGITS) != _digest(stream):
                        continue
                    stream.seek(_DIGITS)
                    with np.load(stream, allow_pickle=False) as stored:
                        return {name: stored[name] for name in stored.files}
            except OSError:
                continue
        return None

    def due(self) -> bool:
        return time.monotonic() - self._last >= self._seconds

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        try:
            with replacing_among_others(self._path) as stream:
                stream.write(bytes(_DIGITS))
                np.savez(stream, **{name: np.asarray(value) for name, value in state.items()})  # type: ignore[arg-type]
                digest = _digest(stream)
                stream.seek(0)
                stream.write(digest)
        except OSError as error:
            if not self._told:
                print(f"no checkpoint: {self._path}: {error.strerror}; the job goes on without", file=sys.stderr)
            self._told = True
        self._last = time.monotonic()

    def finish(self) -> None:
        """Mark the state as that of a finished job; called when the artifact is in place."""
        with contextlib.suppress(OSError):  # it is found again only by a job that would give the same bytes
            self._path.replace(self._finished)


def drop_unneeded(folder: Path = FOLDER, older_than: float = 0.0) -> None:
    """Remove the checkpoints of finished jobs that are older than so many seconds, and those that were abandoned."""
    for pattern, age in ((f"*{_FINISHED}", older_than), ("*.npz", ABANDONED)):
        for path in folder.glob(pattern):
            with contextlib.suppress(OSError):  # another run removed it, or the disk is read-only
                if time.time() - path.stat().st_mtime >= age:
                    path.unlink()
