"""Measurements out of analyses: limits of exponents, shares with unresolved runs."""

import numpy as np
import pytest
import xarray as xr

from learnability.results.claim import NotAtThisScale
from learnability.results.labelled import exponents, with_bounds
from learnability.results.measuring import limit_exponent, share
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
