"""What would contradict a claim: found where there is something, refused where there is nothing."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Equals, Measurement, Rule
from learnability.results.labelled import estimate, names, variable, with_bounds
from learnability.results.measuring import entry, estimated, exactly, measured
from learnability.results.refutation import refutation, replaced, rounded, variables_read

ANALYSES = {
    "first": with_bounds(
        xr.Dataset(
            {
                "slope": estimate("link", [1.5, 0.5], [1.4, 0.4], [1.6, 0.6], "slope", "95%"),
                "error": variable("link", [1e-9, 3e-9], "largest error"),
                "missed": variable("link", np.array([0, 2]), "targets that were missed"),
                "share": variable("link", [0.9, 1.0], "share of runs that reach the target"),
                "seeds": variable((), np.int64(16), "seeds"),
                "solved": variable("link", [True, False], "whether it was solved"),
            },
            {"link": names("link", ["a", "b"], "link")},
            {"seeds": 16},
        )
    ),
    "second": xr.Dataset({"time": variable("dimension", [1.0, 2.0, 4.0], "time"), "other": variable((), 3.0, "other")}),
}


def _claim(rule: Rule, measure: Callable[[Analyses], Measurement], **more: Any) -> Claim:
    return Claim("c", "s", "t", "m", rule, measure, more.pop("experiments", ("first",)), evidence="exact", **more)


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (_claim(Equals(1.5, 0.2), estimated("first", "slope", where={"link": 0})), "slope 2 times as large: 3"),
        (
            _claim(AtMost(1e-6), exactly("first", lambda a: a["error"].max())),
            "largest error 1000 times as large: 3e-06",
        ),
        (
            _claim(AtMost(2.5), exactly("first", lambda a: a.missed.max())),
            "targets that were missed 2 times as large: 4",
        ),
        (_claim(AtLeast(0.5), exactly("first", lambda a: a["share"].min())), "share of runs that reach the target 0.5"),
        (_claim(AtMost(1), exactly("first", lambda a: a["solved"].sum())), "whether it was solved true everywhere: 2"),
        (
            _claim(
                Equals(1.0, 0.1),
                exactly("second", lambda a: np.polyfit(np.arange(3), np.log2(a["time"].values), 1)[0]),
                experiments=("second",),
            ),
            "time drifting by a factor of 10 along dimension: 2.6",
        ),
        (_claim(AtLeast(1.0), estimated("first", "slope", where={"link": 1})), "what was measured"),
    ],
)
def test_the_mildest_artifact_is_named(claim: Claim, words: str) -> None:
    assert refutation(claim, ANALYSES).startswith(words)


@pytest.mark.parametrize(
    "claim",
    [
        _claim(AtLeast(0.0), exactly("first", lambda a: a["error"].max())),  # an error is never negative
        _claim(AtMost(1.0), exactly("first", lambda a: a["share"].max())),  # nor a share above 1
        _claim(
            Equals(1.0, 1e-9), exactly("second", lambda a: a["time"].max() / a["time"].max()), experiments=("second",)
        ),
        _claim(AtMost(9.0), lambda analyses: Measurement(1.0, 0.0, 5.0, int(analyses["first"]["seeds"]))),
    ],
)
def test_a_rule_that_cannot_fail_has_no_refutation(claim: Claim) -> None:
    assert refutation(claim, ANALYSES) == ""


def test_a_variable_that_is_read_on_one_branch_only_is_there_when_it_is_needed() -> None:
    def unresolved_when_late(analyses: Analyses) -> Measurement:
        data = analyses["first"]
        late = float(data["error"].max()) > 1e-6
        return Measurement.exact(float(data["missed"].sum()) if late else 0.0)

    assert refutation(_claim(AtMost(1), unresolved_when_late), ANALYSES) == "largest error 1000 times as large: 2"


def test_a_claim_can_bring_its_own_artifact() -> None:
    def inverted(analyses: Analyses) -> dict[str, xr.Dataset]:
        return {"first": replaced(analyses["first"], "slope", lambda values: values[::-1])}

    measure = estimated("first", "slope", where={"link": 0})
    claim = _claim(AtLeast(1.0), measure, contradicted_by=inverted, counterexample="Links swapped")
    assert refutation(claim, ANALYSES) == "Links swapped"
    assert refutation(_claim(AtLeast(1.0), measure, contradicted_by=dict, counterexample="None"), ANALYSES) == ""
    with pytest.raises(ValueError, match="belong together"):
        _claim(AtLeast(1.0), measure, contradicted_by=inverted)


def test_what_a_measure_reads_is_recorded_through_selections() -> None:
    def measure(analyses: Analyses) -> Measurement:
        one = entry(analyses["first"].isel(link=[0, 1]), "link", "b")
        return Measurement.exact(float(one["error"] + analyses["second"].time.max()))

    claim = _claim(AtMost(9.0), measure, experiments=("first", "second"))
    assert variables_read(claim, ANALYSES) == [("first", "error"), ("first", "link"), ("second", "time")]
    nothing = _claim(AtMost(1.0), lambda analyses: Measurement.exact(float(len(analyses["second"].dims))),
                     experiments=("second",))  # fmt: skip
    assert variables_read(nothing, ANALYSES) == [("second", "time"), ("second", "other")]


def test_a_change_keeps_what_a_quantity_is() -> None:
    first = ANALYSES["first"]
    turned = replaced(first, "slope", np.negative)["slope"].values
    assert (turned >= 0).all()
    assert (turned[:, 1] <= turned[:, 0]).all()
    assert float(replaced(first, "share", lambda v: v * 10)["share"].max()) == 1
    assert replaced(first, "missed", lambda v: v * 1e300)["missed"].dtype == first["missed"].dtype
    assert float(first["share"][0]) == 0.9  # the analyses themselves stay as they were


def test_rounding_moves_every_float_a_little_and_an_estimate_with_its_interval() -> None:
    exact = with_bounds(
        xr.Dataset({"a": estimate("i", np.full(99, 0.5), 0.5, 0.5, "a", "exact"), "n": ("i", np.arange(99))})
    )
    moved = rounded({"x": exact}, np.random.default_rng(0), 1e-13)["x"]
    off = np.abs(moved["a"].values - 0.5)
    assert 0 < off.max() < 1e-12
    assert (moved["a"][:, 0] == moved["a"][:, 1]).all()
    np.testing.assert_array_equal(moved["n"], exact["n"])
    whole = xr.Dataset({"share": ("i", np.array([0.0, 1.0, np.inf, np.nan]))})
    np.testing.assert_array_equal(rounded({"x": whole}, np.random.default_rng(0))["x"]["share"], whole["share"])
    measured(moved["a"][0])  # an interval without a width stays the right way up
