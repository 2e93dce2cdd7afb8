"""``learnability ask`` and ``learnability.ask``: one target, or several, from the question to its answer."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from learnability.results.errors import UserError

if TYPE_CHECKING:
    import xarray as xr
    from rich.console import Console

    from learnability.hermite.expansion import HermiteExpansion
    from learnability.hermite.function_target import FunctionTarget
    from learnability.pipeline.questions import Question
    from learnability.studies.atlas.answer import Answer

ROOT_SEED = 20231031
"""The root seed of ``config/config.yaml`` as it comes, with which the command answers."""

DIMENSION = 1000
LEAST_DIMENSION = 20


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

        console = Console(width=110, force_terminal=False, color_system=None)
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
    seeds: int = 128,
    check: bool = False,
) -> Question:
    """The question, validated; every target is read, so that a mistake costs nothing but a message."""
    from learnability.pipeline.config import plan_experiment, validate
    from learnability.pipeline.questions import STUDY, Question, as_study
    from learnability.studies.atlas.settings import answerable

    content = {
        "targets": list(targets),
        "sweep": {letter: list(values) for letter, values in (sweep or {}).items()},
        "dimension": dimension,
        "seeds": seeds,
        "check": check,
    }
    if 1 <= dimension < LEAST_DIMENSION:
        question: Question = validate(Question, {**content, "dimension": LEAST_DIMENSION}, "the question")
        _refuse_dimension(question.texts, dimension)
    question = validate(Question, content, "the question")
    for text in question.texts:
        try:
            answerable(text)
        except ValueError as error:
            raise UserError("the target", str(error), remedy="correct the target") from None
    for name, block in as_study(question).experiments.items():
        plan_experiment("the question", STUDY, name, block, "laptop")
    return question


def _refuse_dimension(targets: Sequence[str], dimension: int) -> None:
    from learnability.diagnosis.diagnose import diagnose

    try:
        directions = max(diagnose(text).intrinsic_dimension for text in targets)
    except ValueError as error:
        raise UserError("the target", str(error), remedy="correct the target") from None
    raise UserError(
        "dimension",
        f"{dimension} is too small for a target of {directions} direction{'s' if directions > 1 else ''}",
        f"at least {LEAST_DIMENSION}",
        "times and samples are told for high dimension; for the exponents alone, use --quick",
    )


def diagnosed(
    targets: Sequence[str | HermiteExpansion | FunctionTarget], inputs: Literal["gaussian", "cube"] = "gaussian"
) -> Asked:
    """What algebra says alone: of bits, and of targets that are not given as text, no times are computed."""
    from learnability.diagnosis.diagnose import diagnose
    from learnability.studies.atlas.answer import Answer

    about = "functions of bits" if inputs == "cube" else "targets that are not given as text"
    doubt = f"Times, samples and checks are not computed for {about}."
    found = []
    for target in targets:
        try:
            found.append(Answer(str(target), tuple(diagnose(target, inputs=inputs).rows()), open_points=(doubt,)))
        except ValueError as error:
            raise UserError("the target", str(error), remedy="ask about another target") from None
    return Asked(tuple(found), {})


def ask(
    target: str | HermiteExpansion | FunctionTarget | Sequence[str],
    dimension: int = DIMENSION,
    *,
    inputs: Literal["gaussian", "cube"] = "gaussian",
    sweep: Mapping[str, Sequence[float]] | None = None,
    seeds: int = 128,
    check: bool = False,
    root_seed: int = ROOT_SEED,
) -> Asked:
    """What learns a target, in what time and from how many samples; the same as ``learnability ask``, without files.

    Parameters
    ----------
    target:
        One target or several, as text (see :func:`learnability.parse`). An expansion or a function target (from a
        Python callable or a table of a link, :class:`learnability.FunctionTarget`) is diagnosed; its times are not
        computed.
    dimension:
        The dimension d at which times and samples are told, at least 20.
    inputs:
        ``"gaussian"``, or ``"cube"`` for bits ``x1, x2, ...``, which are diagnosed alone.
    sweep:
        Values of coefficients that a target names: ``{"c": [0, 0.1, 1]}`` for ``"h2(z1) + c*h3(z2)"``.
    seeds:
        The number of random starts of the flows, at least 16.
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

    if inputs == "cube" or not isinstance(target, (str, Sequence)):
        several = isinstance(target, Sequence) and not isinstance(target, str)
        return diagnosed(target if several else [target], inputs)  # type: ignore[arg-type, list-item]
    asked = question_of([target] if isinstance(target, str) else target, dimension, sweep, seeds, check)
    found = analyses(asked, root_seed)
    return Asked(tuple(answers(found)), found)


def parse_sweep(texts: Sequence[str]) -> dict[str, list[float]]:
    """``c=0,.1,1`` as ``{"c": [0, .1, 1]}``."""
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


FOLDER = Path("config/questions")
RESULTS = Path("results/questions")


def command(
    targets: Sequence[str],
    dimension: int,
    check: bool,
    sweep: Sequence[str],
    seeds: int,
    name: str,
    quick: bool,
    cores: str,
    inputs: Literal["gaussian", "cube"] = "gaussian",
) -> int:
    """``learnability ask``: print the diagnosis, answer the question through the workflow, print the rest."""
    from rich.console import Console

    from learnability.pipeline import questions

    if inputs == "cube":
        if check or sweep:
            problem = "functions of bits are diagnosed alone: there is no check and no sweep for them"
            raise UserError("--inputs cube", problem, remedy="leave --check and --sweep out")
        print(diagnosed(targets, inputs))
        return 0
    if len(targets) == 1 and (FOLDER / f"{targets[0]}.yaml").is_file():
        name, question = targets[0], questions.read_question(FOLDER, targets[0])
    elif len(targets) == 1 and re.fullmatch(r"config/questions/\S+\.yaml", targets[0]):
        name = Path(targets[0]).stem
        question = questions.read_question(FOLDER, name)
    else:
        # The diagnosis is the same in every dimension.
        least = max(dimension, LEAST_DIMENSION) if quick else dimension
        question = question_of(targets, least, parse_sweep(sweep), seeds, check)
        name = name or questions.name_of(question)
    console = Console()
    _show_diagnosis(console, question)
    if quick:
        return 0
    questions.write_question(FOLDER, name, question)
    with console.status(f"answering {name}"):
        status = _answer(name, cores)
    if status:
        return status
    _show_answer(console, name)
    return 0


def _show_diagnosis(console: Console, question: Question) -> None:
    """What algebra says, at once: nothing heavy is imported for it."""
    from learnability.diagnosis.diagnose import diagnose
    from learnability.report.question_screen import diagnosis_panel

    for text in question.texts:
        try:
            rows = diagnose(text).rows()
        except ValueError as error:
            raise UserError("the target", str(error), remedy="ask about another target") from None
        console.print(diagnosis_panel(text, rows))


def _answer(name: str, cores: str) -> int:
    """Run the workflow for one question; what it says is shown when it fails."""
    target = f"{RESULTS}/{name}/index.html"
    line = [sys.executable, "-m", "snakemake", target, "--cores", cores, "--nolock"]
    done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        print(f"learnability: the question was not answered; logs in {RESULTS}/logs/{name}", file=sys.stderr)
    return done.returncode


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
