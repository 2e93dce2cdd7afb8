"""Errors in print that the study establishes, re-derived by other means than the study's."""

import json
import re
from pathlib import Path

import mpmath
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
ENTRIES = sorted((ROOT / "docs/errors").glob("ridge_combinations-*.md"))
_LINK = re.compile(r"\[`([\w.-]+)`\]\(verdicts\.md#ridge_combinations\.([\w.-]+)\)")
_NUMBER = re.compile(r"(?<![\w.-])(-?\d*\.\d+)(?: \[(-?\d*\.\d+), (-?\d*\.\d+)\])?")


def _violating_pairs(tasks, dimension):
    """Expected number of pairs of M uniform directions in R^d with |<v, v'>| > 1/M: <v, v'>^2 ~ Beta(1/2, (d-1)/2)."""
    inside = mpmath.betainc(
        mpmath.mpf(1) / 2, mpmath.mpf(dimension - 1) / 2, 0, mpmath.mpf(tasks) ** -2, regularized=True
    )
    return tasks * (tasks - 1) / 2 * (1 - inside)


def test_directions_are_diverse_below_the_root_of_the_dimension_and_not_above():
    """M = d^0.4 leaves no pair above 1/M as d grows, M = d^0.6 ever more: the condition bounds M from above."""
    with mpmath.workdps(40):
        few = [_violating_pairs(round(d**0.4), d) for d in (10**2, 10**4, 10**6, 10**8)]
        many = [_violating_pairs(round(d**0.6), d) / (round(d**0.6) ** 2 / 2) for d in (10**2, 10**4, 10**6, 10**8)]
    assert few[-1] < 1e-3
    assert few[-2] < few[-3]
    assert many == sorted(many)
    assert many[-1] > 0.8


def test_at_a_fixed_part_of_the_root_the_violations_grow_with_the_dimension():
    """M^2/2 pairs, each with exp(-d / 2 M^2): none are left below sqrt(d / 2 log d) alone, not at M = sqrt(d)/3."""
    dimensions = (10**4, 10**6, 10**8)
    with mpmath.workdps(60):
        part = [float(_violating_pairs(round(d**0.5 / 3), d)) for d in dimensions]
        below = [float(_violating_pairs(round((d / (2 * np.log(d))) ** 0.5), d)) for d in dimensions]
    assert part == pytest.approx([1.288, 147.8, 14977], rel=1e-3)
    assert below == sorted(below, reverse=True)
    assert below[0] < 0.005


def test_drawn_directions_have_as_many_violations():
    """100 draws of 40 directions in R^50: the mean number within five standard errors (false alarm 6e-7)."""
    rng = np.random.default_rng(0)
    counts = []
    for _ in range(100):
        v = rng.standard_normal((40, 50))
        v /= np.linalg.norm(v, axis=1, keepdims=True)
        counts.append((np.abs(np.triu(v @ v.T, 1)) > 1 / 40).sum())
    error = np.std(counts, ddof=1) / 10
    assert abs(np.mean(counts) - float(_violating_pairs(40, 50))) < 5 * error


def _quotations(text):
    """(claim, numbers quoted of it, words quoted of its reason): what follows the link to a claim, up to the next link.

    A conclusion that begins with "So" is derived from several claims, and is left out.
    """
    measured = " ".join(re.split(r"\bSo \.", text.split("**Measured.**")[1].split("**Corrected.**")[0])[0].split())
    links = [*_LINK.finditer(measured)]
    for link, following in zip(links, [*links[1:], None], strict=True):
        assert link[1] == link[2]
        said = measured[link.end() : following.start() if following else None]
        yield link[1], _NUMBER.findall(re.sub(r'"[^"]*"', "", said)), re.findall(r'"([^"]*)"', said)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda path: path.stem)
def test_what_an_entry_quotes_is_what_the_verdicts_say(entry):
    """Every number at the precision that it is quoted with, and words of a reason as they stand there."""
    rows = {row["id"]: row for row in json.loads((ROOT / "docs/verdicts.json").read_text(encoding="utf-8"))["claims"]}
    quoted = 0
    for claim, numbers, words in _quotations(entry.read_text(encoding="utf-8")):
        row = rows[f"ridge_combinations/{claim}"]
        for shown in numbers:
            known = [row["estimate"], *row["interval"]]
            for text, value in zip(shown, known, strict=True):
                decimals = len(text.partition(".")[2])
                assert not text or abs(float(text) - value) <= 0.5000001 * 10.0**-decimals, (
                    f"{claim}: {text}, not {value}"
                )
        for text in words:
            assert text in row["reason"], f"{claim}: {row['reason']!r} does not say {text!r}"
        quoted += len(numbers) + len(words)
    assert quoted
