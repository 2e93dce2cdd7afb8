"""The rows of ``claims.json`` as pages and tables count them, read without the numerical libraries."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from learnability.results.claim import VERDICTS, Verdict
from learnability.results.errors import UserError, make_figures

_KEYS = ("id", "study", "verdict")
_LATER_KEYS = {"source": "", "evidence": "statistical", "accepted": None, "window_seen": False, "refuted_by": ""}


def read_rows(path: Path, more_keys: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The rows of a ``claims.json``; keys that it is too old to have get neutral values.

    Raises UserError where there is no such file, or one that is cut off or something else, and for a row without an
    id, a study, a verdict that there is or one of ``more_keys``.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(str(path), "there is no such file", remedy=f"run {make_figures(path)} first") from None
    except ValueError:
        rows = None
    again = f"run {make_figures(path)}: it is made again"
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UserError(str(path), "it cannot be read as a list of verdicts", remedy=again)
    for place, row in enumerate(rows, 1):
        if lacking := [key for key in (*_KEYS, *more_keys) if key not in row]:
            problem = f"it cannot be read as a list of verdicts: row {place} has no {', '.join(lacking)}"
            raise UserError(str(path), problem, remedy=again)
        if row["verdict"] not in VERDICTS or not all(isinstance(row[key], str) for key in _KEYS):
            problem = f"it cannot be read as a list of verdicts: row {place} is no verdict"
            raise UserError(str(path), problem, f"a verdict is one of {', '.join(VERDICTS)}", again)
    return [row | {key: value for key, value in _LATER_KEYS.items() if key not in row} for row in rows]


ORIGINS = ("the sources", "this study", "summaries")
"""Whose statements claims judge: the sources', those of the study itself, those of circulating summaries."""


def origin(row: Mapping[str, Any]) -> str:
    """Whose statement a claim judges, one of ``ORIGINS``; the source of a study's own statement begins so."""
    if row["evidence"] == "summary":
        return "summaries"
    return "this study" if row["source"].startswith("this study") else "the sources"


def whose(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """One of ``ORIGINS`` as a page of these rows says it: rows of several studies are of "the studies themselves"."""
    several = len({row["study"] for row in rows}) > 1
    return "the studies themselves" if several and name == ORIGINS[1] else name


def by_origin(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The claims apart by whose statement they judge, in the order of ``ORIGINS``; perhaps none of some."""
    return {name: [row for row in rows if origin(row) == name] for name in ORIGINS}


def verdict_counts(rows: Sequence[Mapping[str, Any]]) -> dict[Verdict, int]:
    """How often each verdict was given, in the order of ``VERDICTS``; zeros too."""
    return {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}


def counted(rows: Sequence[Mapping[str, Any]]) -> str:
    """The verdicts in one line: ``31 claims of the sources: 24 supported, 4 contradicted, ...; 9 of this study: ...``.

    What a study states itself, and what a circulating summary says of a source, is counted apart from what the source
    says. Rows of several studies: ``9 of the studies themselves``.
    """
    lines: list[str] = []
    for name, part in by_origin(rows).items():
        if not part:
            continue
        claims = "" if lines else "claim " if len(part) == 1 else "claims "
        given = ", ".join(f"{count} {verdict}" for verdict, count in verdict_counts(part).items() if count)
        lines.append(f"{len(part)} {claims}of {whose(name, rows)}: {given}")
    return "; ".join(lines) or "no claims"
