"""Checkpoints of long training jobs: outside the declared outputs, replaced atomically, removed when done."""

import os
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from learnability.results.atomic import replacing

_SECONDS = "LEARNABILITY_CHECKPOINT_SECONDS"


class FileCheckpoint:
    """One ``.npz`` file. A damaged file counts as none: the job then starts afresh and gives the same bytes."""

    def __init__(self, path: Path, seconds: float | None = None) -> None:
        self._path = path
        self._seconds = float(os.environ.get(_SECONDS, "20")) if seconds is None else seconds
        self._last = time.monotonic()

    def load(self) -> dict[str, np.ndarray] | None:
        try:
            with self._path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
                return {name: stored[name] for name in stored.files}
        except (FileNotFoundError, zipfile.BadZipFile, EOFError, ValueError, OSError):
            return None

    def due(self) -> bool:
        return time.monotonic() - self._last >= self._seconds

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        with replacing(self._path) as stream:
            np.savez(stream, **{name: np.asarray(value) for name, value in state.items()})  # type: ignore[arg-type]
        self._last = time.monotonic()

    def remove(self) -> None:
        """Forget the state; called when the artifact is in place."""
        self._path.unlink(missing_ok=True)
