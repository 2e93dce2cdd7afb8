"""Reads and validates the config before the job graph is built; every mistake is one :class:`UserError`.

A config may come from a stranger: every bound is checked before the work that it bounds.
"""

import functools
import hashlib
import itertools
import json
import keyword
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

from learnability.pipeline.bounds import demand_feasible
from learnability.pipeline.kinds import kind_of, kinds_of
from learnability.results import kept
from learnability.results.contract import Kind, Model, Setting
from learnability.results.errors import UserError, comma_separated, nearest

Scale = Literal["smoke", "laptop", "paper"]
SCALES: tuple[Scale, ...] = ("smoke", "laptop", "paper")
Place = Scale | Literal["questions"]
"""What stands in a path below ``results/``: a scale, or what stands in its place for questions."""

MAX_BYTES = 60_000  # of one config file; it takes about a second to read
MAX_DEPTH = 30
MAX_TEXT = 5_000  # characters of one value
MAX_SETTINGS = 2_000  # of one experiment
MAX_JOBS = 20_000  # training jobs of one experiment
MAX_COMMAND = 120_000  # bytes; the system takes no argument of more than 131,072
NAME = r"[a-z][a-z0-9_]{0,63}"
_NAMES_ALLOWED = "lower-case letters, digits and underscores, a letter first, at most 64 characters"
_TAKEN_EXPERIMENTS = ("figures", "claims")
_TAKEN_STUDIES = ("manifest", "logs", "benchmarks", "report", "exports", "archive", "questions")
_SHOWN = 80  # characters of a value or a key in a message


class MainConfig(Model):
    """``config/config.yaml``: what holds for all studies."""

    root_seed: int = Field(ge=0, lt=2**63)
    scale: Scale = "laptop"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    studies: tuple[str, ...] = Field(min_length=1)


class ScaleBlock(Model):
    """What one scale changes in an experiment."""

    seeds: int = Field(ge=1, le=10**7)
    seed_batch: int = Field(ge=1, le=10**7)
    memory_mb: int | None = Field(default=None, ge=1, le=10**8)
    minutes: int | None = Field(default=None, ge=1, le=10**6)
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
    threads: int = Field(default=1, ge=1, le=1024)
    memory_mb: int = Field(default=2000, ge=1, le=10**8)
    minutes: int = Field(default=120, ge=1, le=10**6)
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


class _Bounded(Composer):
    """Composes no aliases, which can make a small file large, and no deep nesting."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        if isinstance(event, AliasEvent):
            raise ComposerError(
                None, None, "aliases (*name, <<) are not allowed: write the values out", event.start_mark
            )
        if self.depth >= MAX_DEPTH:
            raise ComposerError(None, None, f"nested more than {MAX_DEPTH} levels deep", event.start_mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


_KEPT = Path(".cache/config")
_WORTH_KEEPING = 4_000  # bytes; the reader takes a second for 60 kB


@functools.cache
def _reader() -> bytes:
    """What decides how bytes are read: this module, and the library."""
    return Path(__file__).read_bytes() + version("ruamel.yaml").encode()


def _place_of(raw: bytes) -> Path | None:
    """Where the content of these bytes is kept once they were read; None for what is read at once, or elsewhere."""
    if len(raw) < _WORTH_KEEPING or not Path("Snakefile").is_file():
        return None
    return _KEPT / f"{hashlib.sha256(_reader() + raw).hexdigest()[:32]}.json"


def _keep(place: Path, content: dict[str, Any]) -> None:
    """Keep the content of a file, where JSON gives back the same."""
    try:
        same = json.loads(json.dumps(content)) == content
    except (TypeError, ValueError):
        return
    if same:
        kept.write(place, content)
        kept.prune(_KEPT, 50)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises UserError for one that is not valid, too large or too deep."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(str(path), f"cannot be read ({error.strerror})", remedy="create it or name another") from None
    if len(raw) > MAX_BYTES:
        raise UserError(str(path), f"is larger than {MAX_BYTES} bytes", remedy="split the study")
    place = _place_of(raw)
    known = kept.read(place) if place else None
    if known is not None:
        return dict(known)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise UserError(f"{path}, line {line}", "is not UTF-8 text", remedy="save it as UTF-8") from None
    reader = YAML(typ="safe", pure=True)
    reader.Composer = _Bounded
    try:
        content = reader.load(text)
    except YAMLError as error:
        raise _unreadable(path, error) from None
    except (ValueError, OverflowError, TypeError, RecursionError, AttributeError, KeyError, IndexError) as error:
        # a number of thousands of digits, a date that is none, and what else the reader trips over
        problem = f"holds a value that cannot be read: {str(error)[:_SHOWN]}"
        raise UserError(str(path), problem, remedy="correct the value, or write it in quotes") from None
    if not isinstance(content, dict):
        raise UserError(str(path), "holds no mapping of keys to values", remedy="see docs/guides/adding_a_study.md")
    _demand_plain(content, str(path), "")
    if place:
        _keep(place, content)
    return content


def _demand_plain(content: Any, where: str, key: str) -> None:
    """Raise UserError for a key that is no text and for a value that is too long."""
    if isinstance(content, dict):
        for name, value in content.items():
            if not isinstance(name, str):
                problem = f"the key {str(name)[:_SHOWN]} in {key[-_SHOWN:] or 'the file'} is no text"
                raise UserError(where, problem, "text", "write the key in quotes, or correct it")
            _demand_plain(value, where, f"{key}.{name[:_SHOWN]}".lstrip("."))
    elif isinstance(content, list | tuple | set):
        for place, value in enumerate(content):
            _demand_plain(value, where, f"{key}.{place}")
    elif isinstance(content, str) and len(content) > MAX_TEXT:
        problem = f"{key[-_SHOWN:]} has {len(content)} characters"
        raise UserError(where, problem, f"at most {MAX_TEXT}", "shorten it")
    elif isinstance(content, int) and content.bit_length() > 64:
        problem = f"{key[-_SHOWN:]} is an integer of {content.bit_length()} bits"
        raise UserError(
            where, problem, "at most 64 bits", "give a smaller number, or write it with an exponent: 1.0e30"
        )


def _demand_name(where: str, what: str, name: str, taken: tuple[str, ...] = ()) -> None:
    """Raise UserError for a name that cannot be that of a folder, a rule and a page."""
    if not re.fullmatch(NAME, name):
        problem = f"{what} cannot be called {name[:_SHOWN]!r}"
        raise UserError(where, problem, _NAMES_ALLOWED, "rename it")
    if name in taken:
        raise UserError(where, f"{what} cannot be called {name!r}: the results need that name", "", "rename it")


def demand_study_name(where: str, name: str) -> None:
    """Raise UserError for a name that cannot be that of a study: the name is one of a package and of a folder."""
    _demand_name(where, "a study", name, _TAKEN_STUDIES)
    if keyword.iskeyword(name):
        problem = f"a study cannot be called {name!r}: Python needs that word, and no module could import its code"
        raise UserError(where, problem, "", "rename it")


def _unreadable(path: Path, error: YAMLError) -> UserError:
    """What is wrong with a YAML file, and in which line."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    where = f"{path}, line {mark.line + 1}" if mark else str(path)
    if isinstance(error, DuplicateKeyError):
        key = str(error.problem).partition('"')[2].partition('"')[0]
        return UserError(where, f"the key {key!r} is given twice", remedy="keep one of the two")
    problem = str(error.problem if isinstance(error, MarkedYAMLError) else error)
    return UserError(where, f"not valid YAML: {' '.join(problem.split())[:200]}", remedy="correct the line")


def _number_as_text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True


_QUOTED = re.compile(r"'([^']*)'")
_ALTERNATIVE = re.compile(r"literal\[.*\]|float|int", re.DOTALL)  # what the validator calls one type of several
_CHOOSE = "choose one of those allowed"


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models in a type such as ``tuple[Target | None, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _keys_beside(model: type[BaseModel], place: Sequence[Any]) -> list[str]:
    """The keys that are known where an unknown one stands."""
    models = [model]
    for part in place[:-1]:  # what is no field is the key of a mapping, a place in a list or the name of an alternative
        found = [one.model_fields[part].annotation for one in models if part in one.model_fields]
        models = [inner for annotation in found for inner in _models(annotation)] if found else models
    return [name for one in models for name in one.model_fields]


def _telling(detail: Any) -> int:
    """The order of mistakes by how much they tell: whoever wrote a name gets the list of names."""
    if detail["type"] == "extra_forbidden":
        return 0
    named = detail["type"] == "literal_error" and isinstance(detail["input"], str)
    return 1 if named and not _number_as_text(detail["input"]) else 2


_SAID = {
    **dict.fromkeys(("greater_than", "greater_than_equal"), "is too small"),
    **dict.fromkeys(("less_than", "less_than_equal"), "is too large"),
    **dict.fromkeys(("int_type", "int_from_float", "int_parsing"), "is no whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "is no number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "is neither true nor false"),
    **dict.fromkeys(("list_type", "tuple_type"), "is no list"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "is no block of keys"),
    "literal_error": "is unknown",
    "string_type": "is no text",
    "too_short": "has too few entries",
    "too_long": "has too many entries",
}
"""The kinds of mistakes that pydantic finds, in the words of our messages."""
_KINDS = {
    **dict.fromkeys(("int_type", "int_from_float", "int_parsing"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true, false"),
    **dict.fromkeys(("list_type", "tuple_type"), "a list, [a, b, ...]"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "keys with values, key: value"),
    "string_type": "text",
}
_ENDS = ("least", "min"), ("most", "max")


def _explain(where: str, key: str, error: ValidationError, model: type[BaseModel]) -> UserError:
    """The first mistake in a validation error, in the user's terms."""
    # an unknown key first: it is often the misspelt twin of one that is reported as missing
    first = min(error.errors(include_url=False), key=_telling)
    place = [str(part) for part in first["loc"] if part != "[key]" and not _ALTERNATIVE.fullmatch(str(part))]
    full = ".".join(part[:_SHOWN] for part in (key, *place) if part)
    value, kind = first.get("input"), first["type"]
    said = first["msg"].removeprefix("Value error, ")[:400]
    problem, remedy = (f"{full} = {_short(value)}: {said}" if full else said), "correct the value"
    if full and kind in _SAID:
        problem = f"{full} = {_short(value)} {_SAID[kind]}"
    if kind == "extra_forbidden":
        known = _keys_beside(model, first["loc"])
        problem = f"unknown key {full}"
        remedy = nearest(str(first["loc"][-1])[:_SHOWN], known, "remove it, or check its spelling")
    elif kind == "missing":
        problem, remedy = f"the key {full} is missing", "add it"
    elif _number_as_text(value) and kind.startswith(("float", "int")):
        problem = f"{full} = {value[:_SHOWN]!r} is text, not a number"
        finite = math.isfinite(float(value))
        remedy = f"YAML reads {value[:_SHOWN]} as text: write it as {float(value)!r}, with a point and without quotes"
        if value.isdecimal():
            remedy = f"write it as {int(value)}, without quotes"
        remedy = remedy if finite else "give a finite number"
    elif kind == "finite_number":
        problem, remedy = f"{full} is not a finite number", "give a finite number"
    allowed = _allowed(first)
    if isinstance(value, str) and (choices := _QUOTED.findall(str(first.get("ctx", {}).get("expected", "")))):
        remedy = nearest(value[:_SHOWN], choices, remedy)
    count = error.error_count()
    if count > 1:
        remedy += f" ({count - 1} more mistake{'s' if count > 2 else ''} in the same place)"
    return UserError(where, problem, allowed, remedy)


def _short(value: Any) -> str:
    """A value for a message."""
    text = json.dumps(value, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def _allowed(detail: Any) -> str:
    context = detail.get("ctx", {})
    signs = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    bounds = [f"{sign} {context[name]:.12g}" for name, sign in signs.items() if name in context]
    lengths = [(end, context[f"{name}_length"]) for end, name in _ENDS if f"{name}_length" in context]
    bounds += [f"at {end} {length} entr{'y' if length == 1 else 'ies'}" for end, length in lengths]
    bounds += [_KINDS[detail["type"]]] if detail["type"] in _KINDS else []
    if "expected" in context:
        bounds.append(str(context["expected"]))
    return ", ".join(bounds)


_Valid = TypeVar("_Valid", bound=Model)


def validate(model: type[_Valid], content: Any, where: str, key: str = "") -> _Valid:
    """Content as a frozen model; strict as JSON is (a list serves as a tuple, text never as a number).

    Raises UserError, which names ``where`` and the key, for content that does not fit the model.
    """
    try:
        return model.model_validate_json(json.dumps(content, default=str))
    except ValidationError as error:
        raise _explain(where, key, error, model) from None
    except (RecursionError, TypeError) as error:
        raise UserError(
            where, f"{key or 'the content'} cannot be read: {str(error)[:_SHOWN]}", "", "correct it"
        ) from None


def load_main(path: Path, overrides: Mapping[str, Any] | None = None) -> MainConfig:
    """The main config with overrides from the command line (``--config scale=smoke``).

    Raises UserError for a file that cannot be read, and for an unknown key or a value that does not fit.
    """
    known = list(MainConfig.model_fields)
    for key in overrides or {}:
        if key not in known:
            remedy = nearest(key, known, "remove it, or check its spelling")
            raise UserError("the command line (--config)", f"unknown key {key}", ", ".join(known), remedy)
    content = {**read_yaml(path), **(overrides or {})}
    if isinstance(content.get("studies"), str):
        content["studies"] = comma_separated(content["studies"])
    return validate(MainConfig, content, str(path))


def load_study(folder: Path, name: str) -> StudyConfig:
    """The config of one study, with the cross-references inside it checked.

    Raises UserError for a study that does not exist, a file that cannot be read, content that does not fit, a name
    that is taken, and a figure of an experiment that does not exist.
    """
    path = folder / f"{name}.yaml"
    if not re.fullmatch(NAME, name) or not path.exists():
        known = sorted(p.stem for p in folder.glob("*.yaml"))
        problem, remedy = f"there is no study {name[:_SHOWN]!r}", nearest(name[:_SHOWN], known, _CHOOSE)
        raise UserError("the list of studies", problem, ", ".join(known) or "none", remedy)
    demand_study_name(str(path), name)
    content = read_yaml(path)
    for key, what, taken in (("experiments", "an experiment", _TAKEN_EXPERIMENTS), ("figures", "a figure", ())):
        block = content.get(key)
        for entry in block if isinstance(block, dict) else ():
            _demand_name(f"{path}, {key}", what, entry, taken)
    config = validate(StudyConfig, content, str(path))
    if config.study != name:
        raise UserError(str(path), f"study = {config.study[:_SHOWN]!r}", repr(name), "name the study as its file")
    for figure, block in config.figures.items():
        for experiment in block.experiments:
            if experiment not in config.experiments:
                raise UserError(
                    str(path),
                    f"figures.{figure}.experiments names {experiment[:_SHOWN]!r}, which does not exist",
                    ", ".join(list(config.experiments)[:40]),
                    nearest(experiment[:_SHOWN], config.experiments, "correct the name"),
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


def _demand_few(where: str, key: str, settings: int, at_scale: ScaleBlock) -> None:
    """Raise UserError for more settings or jobs than a run can hold."""
    if settings > MAX_SETTINGS:
        problem = f"{key}: the sweep has {settings} settings"
        raise UserError(where, problem, f"at most {MAX_SETTINGS}", "sweep over fewer values, or split the experiment")
    jobs = settings * (at_scale.seeds // at_scale.seed_batch)
    if jobs > MAX_JOBS:
        problem = f"{key}: {settings} settings with {at_scale.seeds} seeds in batches of {at_scale.seed_batch}"
        raise UserError(where, f"{problem} are {jobs} jobs", f"at most {MAX_JOBS}", "raise seed_batch")


def plan_experiment(where: str, study: str, name: str, block: ExperimentBlock, scale: Scale) -> PlannedExperiment:
    """The settings of one experiment at one scale: the product of its sweeps, validated, without repetition.

    Raises UserError for a study without code, an unknown kind, a scale without a block, a sweep that is empty, too long
    or gives a setting twice, and a setting that does not fit or is not feasible.
    """
    key = f"experiments.{name}"
    try:
        kinds = kinds_of(study)
    except ModuleNotFoundError:  # of the study itself: what its code lacks is a fault that is told as one
        remedy = f"make new-study NAME={study}, or remove it from the list of studies"
        raise UserError(where, f"the study {study} has a config and no code", remedy=remedy) from None
    if block.kind not in kinds:
        remedy = nearest(block.kind[:_SHOWN], kinds, _CHOOSE)
        raise UserError(where, f"{key}.kind = {block.kind[:_SHOWN]!r}", ", ".join(kinds), remedy)
    kind = kind_of(study, block.kind)
    if scale not in block.scales:
        raise UserError(where, f"{key}.scales has no block for the scale {scale!r}", ", ".join(SCALES), "add the block")
    at_scale = block.scales[scale]
    sweep = {**block.sweep, **at_scale.sweep}
    for axis, values in sweep.items():
        if not values:
            raise UserError(where, f"{key}: the sweep over {axis} is empty", "at least one value", "list the values")
    points = math.prod(len(values) for values in sweep.values())
    _demand_few(where, key, points, at_scale)
    if kind.one_setting and points > 1:
        problem = f"{key}: the sweep over {', '.join(sweep)} has {points} settings; the kind {block.kind} takes one"
        raise UserError(where, problem, remedy="make each an experiment of its own")
    base = merged(block.settings, at_scale.settings)
    settings: list[Setting] = []
    seen: set[str] = set()
    for point in itertools.product(*sweep.values()):
        content = json.loads(json.dumps(base, default=str))
        for axis, value in zip(sweep, point, strict=True):
            _set_dotted(content, axis, value)
        setting = validate(kind.setting, content, where, f"{key} ({scale})")
        demand_feasible(where, f"{key} ({scale})", setting, at_scale.seed_batch)
        text = setting.model_dump_json()
        if text in seen:
            raise UserError(where, f"{key}: the sweep gives the same setting twice", remedy="remove the repetition")
        seen.add(text)
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
