"""Measurements out of analyses: limits of exponents, shares with unresolved runs."""

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import Measurement, NotAtThisScale
from learnability.results.labelled import exponents, with_bounds
from learnability.results.measuring import absolute, limit_exponent, minus, quotient, share
from learnability.statistics.asymptotics import local_exponents_of
from learnability.statistics.intervals import clopper_pearson


def test_the_limit_of_an_exponent_is_read_with_its_range() -> None:
    d = np.geomspace(10, 1e4, 7)
    found = [local_exponents_of(d, a * np.log(d) + 1 / d, corrections=("x^-1",)) for a in (1.0, 1.5)]
    analysis = with_bounds(xr.Dataset(exponents(found, "power of d", "link")))
    measurement = limit_exponent("escape", {"link": 1})({"escape": analysis})
    assert measurement.estimate == pytest.approx(1.5)
    assert measurement.seeds is None
    assert "range 100 to 10000" in measurement.note
    alone = with_bounds(xr.Dataset(exponents(found[0], "power of d"), attrs={"seeds": 12}))
    measurement = limit_exponent("escape")({"escape": alone})
    assert (measurement.estimate, measurement.seeds) == (pytest.approx(1.0), 12)


def test_runs_out_of_steps_bound_a_share_both_ways() -> None:
    measurement = share(6, 10, unresolved=2)
    assert measurement.estimate == 0.75
    assert measurement.low == clopper_pearson(6, 10)[0]
    assert measurement.high == clopper_pearson(8, 10)[1]
    assert "2 of 10 runs out of steps" in measurement.note
    assert np.isnan(share(0, 3, unresolved=3).estimate)


def test_too_few_values_for_a_limit_are_a_matter_of_the_scale() -> None:
    with pytest.raises(NotAtThisScale, match="too few values"):
        limit_exponent("escape", name="dimension")({"escape": xr.Dataset()})


def test_a_quotient_has_the_widest_interval_and_the_seeds_of_its_numerator() -> None:
    found = quotient(Measurement(6.0, 4.0, 8.0, 12), Measurement(2.0, 1.0, 4.0, 5), "over")
    assert found == Measurement(3.0, 1.0, 8.0, 12, "over")
    assert quotient(Measurement(1.0, 1.0, 1.0), Measurement(1.0, 0.0, 2.0)).high == np.inf


@pytest.mark.parametrize(
    ("over", "under", "expected"),
    [
        ((-2, -1), (1, 2), (-2, -0.5)),
        ((-1, 2), (1, 2), (-1, 2)),
        ((1, 2), (-4, -2), (-1, -0.25)),
        ((1, 2), (-1, 1), (-np.inf, np.inf)),
        ((1, 2), (-2, 0), (-np.inf, -0.5)),
        ((0, 1), (0, 2), (0, np.inf)),
    ],
)
def test_a_quotient_holds_all_that_its_ends_allow(
    over: tuple[float, float], under: tuple[float, float], expected: tuple[float, float]
) -> None:
    a, b = (Measurement(sum(ends) / 2, *ends) for ends in (over, under))
    found = quotient(a, b)
    assert (found.low, found.high) == expected


@pytest.mark.filterwarnings("error")
def test_a_quotient_of_what_was_never_reached_is_not_known() -> None:
    never = Measurement(np.inf, np.inf, np.inf)
    found = quotient(never, never)
    assert np.isnan([found.estimate, found.low, found.high]).all()


def test_a_number_is_taken_off_all_ends() -> None:
    found = Measurement(6.0, 4.0, 8.0, 12, "kept")
    assert minus(found, 5.0) == Measurement(1.0, -1.0, 3.0, 12, "kept")
    assert minus(found, 5.0, "other").note == "other"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Measurement(-2.0, -3.0, -1.0, 4, "n"), Measurement(2.0, 1.0, 3.0, 4, "n")),
        (Measurement(1.0, -3.0, 2.0, 4, "n"), Measurement(1.0, 0.0, 3.0, 4, "n")),
        (Measurement(2.0, 1.0, 3.0, 4, "n"), Measurement(2.0, 1.0, 3.0, 4, "n")),
    ],
)
def test_an_absolute_value_turns_its_interval(found: Measurement, expected: Measurement) -> None:
    assert absolute(found) == expected
