"""Several sections in one job, one checkpoint: the results of the finished ones and the state of the running one."""

from collections.abc import Callable, Mapping

import numpy as np

from learnability.results.contract import Checkpoint

Arrays = dict[str, np.ndarray]


class Section:
    """The checkpoint of one section, seen by a loop as a checkpoint of its own."""

    def __init__(self, sections: "Sections", name: str) -> None:
        self._sections, self._name = sections, name

    def load(self) -> Arrays | None:
        return self._sections.running.get(self._name)

    def due(self) -> bool:
        return self._sections.checkpoint.due()

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        self._sections.save(self._name, state)


class Sections:
    """Results by section name; a job that is started again skips those that are there."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.finished: dict[str, Arrays] = {}
        self.running: dict[str, Arrays] = {}
        for key, value in (checkpoint.load() or {}).items():
            kind, name, rest = key.split("|", 2)
            (self.finished if kind == "finished" else self.running).setdefault(name, {})[rest] = value

    def save(self, name: str, state: Mapping[str, np.ndarray]) -> None:
        """Store the running section's state beside the finished results."""
        arrays = {f"running|{name}|{key}": value for key, value in state.items()}
        for done, result in self.finished.items():
            arrays |= {f"finished|{done}|{key}": value for key, value in result.items()}
        self.checkpoint.save(arrays)

    def result(self, name: str, compute: Callable[[Section], Arrays]) -> Arrays:
        """The section's result, computed unless it is stored."""
        if name not in self.finished:
            self.finished[name] = compute(Section(self, name))
            self.running.pop(name, None)
            if self.checkpoint.due():
                self.save(name, {})
        return self.finished[name]
