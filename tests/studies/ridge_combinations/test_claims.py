"""What the claims of all kinds share: kinds of evidence, whose statement it is, words that the rule decides."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from learnability.pipeline.config import read_yaml
from learnability.results.claim import AtMost, Claim, NotAtThisScale, judge
from learnability.results.measuring import minus
from learnability.results.rows import origin
from tests.studies.ridge_combinations.cases import CASES

CLAIMS: dict[str, Claim] = {
    claim.id: claim
    for kind in CASES
    for claim in importlib.import_module(f"learnability.studies.ridge_combinations.{kind}.claims").CLAIMS
}


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if claim.evidence == "asymptotic"])
def test_an_asymptotic_claim_rests_on_a_limit(name: str) -> None:
    """A slope over all that was run is none: without a limit there is nothing to judge."""
    claim = CLAIMS[name]
    assert claim.measure is not None
    with pytest.raises(NotAtThisScale, match="limit of an exponent"):
        claim.measure({experiment: xr.Dataset(attrs={"seeds": 8}) for experiment in claim.experiments})


@pytest.mark.parametrize(
    "name", ["samples-d.limit", "samples-d.p4-limit", "width.limit", "figure-1.ntk", "figure-1.normalised"]
)
def test_what_the_study_adds_is_not_counted_as_the_papers(name: str) -> None:
    assert origin({"source": CLAIMS[name].source, "evidence": CLAIMS[name].evidence}) == "this study"


def test_a_lower_bound_does_not_contradict_that_more_is_needed() -> None:
    claim = CLAIMS["lower-bounds.summary"]
    assert claim.measure is None
    assert "lower bound" in claim.reason


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("width", "within 15%"),
        ("mixed.wrong-sign", "At most 2%"),
        ("mixed.criterion", "ten escape times"),
        ("coverage", "M = 16"),
        ("engines-agree", "Six statistics of single neurons at the end"),
        ("engines-agree.flow-small", "0.1 or less"),
        ("mixed.not-needed", "a zero counts"),
        ("phase-two.kernel-count", "there are fewer cubic polynomials than samples that phase I takes"),
        ("refit.eps", "are enough"),
        ("superorthogonal", "For K, L in {2, 3}"),
        ("superorthogonal.all", "f != 0, E f = 0"),
        ("superorthogonal.l3", "f != 0, E f = 0"),
        ("superorthogonal.k3-l2", "f != 0, E f = 0"),
        ("superorthogonal.k3-l3", "f != 0, E f = 0"),
        ("superorthogonal.moments", "the fourth moment is not seen"),
        ("coverage.beyond", "one draw"),
        ("figure-1.ntk", "In our control"),
    ],
)
def test_a_statement_says_what_its_rule_decides(name: str, words: str) -> None:
    assert words in CLAIMS[name].statement


_CONFIG = Path(__file__).parents[3] / "config/studies/ridge_combinations.yaml"
_RANGE = re.compile(r"\b[dMnJ] from ([\d,]+) to ([\d,]+)")
_DIMENSION = re.compile(r"\bd = (\d+)\b(?!,\d)")


def _lists(content: Any) -> Iterator[list[int]]:
    """The whole numbers and lists of them that a block of settings names; a number is a list of one."""
    if isinstance(content, dict):
        for value in content.values():
            yield from _lists(value)
    elif isinstance(content, int):
        yield [content]
    elif isinstance(content, list) and content and all(isinstance(value, int) for value in content):
        yield content


def _lists_at(scale: str, experiments: tuple[str, ...]) -> list[list[int]]:
    """What the experiments of a claim run at a scale, whose settings go before those of all scales."""
    found: list[list[int]] = []
    for name in experiments:
        block = read_yaml(_CONFIG)["experiments"][name]
        here = block["scales"][scale]
        swept = {key: [value[0] for value in values] for key, values in here.get("sweep", {}).items()}
        found += _lists({**block["settings"], **here.get("settings", {}), **swept})
    return found


@pytest.mark.parametrize("name", CLAIMS)
def test_words_hold_at_both_scales(name: str) -> None:
    """A range or a dimension that one scale alone runs belongs into the note, which the analysis writes."""
    claim = CLAIMS[name]
    here, there = (_lists_at(scale, claim.experiments) for scale in ("laptop", "paper"))
    text = f"{claim.statement} {claim.measured}"
    for first, last in _RANGE.findall(text):
        ends = [int(first.replace(",", "")), int(last.replace(",", ""))]
        known = [[values[0], values[-1]] for values in (*here, *there)]
        assert ends not in known or all(ends in [[v[0], v[-1]] for v in lists] for lists in (here, there)), ends
    for number in map(int, _DIMENSION.findall(text)):
        at = [any(number in values for values in lists) for lists in (here, there)]
        assert at[0] == at[1], number


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if "T50" in claim.measured])
def test_to_localise_is_said_to_mean_half_an_overlap(name: str) -> None:
    """Figure 1 calls a neuron localised above 0.9 with a second overlap below 0.3."""
    assert "half of the neurons have an overlap of 0.5" in CLAIMS[name].measured


@pytest.mark.parametrize(("name", "limit"), [("samples-d.large", 2.0), ("samples-d.p4-large", 3.0)])
def test_an_upper_bound_is_not_contradicted_by_fewer_samples(name: str, limit: float) -> None:
    """Theorem 4 says how many samples are enough; that they are needed is the study's own statement."""
    claim, own = CLAIMS[name], CLAIMS[name.replace("large", "limit")]
    content = {
        "dimension_limit": ("bound", [limit - 0.5, limit - 0.51, limit - 0.49]),
        "dimension_local": (("window", "bound"), [[limit] * 3]),
        "dimension_range": ("range_end", [1e3, 1e5]),
    }
    analyses = {claim.experiments[0]: xr.Dataset(content, attrs={"seeds": 32, "information_exponent": limit + 1})}
    assert isinstance(claim.rule, AtMost)
    assert claim.measure is not None
    assert own.rule is not None
    found = claim.measure(analyses)
    assert judge(claim.rule, found)[0] == "supported"
    assert judge(own.rule, found)[0] == "contradicted"
    assert judge(claim.rule, minus(found, -1.0))[0] == "contradicted"


def test_a_number_less_a_constant_is_no_claim_of_its_own() -> None:
    assert not {"lower-bounds", "lower-bounds.p4"} & set(CLAIMS)


@pytest.mark.parametrize(("half_time", "verdict"), [(61_357.0, "supported"), (40_000.0, "contradicted")])
def test_the_cubics_are_counted_against_the_samples_to_localise(half_time: float, verdict: str) -> None:
    """47,905 of them, against T50 at d = 64, and not against a horizon that was chosen."""
    values = half_time * np.array([[[1.0, 0.95, 1.05], [4.0, 3.9, 4.1]]])
    content = {"half_time": (("tasks", "dimension", "bound"), values)}
    coords = {"tasks": [8], "dimension": [64, 128], "bound": ["estimate", "low", "high"]}
    claim = CLAIMS["phase-two.kernel-count"]
    assert claim.measure is not None
    assert claim.rule is not None
    found = claim.measure({"samples_d3": xr.Dataset(content, coords, {"seeds": 48})})
    assert found.estimate == pytest.approx(47_905 / half_time)
    assert judge(claim.rule, found, claim.seeds_needed)[0] == verdict


@pytest.mark.parametrize(("low", "held"), [(0.0017, "does not hold 0"), (-0.0017, "holds 0")])
def test_a_difference_within_a_window_says_whether_it_may_be_zero(low: float, held: str) -> None:
    content = {
        "dimension_slope": ("bound", [3.3, 3.2, 3.4]),
        "dimension_slope_gap": ("bound", [0.057, low, 0.11]),
    }
    coords = {"dimension": [24, 40, 64], "bound": ["estimate", "low", "high"]}
    claim = CLAIMS["samples-d.p4"]
    assert claim.measure is not None
    assert held in claim.measure({"samples_d4": xr.Dataset(content, coords, {"seeds": 240})}).note


def test_the_edge_of_the_error_in_samples_is_the_root_times_a_logarithm() -> None:
    """Between 1000 and 16000 the logarithm grows by a factor of 1.40, with a slope of .122."""
    rule = CLAIMS["refit.eps"].rule
    assert isinstance(rule, AtMost)
    assert rule.bound == pytest.approx(-0.378)
    assert rule.bound + 0.5 == pytest.approx(np.log(np.log(16_000) / np.log(1000)) / np.log(16), abs=1e-3)
