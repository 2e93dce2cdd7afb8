"""Several sections in one job, one checkpoint: the results of the finished ones and the state of the running one."""

from collections.abc import Callable, Mapping

import numpy as np

from learnability.results.contract import RunContext

Arrays = dict[str, np.ndarray]


class Section:
    """One section, seen by a loop as a training of its own: its checkpoint, and the progress of its work."""

    def __init__(self, sections: "Sections", name: str) -> None:
        self._sections, self._name = sections, name

    def load(self) -> Arrays | None:
        return self._sections.running.get(self._name)

    def due(self) -> bool:
        return self._sections.context.checkpoint.due()

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        self._sections.save(self._name, state)

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Reports the share of the section as a share of the whole training."""
        self._sections.report(self._name, done / total if total else 0.0, message)


class Sections:
    """Results by section name; a job that is started again skips those that are there.

    ``work`` says what every section costs, in any unit: the progress of the training is the work that is done.
    """

    def __init__(self, context: RunContext, work: Mapping[str, float]) -> None:
        self.context, self.work = context, work
        self.finished: dict[str, Arrays] = {}
        self.running: dict[str, Arrays] = {}
        for key, value in (context.checkpoint.load() or {}).items():
            kind, name, rest = key.split("|", 2)
            (self.finished if kind == "finished" else self.running).setdefault(name, {})[rest] = value

    def save(self, name: str, state: Mapping[str, np.ndarray]) -> None:
        """Store the running section's state beside the finished results."""
        arrays = {f"running|{name}|{key}": value for key, value in state.items()}
        for done, result in self.finished.items():
            arrays |= {f"finished|{done}|{key}": value for key, value in result.items()}
        self.context.checkpoint.save(arrays)

    def report(self, name: str, share: float, message: str = "") -> None:
        """The progress of the training where ``share`` of a section is done."""
        done = sum(self.work[other] for other in self.finished if other != name) + share * self.work[name]
        self.context.progress(done, sum(self.work.values()), message)

    def result(self, name: str, compute: Callable[[Section], Arrays]) -> Arrays:
        """The section's result, computed unless it is stored."""
        if name not in self.finished:
            self.finished[name] = compute(Section(self, name))
            self.running.pop(name, None)
            self.report(name, 1.0)
            if self.context.checkpoint.due():
                self.save(name, {})
        return self.finished[name]
