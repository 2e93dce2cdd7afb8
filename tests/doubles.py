"""Stand-ins for what the pipeline gives a training job: a checkpoint in memory, and a context around it."""

from collections.abc import Mapping

import numpy as np

from learnability.pipeline.streams import stream


class Interrupted(Exception):
    """Raised by a checkpoint that plays a kill."""


class MemoryCheckpoint:
    """A checkpoint in memory, due at every chance. After ``stop_after`` saves it raises :class:`Interrupted`.

    ``due_every`` makes it due at every so-many-th question only.
    """

    def __init__(self, stop_after: int | None = None, due_every: int = 1) -> None:
        self.state: dict[str, np.ndarray] | None = None
        self.saves = 0
        self.stop_after = stop_after
        self._due_every, self._asked = due_every, 0

    def load(self) -> dict[str, np.ndarray] | None:
        return None if self.state is None else {name: value.copy() for name, value in self.state.items()}

    def due(self) -> bool:
        self._asked += 1
        return self._asked % self._due_every == 0

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        self.state = {name: np.array(value) for name, value in state.items()}
        self.saves += 1
        if self.saves == self.stop_after:
            raise Interrupted


class NoCheckpoint(MemoryCheckpoint):
    """A checkpoint that is never due."""

    def due(self) -> bool:
        return False


class Context:
    """A :class:`~learnability.results.contract.RunContext` with streams named by ``root_seed`` and ``names``."""

    def __init__(
        self,
        seeds: int | range = 4,
        checkpoint: MemoryCheckpoint | None = None,
        root_seed: int = 1,
        names: tuple[str, ...] = ("test",),
        device: str = "cpu",
    ) -> None:
        self.seeds = range(seeds) if isinstance(seeds, int) else seeds
        self.checkpoint = checkpoint or NoCheckpoint()
        self.device = device
        self.reports: list[tuple[float, float, str]] = []
        self._share = 0.0
        self._root_seed, self._names = root_seed, names

    def stream(self, name: str) -> np.random.Generator:
        return stream(self._root_seed, *self._names, f"seeds {self.seeds.start}-{self.seeds.stop}", name)

    def progress(self, done: float, total: float, message: str = "") -> None:
        """A training that goes back to zero, or goes past its end, misleads whoever waits for it."""
        share = done / total if total else self._share
        assert self._share <= share + 1e-9 <= 1 + 2e-9, f"{self._share:.3g}, then {done} of {total}: {message}"
        self._share = share
        self.reports.append((done, total, message))
