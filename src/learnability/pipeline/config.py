"""Reads and validates the config before the job graph is built; every mistake is one :class:`UserError`."""

import difflib
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from learnability.pipeline.kinds import kind_of, kinds_of
from learnability.results.contract import Kind, Model, Setting
from learnability.results.errors import UserError

Scale = Literal["smoke", "laptop", "paper"]
SCALES: tuple[Scale, ...] = ("smoke", "laptop", "paper")
DEVICES = ("auto", "cpu", "cuda")


class MainConfig(Model):
    """``config/config.yaml``: what holds for all studies."""

    root_seed: int = Field(ge=0, lt=2**63)
    scale: Scale = "laptop"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    studies: tuple[str, ...] = Field(min_length=1)


class ScaleBlock(Model):
    """What one scale changes in an experiment."""

    seeds: int = Field(ge=1)
    seed_batch: int = Field(ge=1)
    memory_mb: int | None = Field(default=None, ge=1)
    minutes: int | None = Field(default=None, ge=1)
    settings: dict[str, Any] = Field(default_factory=dict)
    sweep: dict[str, list[Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole_batches(self) -> "ScaleBlock":
        if self.seeds % self.seed_batch:
            raise ValueError(f"seeds ({self.seeds}) must be a multiple of seed_batch ({self.seed_batch})")
        return self


class ExperimentBlock(Model):
    """One experiment of a study: what is common to the scales, and the three scales."""

    kind: str
    settings: dict[str, Any] = Field(default_factory=dict)
    sweep: dict[str, list[Any]] = Field(default_factory=dict)
    threads: int = Field(default=1, ge=1)
    memory_mb: int = Field(default=2000, ge=1)
    minutes: int = Field(default=120, ge=1)
    gpu: bool = False
    scales: dict[Scale, ScaleBlock]


class FigureBlock(Model):
    """One figure: the experiments whose analyses it draws, and its caption."""

    experiments: tuple[str, ...] = Field(min_length=1)
    caption: str


class StudyConfig(Model):
    """``config/studies/<study>.yaml``."""

    study: str
    experiments: dict[str, ExperimentBlock] = Field(min_length=1)
    figures: dict[str, FigureBlock] = Field(default_factory=dict)


@dataclass(frozen=True)
class PlannedExperiment:
    """An experiment at one scale: its settings in order, its seeds and what its jobs need."""

    study: str
    name: str
    kind: str
    declared: Kind
    settings: tuple[Setting, ...]
    seeds: int
    seed_batch: int
    threads: int
    memory_mb: int
    minutes: int
    gpu: bool

    def batches(self) -> Iterator[tuple[int, int]]:
        """The seed batches [a, b)."""
        return ((a, a + self.seed_batch) for a in range(0, self.seeds, self.seed_batch))


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(str(path), f"cannot be read ({error.strerror})", remedy="create it or name another") from None
    try:
        content = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise _unreadable(path, error) from None
    if not isinstance(content, dict):
        raise UserError(str(path), "holds no mapping of keys to values", remedy="see docs/guides/adding_a_study.md")
    return content


def _unreadable(path: Path, error: YAMLError) -> UserError:
    """What is wrong with a YAML file, and in which line."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    where = f"{path}, line {mark.line + 1}" if mark else str(path)
    if isinstance(error, DuplicateKeyError):
        key = str(error.problem).partition('"')[2].partition('"')[0]
        return UserError(where, f"the key {key!r} is given twice", remedy="keep one of the two")
    problem = error.problem if isinstance(error, MarkedYAMLError) else str(error)
    return UserError(where, f"not valid YAML: {problem}", remedy="correct the line")


def _number_as_text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True


def _explain(where: str, key: str, error: ValidationError) -> UserError:
    """The first mistake in a validation error, in the user's terms."""
    # an unknown key first: it is often the misspelt twin of one that is reported as missing
    first = min(error.errors(include_url=False), key=lambda detail: detail["type"] != "extra_forbidden")
    full = ".".join(str(part) for part in (key, *first["loc"]) if part != "")
    value, kind = first.get("input"), first["type"]
    problem, remedy = f"{full} = {json.dumps(value, default=str)}: {first['msg']}", "correct the value"
    if kind == "extra_forbidden":
        problem, remedy = f"unknown key {full}", "remove it, or check its spelling"
    elif kind == "missing":
        problem, remedy = f"the key {full} is missing", "add it"
    elif _number_as_text(value) and kind.startswith(("float", "int")):
        problem = f"{full} = {value!r} is text, not a number"
        remedy = f"YAML reads {value} as text: write it as {float(value)!r}, with a point and without quotes"
    elif kind == "finite_number":
        problem, remedy = f"{full} is not a finite number", "give a finite number"
    allowed = _allowed(first)
    count = error.error_count()
    if count > 1:
        remedy += f" ({count - 1} more mistake{'s' if count > 2 else ''} in the same place)"
    return UserError(where, problem, allowed, remedy)


def _allowed(detail: Any) -> str:
    context = detail.get("ctx", {})
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "min_length": "at least this many entries:"}
    bounds = [f"{sign} {context[name]}" for name, sign in signs.items() if name in context]
    if "expected" in context:
        bounds.append(str(context["expected"]))
    return ", ".join(bounds)


def validate(model: type[Model], content: Any, where: str, key: str = "") -> Any:
    """Content as a frozen model; strict as JSON is (a list serves as a tuple, text never as a number)."""
    try:
        return model.model_validate_json(json.dumps(content, default=str))
    except ValidationError as error:
        raise _explain(where, key, error) from None


def load_main(path: Path, overrides: Mapping[str, Any] | None = None) -> MainConfig:
    """The main config with overrides from the command line (``--config scale=smoke``)."""
    known = list(MainConfig.model_fields)
    for key in overrides or {}:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            remedy = f"did you mean {near[0]}?" if near else "remove it, or check its spelling"
            raise UserError("the command line (--config)", f"unknown key {key}", ", ".join(known), remedy)
    content = {**read_yaml(path), **(overrides or {})}
    if isinstance(content.get("studies"), str):
        content["studies"] = [name for name in content["studies"].split(",") if name]
    return validate(MainConfig, content, str(path))


def load_study(folder: Path, name: str) -> StudyConfig:
    """The config of one study, with the cross-references inside it checked."""
    path = folder / f"{name}.yaml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.yaml"))) or "none"
        raise UserError("the list of studies", f"there is no study {name!r}", known, "choose one of those allowed")
    config: StudyConfig = validate(StudyConfig, read_yaml(path), str(path))
    if config.study != name:
        raise UserError(str(path), f"study = {config.study!r}", repr(name), "name the study as its file")
    for figure, block in config.figures.items():
        for experiment in block.experiments:
            if experiment not in config.experiments:
                raise UserError(
                    str(path),
                    f"figures.{figure}.experiments names {experiment!r}, which does not exist",
                    ", ".join(config.experiments),
                    "correct the name",
                )
    return config


def _set_dotted(settings: dict[str, Any], dotted: str, value: Any) -> None:
    *parents, leaf = dotted.split(".")
    for parent in parents:
        nested = settings.get(parent)
        settings[parent] = dict(nested) if isinstance(nested, dict) else {}
        settings = settings[parent]
    settings[leaf] = value


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``over`` laid on it, mapping by mapping."""
    result = dict(base)
    for key, value in over.items():
        nested = result.get(key)
        if isinstance(value, dict) and isinstance(nested, dict):
            result[key] = merged(nested, value)
        else:
            result[key] = value
    return result


def plan_experiment(where: str, study: str, name: str, block: ExperimentBlock, scale: Scale) -> PlannedExperiment:
    """The settings of one experiment at one scale: the product of its sweeps, validated, without repetition."""
    key = f"experiments.{name}"
    if block.kind not in kinds_of(study):
        known = ", ".join(kinds_of(study))
        raise UserError(where, f"{key}.kind = {block.kind!r}", known, "choose one of those allowed")
    kind = kind_of(study, block.kind)
    if scale not in block.scales:
        raise UserError(where, f"{key}.scales has no block for the scale {scale!r}", ", ".join(SCALES), "add the block")
    at_scale = block.scales[scale]
    sweep = {**block.sweep, **at_scale.sweep}
    for axis, values in sweep.items():
        if not values:
            raise UserError(where, f"{key}: the sweep over {axis} is empty", "at least one value", "list the values")
    base = merged(block.settings, at_scale.settings)
    settings: list[Setting] = []
    for point in itertools.product(*sweep.values()):
        content = json.loads(json.dumps(base, default=str))
        for axis, value in zip(sweep, point, strict=True):
            _set_dotted(content, axis, value)
        setting = validate(kind.setting, content, where, f"{key} ({scale})")
        if setting in settings:
            raise UserError(where, f"{key}: the sweep gives the same setting twice", remedy="remove the repetition")
        settings.append(setting)
    return PlannedExperiment(
        study,
        name,
        block.kind,
        kind,
        tuple(settings),
        at_scale.seeds,
        at_scale.seed_batch,
        block.threads,
        at_scale.memory_mb or block.memory_mb,
        at_scale.minutes or block.minutes,
        block.gpu,
    )
