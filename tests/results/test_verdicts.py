"""The verdict follows from the interval and the rule, and from nothing else."""

import json
import math

import pytest
import xarray as xr

from learnability.results.claim import AtLeast, AtMost, Between, Claim, Equals, Measurement, judge
from learnability.results.verdicts import counted, row, to_json


@pytest.mark.parametrize(
    ("rule", "interval", "verdict"),
    [
        (Equals(2.0, 0.1), (1.95, 2.05), "supported"),
        (Equals(2.0, 0.1), (1.85, 2.05), "inconclusive"),
        (Equals(2.0, 0.1), (2.2, 2.3), "contradicted"),
        (AtMost(1.0), (0.2, 1.0), "supported"),
        (AtMost(1.0), (0.9, 1.1), "inconclusive"),
        (AtMost(1.0), (1.01, 1.1), "contradicted"),
        (AtLeast(0.5), (0.5, 0.9), "supported"),
        (AtLeast(0.5), (0.1, 0.4), "contradicted"),
        (Between(0.0, 1.0), (-0.1, 1.1), "inconclusive"),
        (AtMost(1.0), (0.0, math.inf), "inconclusive"),
        (AtMost(1.0), (math.nan, math.nan), "inconclusive"),
    ],
)
def test_judge(rule: Equals, interval: tuple[float, float], verdict: str) -> None:
    estimate = sum(interval) / 2
    assert judge(rule, Measurement(estimate, *interval, seeds=10))[0] == verdict


def test_too_few_seeds_are_inconclusive_whatever_the_numbers() -> None:
    assert judge(AtMost(1.0), Measurement(0.1, 0.0, 0.2, seeds=7), seeds_needed=8)[0] == "inconclusive"
    assert judge(AtMost(1.0), Measurement(0.1, 0.0, 0.2, seeds=8), seeds_needed=8)[0] == "supported"


def test_an_interval_upside_down_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="upside down"):
        Measurement(1.0, 2.0, 0.0)


def test_a_claim_without_a_measurement_must_say_why() -> None:
    with pytest.raises(ValueError, match="must say why"):
        Claim("a", "b", "c", "d")


def test_rows_are_valid_json_even_for_infinite_intervals() -> None:
    claim = Claim(
        "slope",
        "Theorem 1",
        "slope one",
        "slope",
        Equals(1, 0.1),
        lambda analyses: Measurement(1.0, -math.inf, math.inf, 5),
        ("first",),
    )
    made = row("demo", claim, {"first": xr.Dataset()}, {"first": "results/x"})
    assert json.loads(to_json([made]))[0]["interval"] == [None, None]
    assert made["verdict"] == "inconclusive"
    assert made["artifact"] == "results/x"
    untested = Claim("crypto", "Theorem 2", "hard", "-", reason="rests on an assumption")
    rows = [made, row("demo", untested, {}, {})]
    assert rows[1]["verdict"] == "not tested"
    assert counted(rows) == "2 claims: 1 inconclusive, 1 not tested"
