"""What a kind of experiment is: the setting that it accepts, and the functions of its stages.

A study is a package ``learnability.studies.<study>``. Each kind of experiment that its YAML names is a package inside
it, ``learnability.studies.<study>.<kind>``, and each figure a module ``learnability.studies.<study>.figures.<figure>``:

=================== ========================================================================================
``<kind>``          ``KIND``: a :class:`Kind`, which names the setting's model and who reads a target artifact
``<kind>.targets``  ``build(target, rng) -> Dataset``; only where the kind has a target artifact
``<kind>.train``    ``train(setting, target, context) -> Dataset`` with a dimension ``seed``;
                    ``train(setting, context)`` where training reads no target artifact
``<kind>.analyse``  ``analyse(runs, rng) -> Dataset``
``<kind>.claims``   ``CLAIMS: tuple[Claim, ...]``; only where the kind carries claims
``figures.<name>``  ``draw(analyses) -> Figure``
=================== ========================================================================================

Stage functions map Dataset to Dataset. They see no path, no workflow engine and no global state: randomness, progress
and checkpoints come in through the :class:`RunContext`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:  # settings are read whenever the workflow is parsed, which must not cost the import of xarray
    import numpy as np
    import xarray as xr


Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]


class Model(BaseModel):
    """Frozen, strict, finite: the base of everything that is read from a config file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Setting(Model):
    """One point of an experiment: a target and how it is trained. Each kind declares its own fields.

    The canonical form drops defaults, so that a new field with a default leaves the ids of old settings valid.
    """

    target: Model


S = TypeVar("S", bound=Setting)


@dataclass(frozen=True)
class Separated:
    """A list in a setting whose entries are trained in jobs of their own.

    ``field`` is the list's name in the setting, ``axis`` the dimension of the training artifact along which the entries
    are joined again for the analysis. The random streams of a job do not depend on its entry: all entries of a setting
    share their random numbers, and one more entry trains that entry alone.
    """

    field: str
    axis: str


@dataclass(frozen=True)
class Kind:
    """A kind of experiment, as its package declares it.

    ``setting`` is the model of one setting. ``target_for`` names the stages that read the target artifact (``train``,
    ``analyse``, both, or none: then the kind has no target job and no module ``targets``). The analysis of a kind of
    ``one_setting`` is about a single one (:func:`only`): a sweep is refused when the config is read.

    Raises ValueError for a stage that reads no target, and for a separated field that the setting does not have.
    """

    setting: type[Setting]
    target_for: tuple[str, ...] = ()
    separated: Separated | None = None
    one_setting: bool = False

    def __post_init__(self) -> None:
        unknown = set(self.target_for) - {"train", "analyse"}
        if unknown:
            raise ValueError(f"target_for names {sorted(unknown)}; targets are read by train and analyse")
        if self.separated is not None and self.separated.field not in self.setting.model_fields:
            raise ValueError(f"{self.setting.__name__} has no field {self.separated.field!r} to separate")

    @property
    def target_model(self) -> type[Model]:
        """The model of the setting's target. Raises TypeError where the field is annotated with something else."""
        annotation = self.setting.model_fields["target"].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, Model)):
            raise TypeError(f"{self.setting.__name__}.target is no model")
        return annotation

    @property
    def has_target(self) -> bool:
        """Whether the kind has a target artifact."""
        return bool(self.target_for)


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
class Run:
    """One setting with its training results, concatenated over seed batches (and over separated entries).

    ``target`` is the target artifact, where the kind's analysis reads one.
    """

    setting: Setting
    result: xr.Dataset
    target_artifact: xr.Dataset | None = None

    @property
    def target(self) -> xr.Dataset:
        """The target artifact. Raises ValueError where the kind's analysis reads none."""
        if self.target_artifact is None:
            raise ValueError("the analysis of this kind reads no target artifact: name it in KIND.target_for")
        return self.target_artifact

    def setting_as(self, model: type[S]) -> S:
        """The setting as the model that it is. Raises TypeError where it is that of another kind."""
        if not isinstance(self.setting, model):
            raise TypeError(f"the setting is a {type(self.setting).__name__}, not a {model.__name__}")
        return self.setting


def only(runs: Sequence[Run], model: type[S]) -> tuple[S, xr.Dataset]:
    """The setting and the results of an experiment that has one setting.

    Raises ValueError where there are several, which :attr:`Kind.one_setting` keeps out of the config.
    """
    if len(runs) != 1:
        raise ValueError(f"this kind of experiment has one setting, not {len(runs)}: remove its sweep")
    return runs[0].setting_as(model), runs[0].result
