"""Claims whose rule or measure changed after their numbers had been seen: what the changelog lists has the mark."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from learnability.pipeline import kinds
from learnability.results.claim import Claim

ROOT = Path(__file__).parents[2]
TABLE = "### Claims that were not fixed in advance"
STUDIES = ("gradient_hardness", "atlas")
"""Those of which every row of the table is a window; rows of others may be about seeds and ranges alone."""


def patterns(cell: str) -> Iterator[str]:
    """The names of a cell in full: ``.root`` follows a name with the same first part, ``other`` one of the same
    study."""
    study = first = ""
    for name in re.findall(r"`([^`]+)`", cell):
        if "/" in name:
            study, _, name = name.partition("/")
        if not name.startswith("."):
            first = name.partition(".")[0]
        yield f"{study}/{f'{first}*{name}' if name.startswith('.') else name}"


def listed() -> list[str]:
    section = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition(TABLE)[2].partition("\n### ")[0]
    rows = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    assert len(rows) > 40
    return [pattern for row in rows for pattern in patterns(row)]


def test_names_of_the_table_are_read_in_full() -> None:
    assert list(patterns("| `a/growth.root`, `.beyond`, `refit.eps`, `.x`, `b/slope.*`")) == [
        "a/growth.root",
        "a/growth*.beyond",
        "a/refit.eps",
        "a/refit*.x",
        "b/slope.*",
    ]


@pytest.mark.parametrize("study", STUDIES)
def test_what_the_changelog_lists_has_the_mark(study: str) -> None:
    claims: list[Claim] = [
        claim
        for kind in kinds.kinds_of(study)
        if kinds.has_module(study, kind, "claims")
        for claim in kinds.stage_module(study, kind, "claims").CLAIMS
    ]
    found = {
        claim.id
        for claim in claims
        if claim.measure is not None and any(fnmatchcase(f"{study}/{claim.id}", pattern) for pattern in listed())
    }
    assert len(found) > 5
    assert not {claim.id for claim in claims if claim.id in found and not claim.window_seen}
