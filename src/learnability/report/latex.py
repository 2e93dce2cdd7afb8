r"""Results for a paper: figures as PDF, and a file of macros, so that a paper cites numbers that cannot go stale.

Only verdicts and figures that this code and this config make are exported.

``claims.tex`` defines one macro for each claim and fact, read by id::

    \input{claims}
    The exponent is \claimvalue{multi_index/escape-joint.s3} \claiminterval{multi_index/escape-joint.s3}
    (\claimverdict{multi_index/escape-joint.s3}).

An id that is not in the file stops LaTeX with an error that names it.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from learnability.report.wording import interval, number
from learnability.results import journal
from learnability.results.errors import make_figures
from learnability.results.integrity import DamagedArtifact
from learnability.results.manifest import demand_recorded

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\ensuremath{<}", ">": r"\ensuremath{>}",
}  # fmt: skip
_HEAD = r"""% Made by `make paper-exports` from claims.json of the scale {scale}. Edit nothing here.
\makeatletter
\newcommand{{\claim@get}}[2]{{\@ifundefined{{claim@#1@#2}}%
  {{\PackageError{{claims}}{{There is no claim #2}}{{Its id may have changed: see claims.json.}}}}%
  {{\@nameuse{{claim@#1@#2}}}}}}
\newcommand{{\claimvalue}}[1]{{\claim@get{{value}}{{#1}}}}
\newcommand{{\claiminterval}}[1]{{\claim@get{{interval}}{{#1}}}}
\newcommand{{\claimverdict}}[1]{{\claim@get{{verdict}}{{#1}}}}
\newcommand{{\claimrule}}[1]{{\claim@get{{rule}}{{#1}}}}
\newcommand{{\claimseeds}}[1]{{\claim@get{{seeds}}{{#1}}}}
"""


def escaped(text: str) -> str:
    """Text as LaTeX shows it."""
    return "".join(_SPECIAL.get(character, character) for character in text)


def numeral(text: str) -> str:
    r"""A number as LaTeX sets it: ``1.2e-05`` becomes ``1.2 \times 10^{-5}``."""
    return re.sub(r"(-?[\d.]+)e([+-]?)0*(\d+)", _power, text)


def _power(found: re.Match[str]) -> str:
    sign = "-" if found[2] == "-" else ""
    return rf"{found[1]} \times 10^{{{sign}{found[3]}}}"


def macros(scale: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """The text of ``claims.tex``. A claim without a measurement has an empty value."""
    lines = [_HEAD.format(scale=scale)]
    for row in rows:
        value = "" if row["estimate"] is None else rf"\ensuremath{{{numeral(number(row['estimate']))}}}"
        width = interval(row)
        width = rf"\ensuremath{{{numeral(width)}}}" if width.startswith("[") else width
        facts = {
            "value": value,
            "interval": width,
            "verdict": escaped(row["verdict"]),
            "rule": escaped(row["rule"]),
            "seeds": "" if row["seeds"] is None else str(row["seeds"]),
        }
        for fact, text in facts.items():
            lines.append(rf"\expandafter\def\csname claim@{fact}@{row['id']}\endcsname{{{text}}}")
    lines.append("\\makeatother\n")
    return "\n".join(lines)


def export(results: Path, rows: Iterable[Mapping[str, Any]], figures: Iterable[Path]) -> Path:
    """Write ``exports/claims.tex`` and copy these figures, which are PDF, beside it, all together; the folder.

    Figures that an earlier export copied and that are not among these are removed. Raises DamagedArtifact for a figure
    that is not the one that the manifest records.
    """
    folder = results / "exports"
    files = {"claims.tex": macros(results.name, rows).encode()}
    for path in figures:
        demand_made(path)
        files[f"{path.parts[-3]}-{path.name}"] = path.read_bytes()
    with journal.alone(folder):
        journal.recover(folder, _remove_old(folder))
        studies = {path.name for path in results.iterdir() if path.is_dir()}
        old = [path.name for path in sorted(folder.glob("*-*.pdf")) if path.name.partition("-")[0] in studies]
        journal.put(folder, files, {"old": [name for name in old if name not in files]}, _remove_old(folder))
    return folder


def demand_made(path: Path) -> None:
    """Raise DamagedArtifact for a file that is not the one that the manifest records."""
    try:
        demand_recorded(path)
    except DamagedArtifact as error:
        error.remedy = f"run {make_figures(path)}, which makes it again"
        raise


def finish_interrupted(results: Path) -> bool:
    """End an export that was interrupted; whether there was one."""
    folder = results / "exports"
    return journal.end_interrupted(folder, _remove_old(folder))


def _remove_old(folder: Path) -> journal.Finish:
    def finish(content: Mapping[str, Any]) -> None:
        for name in content.get("old", ()):  # the journal of an older version names none
            (folder / Path(name).name).unlink(missing_ok=True)

    return finish
