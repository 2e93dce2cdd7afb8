"""Writes the table of verdicts into README.md, between two markers, from ``claims.json``.

``python -m learnability.report.verdict_table results/laptop/claims.json`` writes ``docs/verdicts.json``, the small committed
copy of the verdicts, and the table; ``--check`` says whether the two are in step.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from learnability.report.claims_page import interval, number
from learnability.report.page_parts import VERDICT_MARKS
from learnability.results.atomic import replacing
from learnability.results.errors import UserError
from learnability.results.verdicts import VERDICTS, counted

BEGIN, END = "<!-- verdicts:begin -->", "<!-- verdicts:end -->"
README, VERDICTS_FILE = Path("README.md"), Path("docs/verdicts.json")
_KEPT = ("id", "study", "source", "form", "statement", "unit", "estimate", "interval", "rule", "seeds", "verdict")


def digest(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the README needs of each claim; numbers to the four digits that a reader sees."""

    def short(value: Any) -> Any:
        return float(f"{value:.4g}") if isinstance(value, float) else value

    def kept(row: Mapping[str, Any]) -> dict[str, Any]:
        few = {key: short(row[key]) for key in _KEPT}
        return {**few, "interval": row["interval"] and [short(value) for value in row["interval"]]}

    return [kept(row) for row in rows]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _measured(row: Mapping[str, Any]) -> str:
    if row["estimate"] is None:
        return ""
    unit = "" if row["unit"] in ("", "1") else f" {row['unit']}"
    return f"{number(row['estimate'])}{unit} {interval(row)}"


def _claim_line(row: Mapping[str, Any]) -> str:
    form = "" if row["form"] == "stated" else f"*{row['form']}:* "
    cells = [
        f"`{row['id'].partition('/')[2]}`",
        form + _cell(row["statement"]),
        _cell(row["source"]),
        _cell(_measured(row)),
        _cell(row["rule"]),
        "" if row["seeds"] is None else str(row["seeds"]),
        f"{VERDICT_MARKS[row['verdict']]} {row['verdict']}",
    ]
    return f"| {' | '.join(cells)} |"


def _study(study: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        "",
        f"<details><summary><b>{study}</b>: {counted(rows)}</summary>",
        "",
        "| claim | statement | source | measured | accepted | seeds | verdict |",
        "|---|---|---|---|---|---|---|",
        *map(_claim_line, rows),
        "",
        "</details>",
    ]


def table(content: Mapping[str, Any]) -> str:
    """The text between the markers: verdicts counted by study, and every claim behind a fold."""
    rows = content["claims"]
    studies: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        studies.setdefault(row["study"], []).append(row)
    marks = [f"{VERDICT_MARKS[verdict]} {verdict}" for verdict in VERDICTS]
    lines = [f"{counted(rows)} (scale `{content['scale']}`).", ""]
    lines += [f"| study | {' | '.join(marks)} |", "|---|" + "---:|" * len(VERDICTS)]
    for study, of_study in studies.items():
        counts = [str(sum(row["verdict"] == verdict for row in of_study)) for verdict in VERDICTS]
        lines.append(f"| `{study}` | {' | '.join(counts)} |")
    for study, of_study in studies.items():
        lines += _study(study, of_study)
    return "\n".join(lines)


def inserted(readme: str, text: str) -> str:
    """The README with this text between its markers. Raises UserError when they are not there, once and in order."""
    if readme.count(BEGIN) != 1 or readme.count(END) != 1 or readme.index(BEGIN) > readme.index(END):
        raise UserError(str(README), f"has not the lines {BEGIN} and {END}, once and in order", remedy="add them")
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}"


def in_step(root: Path = Path()) -> bool:
    """Whether README.md shows the table that follows from ``docs/verdicts.json``."""
    readme = (root / README).read_text(encoding="utf-8")
    content = json.loads((root / VERDICTS_FILE).read_text(encoding="utf-8"))
    return inserted(readme, table(content)) == readme


def write(claims: Path) -> None:
    """Write both files from a ``claims.json``, whose folder names the scale."""
    try:
        rows = json.loads(claims.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(str(claims), "there is no such file", remedy="run make figures first") from None
    content = {"scale": claims.resolve().parent.name, "claims": digest(rows)}
    readme = inserted(README.read_text(encoding="utf-8"), table(content))
    with replacing(VERDICTS_FILE) as out:
        out.write((json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
    with replacing(README) as out:
        out.write(readme.encode())


def main(argv: list[str] | None = None) -> int:
    """Write the table, or check that it is in step (exit status 1 when it is not)."""
    parser = argparse.ArgumentParser(prog="python -m learnability.report.verdict_table", description=__doc__)
    parser.add_argument("claims", nargs="?", type=Path, default=Path("results/laptop/claims.json"))
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args(argv)
    try:
        if not arguments.check:
            write(arguments.claims)
        elif not in_step():
            print("README.md is out of step with docs/verdicts.json: run make readme", file=sys.stderr)
            return 1
    except UserError as error:
        print(error.render(), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
