"""The page that answers one question; one file, no network."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from learnability.pipeline.lock import demand_lease
from learnability.pipeline.pages import question_parameters
from learnability.pipeline.questions import CAPTION, CAPTION_OF_CHECK
from learnability.report.wording import finding
from learnability.results import manifest
from learnability.results.store import read

if TYPE_CHECKING:
    from learnability.studies.atlas.answer import Answer

GUIDE = Path("docs/guides/exponents.md")
"""The words of an answer, in the folder of the project."""


def answers_of(paths: Sequence[Path]) -> list["Answer"]:
    """The answers in the analyses of a question."""
    from learnability.studies.atlas.answer import answers

    datasets = [read(path) for path in paths]
    return answers({str(dataset.attrs["experiment"]): dataset for dataset in datasets})


def differences(answers: Sequence["Answer"]) -> list[list[str]]:
    """The rows in which several targets differ, the name first; none for one target."""
    columns = [{row[0]: row[1] for row in (*answer.diagnosis, *answer.times, *answer.check)} for answer in answers]
    found = dict.fromkeys(name for column in columns for name in column if name != "target")
    rows = [[name, *(column.get(name, "–") for column in columns)] for name in found]
    return [row for row in rows if len(set(row[1:])) > 1]


def page(name: str, analyses: Sequence[Path], figures: Sequence[Path], output: Path) -> str:
    """The page as text; links are relative to ``output``."""
    from jinja2 import Environment, PackageLoader

    from learnability.studies.atlas.methods import GIVEN

    environment = Environment(loader=PackageLoader("learnability.report", "templates"), autoescape=True)
    found = answers_of(analyses)
    times = next(dataset for path in analyses if (dataset := read(path)).attrs["experiment"] == "times")
    svg = figures[0].read_text(encoding="utf-8")
    return environment.get_template("question.html").render(
        name=name,
        answers=found,
        compared=differences(found),
        picture=os.path.relpath(figures[0], output.parent),
        found=finding(svg),
        caption=CAPTION + (CAPTION_OF_CHECK if found[0].check else ""),
        given=GIVEN,
        guide=os.path.relpath(GUIDE, output.parent),
        dimension=f"{int(times['dimension'][0]):,}",
        data=[os.path.relpath(path, output.parent) for path in (*analyses, *figures)],
    )


def main(argv: list[str] | None = None) -> None:
    """Write the page of one question."""
    parser = argparse.ArgumentParser(prog="python -m learnability.report.question_page", description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--analyses", nargs="+", required=True, type=Path)
    parser.add_argument("--figures", nargs="+", required=True, type=Path)
    parser.add_argument("--code", default="", help="the fingerprint of the code behind the page")
    parser.add_argument("--output", required=True, type=Path)
    arguments = parser.parse_args(argv)
    text = page(arguments.name, arguments.analyses, arguments.figures, arguments.output)
    inputs = manifest.digests([*arguments.analyses, *arguments.figures])
    demand_lease(arguments.output)
    manifest.put(arguments.output, text.encode(), "question_page", question_parameters(), arguments.code, inputs)


if __name__ == "__main__":
    main()
