"""The rows of ``claims.json`` as pages and tables count them, read without the numerical libraries."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from learnability.results.claim import VERDICTS, Verdict
from learnability.results.errors import UserError

_LATER_KEYS = {"source": "", "evidence": "statistical", "accepted": None, "window_seen": False, "refuted_by": ""}


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a ``claims.json``; keys that it is too old to have get neutral values.

    Raises UserError where there is no such file.
    """
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(str(path), "there is no such file", remedy="run make figures first") from None
    return [row | {key: value for key, value in _LATER_KEYS.items() if key not in row} for row in rows]


ORIGINS = ("the sources", "this study", "summaries")
"""Whose statements claims judge: the sources', those of the study itself, those of circulating summaries."""


def origin(row: Mapping[str, Any]) -> str:
    """Whose statement a claim judges, one of ``ORIGINS``; the source of a study's own statement begins so."""
    if row["evidence"] == "summary":
        return "summaries"
    return "this study" if row["source"].startswith("this study") else "the sources"


def by_origin(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The claims apart by whose statement they judge, in the order of ``ORIGINS``; perhaps none of some."""
    return {name: [row for row in rows if origin(row) == name] for name in ORIGINS}


def verdict_counts(rows: Sequence[Mapping[str, Any]]) -> dict[Verdict, int]:
    """How often each verdict was given, in the order of ``VERDICTS``; zeros too."""
    return {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}


def counted(rows: Sequence[Mapping[str, Any]]) -> str:
    """The verdicts in one line: ``31 claims of the sources: 24 supported, 4 contradicted, ...; 9 of this study: ...``.

    What a study states itself, and what a circulating summary says of a source, is counted apart from what the source
    says.
    """
    lines: list[str] = []
    for name, part in by_origin(rows).items():
        if not part:
            continue
        claims = "" if lines else "claim " if len(part) == 1 else "claims "
        given = ", ".join(f"{count} {verdict}" for verdict, count in verdict_counts(part).items() if count)
        lines.append(f"{len(part)} {claims}of {name}: {given}")
    return "; ".join(lines) or "no claims"
