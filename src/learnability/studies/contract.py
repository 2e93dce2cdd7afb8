"""What a study is: the settings it accepts and the stage functions it offers.

A study is a package ``learnability.studies.<name>`` with the modules

========== ==================================================================================
settings   ``KINDS: dict[str, type[Setting]]``, one frozen model for each kind of experiment
targets    ``build(target, rng) -> Dataset``
train      ``train(setting, target, context) -> Dataset`` with a dimension ``seed``
analyse    ``analyse(experiment, runs, rng) -> Dataset``
figures    ``FIGURES: dict[str, Callable[[Mapping[str, Dataset]], Figure]]``
claims     ``CLAIMS: tuple[Claim, ...]``
theory     predictions that need no run
========== ==================================================================================

Stage functions map Dataset to Dataset. They see no path, no workflow engine and no global state:
randomness, progress and checkpoints come in through the :class:`RunContext`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:  # the settings are read whenever the workflow is parsed, which must not cost the import of xarray
    import numpy as np
    import xarray as xr


class Model(BaseModel):
    """Frozen, strict, finite: the base of everything that is read from a config file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Setting(Model):
    """One point of an experiment: its target and how it is trained. Subclasses add fields.

    A subclass declares ``target`` with its study's own target model. The canonical form drops defaults,
    so a new field with a default leaves the ids of old settings valid.
    """

    target: Model


class Checkpoint(Protocol):
    """Where a long training job keeps its state, so that a killed job resumes to the same bytes."""

    def load(self) -> dict[str, np.ndarray] | None:
        """The last saved state, or None when the job starts afresh."""

    def due(self) -> bool:
        """Whether enough wall time has passed since the last save."""

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        """Replace the saved state atomically. Generator states are arrays of bytes like any other."""


class RunContext(Protocol):
    """What a training job knows of its surroundings."""

    @property
    def seeds(self) -> range:
        """The seeds of this batch; the batch is the unit of randomness."""

    @property
    def device(self) -> str:
        """A torch device string, ``cpu`` or ``cuda``."""

    @property
    def checkpoint(self) -> Checkpoint:
        """The job's checkpoint store."""

    def stream(self, name: str) -> np.random.Generator:
        """The named random stream (``init``, ``data``, ``noise``, ...) of this setting and seed batch."""

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Report progress; throttled, so calling it every step is fine."""


@dataclass(frozen=True)
class Experiment:
    """Name and kind of the experiment whose runs an analysis sees."""

    name: str
    kind: str


@dataclass(frozen=True)
class Run:
    """One setting with its target artifact and its training results, concatenated over seed batches."""

    setting: Setting
    target: xr.Dataset
    result: xr.Dataset
