"""From the names in a config to the code behind them: the one place where modules are found by name.

The YAML's ``kind:`` is a package of its study, the figure's key a module of the study's ``figures``; each stage of a
kind is one function in one module of that package (see :mod:`learnability.results.contract`).
"""

import functools
import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from learnability.pipeline.faulty_code import fault
from learnability.pipeline.fingerprint import Reference, fingerprint
from learnability.results.contract import Kind
from learnability.results.errors import UserError

STUDIES = "learnability.studies"

# What the pipeline itself puts into a result; progress, logs, checkpoints, reading and errors do not.
_STREAMS: Reference = ("learnability.pipeline.streams", "stream")
_WRITING: Reference = ("learnability.results.store", "write")
_JOINING: Reference = ("learnability.results.store", "concatenate")
_JUDGING: Reference = ("learnability.results.verdicts", "rows_of_study")
_LAYOUT: Reference = ("learnability.results.verdicts", "to_json")
_LISTING: Reference = ("learnability.results.verdicts", "joined")
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


@contextmanager
def _told(study: str) -> Iterator[None]:
    """Within the block, a fault in the code of a study is a UserError; what is said of the system or of it passes."""
    try:
        yield
    except (UserError, OSError):
        raise
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == f"{STUDIES}.{study}":
            raise
        found = importlib.util.find_spec(f"{STUDIES}.{study}")
        folders = found.submodule_search_locations if found else None
        raise fault(error, Path(next(iter(folders or ()), study))) from error


@functools.cache
def kinds_of(study: str) -> tuple[str, ...]:
    """The names of all kinds of a study: the packages with a module ``setting``, by name.

    Raises ModuleNotFoundError for a study without a package, and UserError for a fault in the code of one.
    """
    with _told(study):
        study_package = importlib.import_module(f"{STUDIES}.{study}")
    names = (found.name for found in pkgutil.iter_modules(study_package.__path__) if found.ispkg)
    return tuple(sorted(name for name in names if has_module(study, name, "setting")))


@functools.cache
def kind_of(study: str, kind: str) -> Kind:
    """What a kind declares of itself. Raises UserError for a fault in its code, and where it declares nothing."""
    with _told(study):
        module = importlib.import_module(package(study, kind))
    declared = getattr(module, "KIND", None)
    if not isinstance(declared, Kind):
        allowed = "KIND = Kind(setting=...), of learnability.results.contract"
        raise UserError(module.__file__ or module.__name__, "declares no KIND", allowed, "add it")
    return declared


@functools.cache
def has_module(study: str, kind: str, module: str) -> bool:
    """Whether the package of a kind has this module. Raises UserError for a fault in the package."""
    with _told(study):
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
    return fingerprint(*((module, "CLAIMS") for module in modules), _JUDGING, _LAYOUT, reasons=True)


def verdicts_code() -> str:
    """The fingerprint behind the list of the verdicts of all studies."""
    return fingerprint(_LISTING, _LAYOUT)


def figure_code(study: str, figure: str) -> str:
    """The fingerprint behind one figure."""
    return fingerprint((f"{STUDIES}.{study}.figures.{figure}", "draw"), _STYLE, _ROOM)


def code_of(stage: str, job: Mapping[str, Any]) -> str:
    """The fingerprint behind what a stage makes of a job, whose parameters these are."""
    study = job["study"]
    if stage == "figures":
        return figure_code(study, job["figure"])
    if stage == "claims":
        return claims_code(study, tuple(job["kinds"]))
    of_kind = {"targets": targets_code, "train": train_code, "analyse": analyse_code}
    return of_kind[stage](study, job["kind"])
