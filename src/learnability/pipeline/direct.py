"""A question answered in this process, without files: the same stages, streams and numbers as in the workflow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from learnability.compiled.blas import one_blas_thread
from learnability.flows.threads import one_torch_thread
from learnability.pipeline import questions
from learnability.pipeline.canonical import parts_of, stream_id
from learnability.pipeline.config import PlannedExperiment, plan_experiment
from learnability.pipeline.kinds import stage_module
from learnability.pipeline.streams import batch_names, stream
from learnability.results.contract import Run, Setting
from learnability.results.labelled import with_bounds
from learnability.results.store import concatenate


class _NoCheckpoint:
    def load(self) -> None:
        return None

    def due(self) -> bool:
        return False

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        raise AssertionError("nothing is due")


@dataclass(frozen=True)
class DirectContext:
    """The :class:`~learnability.results.contract.RunContext` of a run without files."""

    root_seed: int
    names: tuple[str, ...]
    seeds: range
    say: Callable[[str], None]
    device: str = "cpu"

    @property
    def checkpoint(self) -> _NoCheckpoint:
        return _NoCheckpoint()

    def stream(self, name: str) -> np.random.Generator:
        """The stream ``name`` of this setting and seed batch, as in the workflow."""
        return stream(self.root_seed, *self.names, name)

    def progress(self, done: float, total: float, message: str = "") -> None:
        self.say(message)


def analyses(
    question: questions.Question, root_seed: int, say: Callable[[str], None] = lambda _: None
) -> dict[str, xr.Dataset]:
    """The analyses of a question, by experiment."""
    study = questions.as_study(question)
    found = {}
    for name, block in study.experiments.items():
        planned = plan_experiment("the question", questions.STUDY, name, block, "laptop")
        runs = [_run(planned, setting, root_seed, say) for setting in planned.settings]
        rng = stream(root_seed, questions.STUDY, name, "analysis")
        analysed = stage_module(questions.STUDY, planned.kind, "analyse").analyse(runs, rng)
        found[name] = with_bounds(analysed).assign_attrs(experiment=name)
    return found


def _run(planned: PlannedExperiment, setting: Setting, root_seed: int, say: Callable[[str], None]) -> Run:
    train, declared = stage_module(questions.STUDY, planned.kind, "train").train, planned.declared
    ((first, last),) = planned.batches()
    seeds = range(first, last)
    names = batch_names(questions.STUDY, planned.name, stream_id(planned.kind, declared, setting), seeds)
    context = DirectContext(root_seed, names, seeds, say)
    # With the threads of a job: on more the small products of the flows and chains cost more, and round otherwise.
    with one_blas_thread(), one_torch_thread():
        parts = [train(part, context) for part in parts_of(declared, setting)]
    result = concatenate(parts, declared.separated.axis) if declared.separated else parts[0]
    return Run(setting, result.assign_coords(seed=np.arange(first, last)))
