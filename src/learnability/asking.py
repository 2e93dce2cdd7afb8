"""``learnability ask`` and ``learnability.ask``: one target, or several, from the question to its answer."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex

from learnability.results.errors import UserError

if TYPE_CHECKING:
    import xarray as xr
    from rich.console import Console

    from learnability.diagnosis.result import Diagnosis
    from learnability.hermite.expansion import HermiteExpansion
    from learnability.hermite.function_target import FunctionTarget, Link
    from learnability.pipeline.questions import Question
    from learnability.studies.atlas.answer import Answer

ROOT_SEED = 20231031
"""The root seed of ``config/config.yaml`` as it comes, with which the command answers."""

DIMENSION = 1000
LEAST_DIMENSION = 20

_MOST_COEFFICIENTS = 10**8
"""Of a polynomial that the diagnosis is offered for: a float each."""


@dataclass(frozen=True, eq=False)
class Asked:
    """The answer to a question; see :func:`learnability.ask`.

    ``answers`` has one entry a target: rows of the diagnosis and of times, sentences of the verdict. ``analyses`` are
    the datasets that they were read from. Printed, it is the screen of the command; in a notebook a page.
    """

    answers: tuple[Answer, ...]
    analyses: Mapping[str, xr.Dataset]

    def __str__(self) -> str:
        from rich.console import Console

        from learnability.report.question_screen import answer_screen

        width = shutil.get_terminal_size((80, 24)).columns
        console = Console(width=width, force_terminal=False, color_system=None)
        with console.capture() as said:
            for answer in self.answers:
                console.print(answer_screen(answer))
        return said.get()

    def _repr_html_(self) -> str:
        parts = []
        for answer in self.answers:
            verdict = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in answer.verdict)
            doubts = "".join(f"<li><em>not known:</em> {html.escape(sentence)}</li>" for sentence in answer.open_points)
            rows = "".join(
                "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td></tr>".format(*map(html.escape, row))
                for row in (*answer.times, *answer.check, *answer.diagnosis)
            )
            parts.append(f"<h3>{html.escape(answer.target)}</h3><ul>{verdict}{doubts}</ul><table>{rows}</table>")
        return "".join(parts)


def question_of(
    targets: Sequence[str],
    dimension: int = DIMENSION,
    sweep: Mapping[str, Sequence[float]] | None = None,
    seeds: int | None = None,
    check: bool = False,
    links: Mapping[str, Link] | None = None,
    label_noise: float = 0.0,
    quick: bool = False,
) -> Question:
    """The question, validated; every target is read, so that a mistake costs nothing but a message.

    With ``quick`` it is one of the diagnosis alone, which may have more variables than the times.
    Raises UserError for a target that cannot be answered, a dimension that is too small, and whatever else no question
    can have.
    """
    from learnability.hermite.target_language import parse_target
    from learnability.pipeline.config import plan_experiment, validate
    from learnability.pipeline.questions import STUDY, Question, as_study
    from learnability.studies.atlas.settings import answerable

    swept = dict(sweep or {})
    content = {
        "targets": list(targets),
        "sweep": {letter: list(values) if isinstance(values, Iterable) else values for letter, values in swept.items()},
        "links": {name: {"z": link.z, "values": link.values} for name, link in (links or {}).items()},
        "label_noise": label_noise,
        "dimension": dimension,
        "seeds": seeds,
        "check": check,
    }
    if type(dimension) is int and 1 <= dimension < LEAST_DIMENSION:
        question = validate(Question, {**content, "dimension": LEAST_DIMENSION}, "the question")
        _refuse_dimension(question, dimension)
    question = validate(Question, content, "the question")
    for text in question.texts:
        try:
            (parse_target if quick else answerable)(text, links=question.named_links())
        except ValueError as error:
            raise _about_target(error) from None
    if quick:
        return question
    for name, block in as_study(question).experiments.items():
        plan_experiment("the question", STUDY, name, block, "laptop")
    return question


def _about_target(error: ValueError) -> UserError:
    """What is wrong with a target, and what was probably meant by a name that the language does not have."""
    from learnability.hermite.target_language import TargetError
    from learnability.studies.atlas.settings import MOST_DEGREE

    remedy = "correct the target"
    unknown = re.search(r"unknown (variable|function) '([A-Za-z]\w*)'", str(error))
    steep = re.search(r"the target '(.*)' has degree (\d+)", str(error))
    many = re.search(r"the target '(.*)' has (\d+) variables", str(error))
    if many and len(set(re.findall(r"\bz\d+", many[1]))) < int(many[2]):
        remedy = "number the variables from z1 on: the highest index counts"
    elif many:
        remedy = "ask for the exponents alone, with --quick (up to 8 variables), or about fewer variables"
    elif steep:
        variables = max(map(int, re.findall(r"\bz(\d+)", steep[1])), default=1)
        alone = (int(steep[2]) + 1) ** variables <= _MOST_COEFFICIENTS
        quick = "ask for the exponents alone, with --quick (learnability.diagnose), or " if alone else "ask "
        remedy = f"{quick}about a polynomial of degree at most {MOST_DEGREE}"
    elif unknown and unknown[1] == "function":
        remedy += f"; a function of your own is given by its values, --link {unknown[2]}=values.csv"
    elif unknown and re.fullmatch(r"x\d+", unknown[2]):
        remedy = "ask about bits with --inputs cube, or write z1, z2, ... for Gaussian variables"
    elif unknown and re.fullmatch(r"[a-df-y]", unknown[2]):
        remedy += f"; a coefficient is given its values, --sweep {unknown[2]}=0,1"
    elif unknown and isinstance(error, TargetError) and error.text.strip() == unknown[2]:
        remedy = f"correct the target; there is no question {FOLDER / unknown[2]}.yaml either"
    return UserError("the target", str(error), remedy=remedy)


def _demand_noise(label_noise: float) -> None:
    """Raise UserError for a noise that no question can have."""
    from learnability.pipeline.config import validate
    from learnability.pipeline.questions import Question

    validate(Question, {"targets": ["z1"], "label_noise": label_noise}, "the question")


def _diagnosis(question: Question, text: str) -> Diagnosis:
    """The diagnosis of one target of a question."""
    from learnability.diagnosis.diagnose import diagnose
    from learnability.hermite.target_language import parse_target

    try:
        target = parse_target(text, links=question.named_links()) if question.links else text
        return diagnose(target, label_noise=question.label_noise)
    except ValueError as error:
        raise _about_target(error) from None


def _refuse_dimension(question: Question, dimension: int) -> None:
    directions = max(_diagnosis(question, text).intrinsic_dimension for text in question.texts)
    raise UserError(
        "dimension",
        f"{dimension} is too small for a target of {directions} direction{'s' if directions > 1 else ''}",
        f"at least {LEAST_DIMENSION}",
        "times and samples are told for high dimension; --quick (learnability.diagnose) tells the exponents alone",
    )


def diagnosed(
    targets: Sequence[str | HermiteExpansion | FunctionTarget],
    inputs: Literal["gaussian", "cube"] = "gaussian",
    label_noise: float = 0.0,
) -> Asked:
    """What algebra says alone: of bits, and of callables of several variables, no times are computed.

    Raises UserError for unknown inputs, a label noise that no question can have, and a target without a diagnosis.
    """
    from learnability.diagnosis.diagnose import diagnose
    from learnability.studies.atlas.answer import Answer

    if inputs not in ("gaussian", "cube"):
        raise UserError("inputs", f"{inputs!r} is unknown", "gaussian, cube", "correct the value")
    _demand_noise(label_noise)
    about = "functions of bits" if inputs == "cube" else "callables of several variables, which no table can hold"
    doubt = f"Times, samples and checks are not computed for {about}."
    found = []
    for target in targets:
        try:
            found.append(
                Answer(
                    str(target),
                    tuple(diagnose(target, inputs=inputs, label_noise=label_noise).rows()),
                    open_points=(doubt,),
                )
            )
        except ValueError as error:
            remedy = _remedy_of_bits(error) if inputs == "cube" else _ANOTHER
            raise UserError("the target", str(error), remedy=remedy) from None
    return Asked(tuple(found), {})


_ANOTHER = "ask about another target"


def _remedy_of_bits(error: ValueError) -> str:
    """What to do about a function of bits that is none."""
    from learnability.hermite.target_language import TargetError

    if re.search(r"unknown variable 'z\d+'", str(error)):
        return "write x1, x2, ... for bits, or leave out --inputs cube for Gaussian variables"
    return "correct the target" if isinstance(error, TargetError) else _ANOTHER


def ask(
    target: str | HermiteExpansion | FunctionTarget | Callable[[Any], Any] | Sequence[str],
    dimension: int = DIMENSION,
    *,
    inputs: Literal["gaussian", "cube"] = "gaussian",
    sweep: Mapping[str, Sequence[float]] | None = None,
    links: Mapping[str, Link | Callable[[Any], Any] | str | Path] | None = None,
    label_noise: float = 0.0,
    seeds: int | None = None,
    check: bool = False,
    root_seed: int = ROOT_SEED,
) -> Asked:
    """What learns a target, in what time and from how many samples; the same as ``learnability ask``, without files.

    Parameters
    ----------
    target:
        One target or several, as text (see :func:`learnability.parse`), an expansion, or a function of one variable,
        which maps an array to one of the same shape and is called ``g`` in the answer. A callable of several
        variables (:meth:`learnability.FunctionTarget.from_callable`) is diagnosed alone.
    dimension:
        The dimension d at which times and samples are told, at least 20.
    inputs:
        ``"gaussian"``, or ``"cube"`` for bits ``x1, x2, ...``, which are diagnosed alone.
    sweep:
        Values of coefficients that a target names: ``{"c": [0, 0.1, 1]}`` for ``"h2(z1) + c*h3(z2)"``.
    links:
        Functions of one variable that a target applies: ``{"g": numpy.tanh}`` for ``"g(z1*z2) + h3(z1)"``. A callable
        is taken at 321 points from -8 to 8, a path is that of a file with two columns
        (:meth:`learnability.Link.from_table`).
    label_noise:
        The standard deviation of normal noise on the label, in the units of the target.
    seeds:
        The number of random starts of the flows, at least 16. Default: 128, or 32 for five variables and more.
    check:
        Whether algorithms are run on finite samples; about a minute.
    root_seed:
        The seed that all random numbers derive from. The default is that of ``config/config.yaml``, so that the command
        gives the same numbers unless it was changed there.

    Raises
    ------
    UserError
        For a target that cannot be parsed or is constant, or a value out of range.

    Examples
    --------
    >>> asked = ask("h1(z1)", dimension=50, seeds=16)
    >>> asked.answers[0].times[0][0]
    'direction 1, link refitted'
    """
    from learnability.pipeline.direct import analyses
    from learnability.studies.atlas.answer import answers

    if not isinstance(root_seed, SupportsIndex) or not 0 <= root_seed < 2**63:
        allowed = "a whole number from 0 to 2^63 - 1"
        raise UserError("root_seed", f"root_seed = {root_seed!r} is not a seed", allowed, "correct the value")
    if inputs != "gaussian":
        given = [target] if isinstance(target, str) or not isinstance(target, Sequence) else target
        return diagnosed(given, inputs, label_noise)  # type: ignore[arg-type]
    named = {name: _link(name, given) for name, given in (links or {}).items()}
    if isinstance(target, (str, Sequence)):
        texts = [target] if isinstance(target, str) else list(target)
    else:
        text, own = _in_words(target)
        if text is None:
            return diagnosed([target], label_noise=label_noise)  # type: ignore[list-item]
        texts, named = [text], {**named, **own}
    asked = question_of(texts, dimension, sweep, seeds, check, named, label_noise)
    for one in asked.texts:
        _diagnosis(asked, one)  # Whether a function is constant, or has a second moment, is only seen here.
    found = analyses(asked, root_seed)
    return Asked(tuple(answers(found)), found)


def _link(name: str, given: Link | Callable[[Any], Any] | str | Path) -> Link:
    from learnability.hermite.function_target import Link

    try:
        if isinstance(given, Link):
            return given
        return Link.from_callable(given) if callable(given) else Link.from_table(given)
    except TypeError:
        allowed = "a Link, a function of one array, or the path of a file of two columns"
        raise UserError(f"the link {name}", f"{given!r} is no link", allowed, "correct the link") from None
    except ValueError as error:
        unread = f"name a file that can be read: --link {name}=PATH" if ": cannot be read (" in str(error) else ""
        raise UserError(f"the link {name}", str(error), remedy=unread or "correct the values of the link") from None


def _in_words(target: HermiteExpansion | FunctionTarget | Callable[[Any], Any]) -> tuple[str | None, dict[str, Link]]:
    """The text that stands for a target, with its links; None where there is none."""
    from learnability.hermite.expansion import HermiteExpansion
    from learnability.hermite.function_target import FunctionTarget

    if isinstance(target, HermiteExpansion):
        terms = (
            "*".join([repr(value), *(f"h{k}(z{i})" for i, k in enumerate(index, 1) if k)])
            for index, value in target.coefficients.items()
        )
        return " + ".join(f"({term})" for term in terms) or "0", {}
    if not isinstance(target, FunctionTarget):
        return "g(z1)", {"g": _link("g", target)}
    if target.variables == 1:
        return "g(z1)", {"g": next(iter(target.links.values()), None) or _link("g", lambda z: target(z[:, None]))}
    return None, {}


def parse_sweep(texts: Sequence[str]) -> dict[str, list[float]]:
    """``c=0,.1,1`` as ``{"c": [0, .1, 1]}``. Raises UserError for a text of another form."""
    found = {}
    for text in texts:
        letter, equals, values = text.partition("=")
        try:
            numbers = [float(value) for value in values.split(",")]
        except ValueError:
            numbers = []
        if not equals or not numbers:
            raise UserError("--sweep", f"{text!r} is no sweep", "LETTER=NUMBER,NUMBER,...", "write --sweep c=0,0.1,1")
        found[letter.strip()] = numbers
    return found


def parse_links(texts: Sequence[str]) -> dict[str, Link]:
    """``g=values.csv`` as the link ``g`` of that file.

    Raises UserError for a text of another form, and for a file that is no link.
    """
    found = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or not name.strip() or not path.strip():
            raise UserError("--link", f"{text!r} names no file", "NAME=FILE", "write --link g=values.csv")
        found[name.strip()] = _link(name.strip(), Path(path.strip()).expanduser())
    return found


FOLDER = Path("config/questions")
RESULTS = Path("results/questions")


def command(
    targets: Sequence[str],
    dimension: int,
    check: bool,
    sweep: Sequence[str],
    seeds: int | None,
    name: str,
    quick: bool,
    cores: str,
    inputs: Literal["gaussian", "cube"] = "gaussian",
    links: Sequence[str] = (),
    label_noise: float = 0.0,
) -> int:
    """``learnability ask``: print the diagnosis, answer the question through the workflow, print the rest.

    Gives the exit status. Raises UserError for a question that cannot be answered, a name or a number of cores that is
    none, and options that do not go together.
    """
    from rich.console import Console

    from learnability.pipeline import engine, questions

    engine.count_of_cores(cores)
    if name and not re.fullmatch(questions.NAME, name):
        allowed = "lower-case letters, digits and underscores; a letter or digit first"
        raise UserError("--name", f"{name[:60]!r} cannot be the name of a question", allowed, "choose another name")
    if inputs == "cube":
        if check or sweep or links:
            problem = "functions of bits are diagnosed alone: there is no check, no sweep and no link for them"
            raise UserError("--inputs cube", problem, remedy="leave --check, --sweep and --link out")
        with _options_named():
            print(diagnosed(targets, inputs, label_noise))
        return 0
    kept = _kept(targets)
    if kept:
        given = {
            "--dimension": dimension != DIMENSION,
            "--check": check,
            "--sweep": bool(sweep),
            "--link": bool(links),
            "--label-noise": label_noise != 0.0,
            "--seeds": seeds is not None,
            "--name": name not in ("", kept),
        }
        _refuse_beside([option for option, differs in given.items() if differs], kept)
        name, question = kept, questions.read_question(FOLDER, kept)
    else:
        # The diagnosis is the same in every dimension.
        least = LEAST_DIMENSION if quick and 1 <= dimension < LEAST_DIMENSION else dimension
        with _options_named():
            question = question_of(
                targets, least, parse_sweep(sweep), seeds, check, parse_links(links), label_noise, quick
            )
        name = name or questions.name_of(question)
    console = Console()
    _show_diagnosis(console, question)
    if quick:
        return 0
    questions.write_question(FOLDER, name, question)
    try:
        with console.status(f"answering {name}") as line, engine.stopped_by_signals():
            status = _answer(name, cores, lambda work: line.update(f"answering {name}{work and ': '}{work}"))
    except engine.Stopped as stopped:
        return stopped.told()
    if status:
        return status
    _show_answer(console, name)
    return 0


def _kept(targets: Sequence[str]) -> str:
    """The name of the one question that is named in the place of a target; empty where there is none."""
    if len(targets) != 1:
        return ""
    if re.fullmatch(r"config/questions/\S+\.yaml", targets[0]):
        return Path(targets[0]).stem
    return targets[0] if (FOLDER / f"{targets[0]}.yaml").is_file() else ""


def _refuse_beside(options: Sequence[str], name: str) -> None:
    """Raise UserError for options of a new question beside the name of one that exists: its file says all of it."""
    if not options:
        return
    is_are = "is" if len(options) == 1 else "are"
    problem = f"{', '.join(options)} {is_are} given beside the name of a question that exists"
    remedy = f"these stand in {FOLDER / name}.yaml: change that file, or ask about the target itself, with a --name"
    raise UserError(f"the question {name}", problem, "--quick, --cores", remedy)


@contextmanager
def _options_named() -> Iterator[None]:
    """An error in a field of the question names the option that it came from."""
    try:
        yield
    except UserError as error:
        field = re.match(r"(label_noise|dimension|seeds|sweep)\b", error.problem)
        if error.where != "the question" or field is None:
            raise
        option = "--" + field[1].replace("_", "-")
        raise UserError(option, error.problem, error.allowed, error.remedy) from None


def _show_diagnosis(console: Console, question: Question) -> None:
    """What algebra says, at once: nothing heavy is imported for it."""
    from learnability.report.question_screen import diagnosis_panel

    for text in question.texts:
        console.print(diagnosis_panel(text, _diagnosis(question, text).rows()))


def _answer(name: str, cores: str, tell: Callable[[str], None]) -> int:
    """Run the workflow for one question; what it says is shown when it fails. It ends when this process does.

    ``tell`` is told now and then what is computed.
    """
    from learnability.pipeline import engine, lifeline, surroundings

    target = f"{RESULTS}/{name}/index.html"
    forced = _see_to_untrusted(name)
    again = ["--forcerun", *forced] if forced else []
    line = [sys.executable, "-m", "snakemake", target, "--cores", cores, "--nolock", *again]
    with (
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryDirectory(prefix="learnability.") as own,
        lifeline.held(Path(own) / "alive") as alive,
    ):
        environment = surroundings.clean() | {lifeline.VARIABLE: str(alive)}
        with engine.started(line, environment, stdout=said) as process:
            while process.poll() is None:
                tell(_at_work(name))
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.5)
        if process.returncode:
            said.seek(0)
            print(said.read().decode(errors="replace"), file=sys.stderr)
            print(f"learnability: the question was not answered; logs in {RESULTS}/logs/{name}", file=sys.stderr)
    return process.returncode


def _at_work(name: str) -> str:
    """What the job at work said last of itself; empty while none has said anything."""
    logs = sorted((RESULTS / "logs" / name).rglob("*.log"), key=lambda path: path.stat().st_mtime)
    said = logs[-1].read_text(encoding="utf-8", errors="replace") if logs else ""
    found = re.search(r"\d+%  (.+)\n?$", said)
    return found[1] if found else ""


def _see_to_untrusted(name: str) -> list[str]:
    """Set aside outputs that are not what they were made as; those that must be made again in any case.

    What killed jobs of the question left half-written is removed.
    """
    from learnability.pipeline import status
    from learnability.pipeline.job_table import JobTable
    from learnability.pipeline.jobs import question_jobs
    from learnability.pipeline.lock import clear_leftovers, only_one_run
    from learnability.results import manifest

    table = JobTable(Path("config"))
    with only_one_run(RESULTS / name / ".lock"):
        for folder in (RESULTS / name, RESULTS / manifest.FOLDER / name):
            clear_leftovers(folder)
        outputs = status.examine(table, question_jobs(table, name))
        for line in status.set_untrusted_aside(outputs):
            print(f"learnability: {line}", file=sys.stderr)
    return status.to_force(outputs)


def _show_answer(console: Console, name: str) -> None:
    from learnability.report.question_page import answers_of
    from learnability.report.question_screen import answer_screen, comparison

    found = answers_of(sorted((RESULTS / name).glob("*/analysis.zarr.zip")))
    for answer in found:
        console.print(answer_screen(answer, diagnosis=False))
    if len(found) > 1:
        console.print(comparison(found))
    console.print(
        f"page     {RESULTS / name / 'index.html'}", f"figure   {RESULTS / name / 'figures/answer.svg'}", sep="\n"
    )
