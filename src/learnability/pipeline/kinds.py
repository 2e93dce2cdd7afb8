"""From the names in a config to the code behind them: the one place where modules are found by name.

The YAML's ``kind:`` is a package of its study, the figure's key a module of the study's ``figures``; each stage of a
kind is one function in one module of that package (see :mod:`learnability.results.contract`).
"""

import functools
import importlib
import importlib.util
import pkgutil
from types import ModuleType

from learnability.pipeline.fingerprint import Reference, fingerprint
from learnability.results.contract import Kind

STUDIES = "learnability.studies"

# What the pipeline itself puts into a result; progress, logs, checkpoints, reading and errors do not.
_STREAMS: Reference = ("learnability.pipeline.streams", "stream")
_WRITING: Reference = ("learnability.results.store", "write")
_JOINING: Reference = ("learnability.results.store", "concatenate")
_JUDGING: Reference = ("learnability.results.verdicts", "rows_of_study")
_STYLE: Reference = ("learnability.results.style", "house_style")
_ROOM: Reference = ("learnability.results.legible", "make_room")


def package(study: str, kind: str) -> str:
    """The name of the package of a kind."""
    return f"{STUDIES}.{study}.{kind}"


def stage_module(study: str, kind: str, stage: str) -> ModuleType:
    """The module of one stage (``targets``, ``train``, ``analyse`` or ``claims``) of a kind."""
    return importlib.import_module(f"{package(study, kind)}.{stage}")


def figure_module(study: str, figure: str) -> ModuleType:
    """The module that draws a figure."""
    return importlib.import_module(f"{STUDIES}.{study}.figures.{figure}")


def has_study(study: str) -> bool:
    """Whether there is a package with the kinds of a study."""
    return importlib.util.find_spec(f"{STUDIES}.{study}") is not None


@functools.cache
def kinds_of(study: str) -> tuple[str, ...]:
    """The names of all kinds of a study: the packages with a module ``setting``, by name."""
    study_package = importlib.import_module(f"{STUDIES}.{study}")
    names = (found.name for found in pkgutil.iter_modules(study_package.__path__) if found.ispkg)
    return tuple(sorted(name for name in names if has_module(study, name, "setting")))


@functools.cache
def kind_of(study: str, kind: str) -> Kind:
    """What a kind declares of itself."""
    declared: Kind = importlib.import_module(package(study, kind)).KIND
    return declared


@functools.cache
def has_module(study: str, kind: str, module: str) -> bool:
    """Whether the package of a kind has this module."""
    return importlib.util.find_spec(f"{package(study, kind)}.{module}") is not None


def _setting(study: str, kind: str) -> Reference:
    model = kind_of(study, kind).setting
    return model.__module__, model.__name__


def targets_code(study: str, kind: str) -> str:
    """The fingerprint behind the target artifacts of a kind."""
    model = kind_of(study, kind).target_model
    own = (f"{package(study, kind)}.targets", "build")
    return fingerprint(own, (model.__module__, model.__name__), _STREAMS, _WRITING)


def train_code(study: str, kind: str) -> str:
    """The fingerprint behind the training artifacts of a kind."""
    return fingerprint((f"{package(study, kind)}.train", "train"), _setting(study, kind), _STREAMS, _WRITING)


def analyse_code(study: str, kind: str) -> str:
    """The fingerprint behind the analyses of a kind."""
    own = (f"{package(study, kind)}.analyse", "analyse")
    return fingerprint(own, _setting(study, kind), _STREAMS, _WRITING, _JOINING)


def claims_code(study: str, kinds: tuple[str, ...]) -> str:
    """The fingerprint behind the verdicts of a study with these kinds."""
    modules = [f"{package(study, kind)}.claims" for kind in kinds if has_module(study, kind, "claims")]
    return fingerprint(*((module, "CLAIMS") for module in modules), _JUDGING)


def figure_code(study: str, figure: str) -> str:
    """The fingerprint behind one figure."""
    return fingerprint((f"{STUDIES}.{study}.figures.{figure}", "draw"), _STYLE, _ROOM)
