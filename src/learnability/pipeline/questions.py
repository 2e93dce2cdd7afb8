"""Questions: targets of one's own, each in a small file ``config/questions/<name>.yaml``.

A question is planned as a study would be, from kinds of the study ``atlas``: the same jobs, fingerprints and seals. Its
results stand in ``results/questions/<name>/``, where no claim and no pooled number of a study looks.
"""

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from learnability.hermite.function_target import Link
from learnability.hermite.target_language import link_problem
from learnability.pipeline.config import MAX_COMMAND, StudyConfig, read_yaml, validate
from learnability.results.atomic import replacing
from learnability.results.contract import Model
from learnability.results.errors import UserError, nearest

SCALE: Literal["questions"] = "questions"
"""What stands in a path at the place of the scale."""

STUDY = "atlas"
"""The study whose kinds and figures answer questions."""

NAME = r"[a-z0-9][a-z0-9_]*"
CAPTION = "Escape times of the population flows against the dimension: median and 80% band over starts, theory dashed."
CAPTION_OF_CHECK = (
    " Measured: the share of seeds that learn the subspace against the samples, with exact binomial bars (95%), which "
    "reach to the dotted lines where no seed or every seed learns; and the samples that half of the seeds need against "
    "the dimension, with the predicted exponents dashed."
)
CHECKED_DIMENSIONS = (32, 64, 128)
CHECKED_SEEDS = 12
STARTS, STARTS_OF_MANY, MANY = 128, 32, 5
"""Random starts of the flows, and those for targets of many variables, whose steps cost ten times as much."""
_LONGEST_NAME = 40
MOST_LINK_POINTS = 2500
"""Of all targets together: they travel in the command of an analysis, which no system takes beyond 130,000 bytes."""
_BESIDE = 500
"""Bytes that an analysis's command has for each target beside its settings: names of files and settings."""
_HEADER = "# Written by `learnability ask`, which replaces it when the same question is asked again."


class LinkTable(Model):
    """A link by its values at points: :class:`~learnability.hermite.function_target.Link`."""

    z: tuple[float, ...]
    values: tuple[float, ...]

    @model_validator(mode="after")
    def _is_a_link(self) -> "LinkTable":
        Link(self.z, self.values)
        return self

    @classmethod
    def of(cls, link: Link) -> "LinkTable":
        """The table of a link."""
        return cls(z=link.z, values=link.values)


def _table(value: Any) -> Any:
    """A link from the file that a text names, or from its points."""
    if isinstance(value, str):
        return LinkTable.of(Link.from_table(value))
    if isinstance(value, LinkTable):
        return value
    # What a validator has seen is Python for pydantic, where a list is no tuple.
    return LinkTable.model_validate_json(json.dumps(value))


def _letter(name: str) -> str:
    """The name of a swept coefficient. Raises ValueError where it could be part of a number or a variable."""
    if not re.fullmatch(r"[a-df-y]", name):
        raise ValueError("a swept coefficient is one small letter, not e (as in 1e3) and not z")
    return name


class Question(Model):
    """``config/questions/<name>.yaml``: what is asked, and how it is checked.

    ``sweep`` gives values to coefficients that ``targets`` name, ``c`` in ``h2(z1) + c*h3(z2)``: every combination is
    a target of its own, and the page compares them. ``links`` has functions of one variable that ``targets`` apply,
    ``g`` in ``g(z1) + h3(z2)``: a file with two columns, z and g(z), or the points themselves. ``label_noise`` is the
    standard deviation of normal noise on the label, in the units of the target. ``seeds`` is the number of random
    starts of the flows: 128 where it is left out, 32 for targets of five variables or more.
    """

    targets: tuple[str, ...] = Field(min_length=1)
    sweep: dict[Annotated[str, AfterValidator(_letter)], tuple[float, ...]] = Field(default_factory=dict)
    links: dict[str, Annotated[LinkTable, BeforeValidator(_table)]] = Field(default_factory=dict)
    label_noise: float = Field(default=0.0, ge=0, le=1e6)
    dimension: int = Field(default=1000, ge=20, le=10**9)
    seeds: int | None = Field(default=None, ge=16)
    check: bool = False

    @model_validator(mode="after")
    def _known_coefficients(self) -> "Question":
        for letter, values in self.sweep.items():
            if not values:
                raise ValueError(f"sweep.{letter} lists no value")
            if not any(_places(letter).search(target) for target in self.targets):
                raise ValueError(f"sweep.{letter}: no target names the coefficient {letter}")
        return self

    @model_validator(mode="after")
    def _named_links(self) -> "Question":
        for name in self.links:
            problem = link_problem(name)
            if problem:
                raise ValueError(f"links: {problem}")
            if not any(_applied(name).search(target) for target in self.targets):
                raise ValueError(f"links.{name}: no target applies the link {name}, as in {name}(z1)")
        points = sum(len(self.links[name].z) for text in self.texts for name in self.links_in(text))
        if points > MOST_LINK_POINTS:
            raise ValueError(
                f"the links of all targets have {points} points together; at most {MOST_LINK_POINTS} are allowed: use "
                "fewer points, or fewer targets"
            )
        return self

    @model_validator(mode="after")
    def _fits_a_command(self) -> "Question":
        size = sum(len(json.dumps(_target(self, text))) + _BESIDE for text in self.texts)
        if size > MAX_COMMAND:
            raise ValueError(
                f"{len(self.texts)} targets, with about {size} bytes, are more than the command of an analysis holds "
                f"({MAX_COMMAND}): ask several questions, or sweep over fewer values"
            )
        return self

    def links_in(self, text: str) -> tuple[str, ...]:
        """The names of the links that a target applies."""
        return tuple(name for name in sorted(self.links) if _applied(name).search(text))

    def named_links(self) -> dict[str, Link]:
        """The links by name."""
        return {name: Link(table.z, table.values) for name, table in self.links.items()}

    @property
    def starts(self) -> int:
        """The number of random starts of the flows."""
        if self.seeds is not None:
            return self.seeds
        variables = max(len(set(re.findall(r"z\d+", text))) for text in self.targets)
        return STARTS_OF_MANY if variables >= MANY else STARTS

    @property
    def texts(self) -> tuple[str, ...]:
        """The targets with numbers in place of the swept coefficients, each once."""
        found = (_filled(target, self.sweep) for target in self.targets)
        return tuple(dict.fromkeys(itertools.chain.from_iterable(found)))


def _applied(link: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.]){re.escape(link)}\s*\(")


def _places(letter: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_.]){letter}(?![A-Za-z0-9_(])")


def _filled(target: str, sweep: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """The target for every combination of the coefficients that it names."""
    named = [letter for letter in sweep if _places(letter).search(target)]
    for values in itertools.product(*(sweep[letter] for letter in named)):
        text = target
        for letter, value in zip(named, values, strict=True):
            number = f"{value:.12g}"
            text = _places(letter).sub(number if value >= 0 else f"({number})", text)
        yield text


def read_question(folder: Path, name: str) -> Question:
    """The question ``name`` of ``config/questions``.

    Raises UserError for a name that no question can have, where there is none of that name, and for content that does
    not fit.
    """
    path = folder / f"{name}.yaml"
    if not re.fullmatch(NAME, name):
        allowed = "lower-case letters, digits and underscores; a letter or digit first"
        raise UserError(str(path), f"{name!r} cannot be the name of a question", allowed, "rename the file")
    if not path.is_file():
        known = question_names(folder)
        remedy = nearest(name, known, 'learnability ask "<target>" writes one')
        raise UserError(str(path), f"there is no question {name!r}", ", ".join(known) or "none", remedy)
    return validate(Question, read_yaml(path), str(path))


def question_names(folder: Path) -> tuple[str, ...]:
    """The names of all questions in ``config/questions``, by name."""
    return tuple(sorted(path.stem for path in folder.glob("*.yaml") if re.fullmatch(NAME, path.stem)))


def as_study(question: Question) -> StudyConfig:
    """The question as a study: one experiment for each kind that answers it, and its figure."""
    targets = [_target(question, text) for text in question.texts]
    sweep = {"target": targets}

    def block(kind: str, seeds: int, **settings: Any) -> dict[str, Any]:
        size = {"seeds": seeds, "seed_batch": seeds}
        return {"kind": kind, "settings": settings, "sweep": sweep, "scales": {"laptop": size}}

    decades = [question.dimension * 10**power for power in range(3)]
    experiments = {
        "diagnosis": block("diagnosis", 1),
        "times": block("times", question.starts, dimensions=decades),
    }
    if question.check:
        experiments["check"] = block("check", CHECKED_SEEDS, dimensions=list(CHECKED_DIMENSIONS))
    caption = CAPTION + (CAPTION_OF_CHECK if question.check else "")
    content = {
        "study": STUDY,
        "experiments": experiments,
        "figures": {"answer": {"experiments": list(experiments), "caption": caption}},
    }
    return validate(StudyConfig, content, "the question")


def _target(question: Question, text: str) -> dict[str, Any]:
    """A target as the settings of the study have it; what is left at its default is left out."""
    found: dict[str, Any] = {"text": text}
    if question.label_noise:
        found["label_noise"] = question.label_noise
    links = [{"name": name, **question.links[name].model_dump(mode="json")} for name in question.links_in(text)]
    return {**found, "links": links} if links else found


def name_of(question: Question) -> str:
    """A name for a question: its first target as far as it makes a file name, with a digest where that is not all."""
    plain = re.sub(r"[()*\s]", "", "_".join(question.targets).lower().replace("-", "_minus_"))
    said = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    asked = repr((question.targets, sorted(question.sweep.items())))
    if question.links or question.label_noise:
        asked += repr((question.label_noise, sorted(question.named_links().items())))
    digest = hashlib.sha256(asked.encode()).hexdigest()[:6]
    return f"{said[:_LONGEST_NAME].strip('_') or 'target'}_{digest}"


def write_question(folder: Path, name: str, question: Question) -> Path:
    """Write ``<name>.yaml`` unless it says the same already. Raises UserError where a person wrote another one."""
    path = folder / f"{name}.yaml"
    if path.is_file():
        if validate(Question, read_yaml(path), str(path)) == question:
            return path
        if not path.read_text(encoding="utf-8").startswith(_HEADER):
            remedy = f"ask it by its name (learnability ask {name}), or choose another with --name"
            raise UserError(str(path), "another question has this name, and it was written by hand", remedy=remedy)
    lines = [_HEADER, "targets:", *(f"  - {_quoted(text)}" for text in question.targets)]
    if question.sweep:
        lines += ["sweep:", *(f"  {k}: [{', '.join(map(repr, v))}]" for k, v in question.sweep.items())]
    if question.links:
        lines.append("links:")
        for link, table in question.links.items():
            points = ("z", table.z), ("values", table.values)
            lines += [f"  {link}:", *(f"    {key}: [{', '.join(map(repr, numbers))}]" for key, numbers in points)]
    if question.label_noise:
        lines.append(f"label_noise: {question.label_noise!r}")
    lines.append(f"dimension: {question.dimension}")
    if question.seeds is not None:
        lines.append(f"seeds: {question.seeds}")
    lines.append(f"check: {str(question.check).lower()}")
    with replacing(path) as out:
        out.write(("\n".join(lines) + "\n").encode())
    return path


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
