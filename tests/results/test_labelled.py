"""Labelled variables, estimates and the vocabulary of measuring, through the real store."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from learnability.results import measuring
from learnability.results.claim import NotAtThisScale
from learnability.results.labelled import (
    bounds_of,
    estimate,
    mean_over_seeds,
    names,
    over_seeds,
    share,
    slope_over_seeds,
    supremum_over_seeds,
    texts,
    variable,
)
from learnability.results.store import read, write
from learnability.statistics.intervals import bootstrap, clopper_pearson, mean_interval, supremum_interval, wilson
from learnability.statistics.scaling import log_slope

LINKS = ("h2(z1)", "Re z^3", "σ")


@pytest.fixture
def stored(tmp_path: Path) -> xr.Dataset:
    """A dataset of three links with a fraction and its interval, written and read."""
    fraction = estimate("link", [0.2, 0.5, 0.9], [0.1, 0.4, 0.8], [0.3, 0.6, 1.0], "success", "95% Wilson")
    dataset = xr.Dataset({"success": fraction}, {"link": names("link", LINKS, "link function")}, {"seeds": 64})
    write(dataset, tmp_path / "a.zarr.zip")
    return read(tmp_path / "a.zarr.zip")


def test_names_survive_the_store_and_select(stored: xr.Dataset) -> None:
    assert texts(stored["link"]) == list(LINKS)
    assert texts(stored["bound"]) == ["estimate", "low", "high"]
    assert stored["success"].sel(link="Re z^3").values.tolist() == [0.5, 0.4, 0.6]
    assert float(stored["success"].sel(link="σ", bound="low")) == 0.8


def test_an_estimate_says_what_its_interval_is(stored: xr.Dataset) -> None:
    assert stored["success"].attrs == {"units": "1", "long_name": "success", "interval": "95% Wilson"}
    value, low, high = bounds_of(stored["success"])
    assert (low <= value).all()
    assert (value <= high).all()
    assert "bound" not in value.coords


def test_bounds_broadcast_to_the_estimate() -> None:
    made = estimate(("a", "b"), np.ones((2, 3)), 0.0, np.full(3, 2.0), "ones", "range")
    assert made.dims == ("a", "b", "bound")
    assert made.values[1, 2].tolist() == [1.0, 0.0, 2.0]


def test_a_tuple_is_an_array_of_its_entries() -> None:
    assert variable("x", (1, 2, 3), "numbers").shape == (3,)


def test_measures_pick_an_estimate_with_its_seeds(stored: xr.Dataset) -> None:
    found = measuring.estimated("first", "success", where={"link": 1})({"first": stored})
    assert (found.estimate, found.low, found.high, found.seeds) == (0.5, 0.4, 0.6, 64)
    least = measuring.estimated("first", "success", lambda part: part.min())({"first": stored})
    assert (least.estimate, least.low, least.high) == (0.2, 0.1, 0.3)


def test_the_largest_and_the_smallest_are_taken_bound_by_bound(stored: xr.Dataset) -> None:
    parts = [measuring.estimated("first", "success", where={"link": i}) for i in range(3)]
    largest, smallest = (join(*parts)({"first": stored}) for join in (measuring.largest, measuring.smallest))
    assert (largest.estimate, largest.low, largest.high) == (0.9, 0.8, 1.0)
    assert (smallest.estimate, smallest.low, smallest.high) == (0.2, 0.1, 0.3)


def test_an_entry_that_the_scale_does_not_have_is_named(stored: xr.Dataset) -> None:
    assert measuring.measured(measuring.entry(stored, "link", "h2(z1)")["success"]).estimate == 0.2
    with pytest.raises(NotAtThisScale, match="h9"):
        measuring.entry(stored, "link", "h9(z1)")


def test_a_share_has_the_interval_of_its_method() -> None:
    exact = share("x", [0, 3, 1], [10, 10, 0], "share")
    assert exact.attrs["interval"] == "95% Clopper-Pearson"
    assert exact.values[1].tolist() == [0.3, *map(float, clopper_pearson(3, 10))]
    assert exact.values[0, :2].tolist() == [0.0, 0.0]
    assert np.isnan(exact.values[2, 1:]).all()
    score = share("x", [3], 10, "share", "Wilson")
    assert (score.values[0, 1:].tolist(), score.attrs["interval"]) == ([*map(float, wilson(3, 10))], "95% Wilson")


def test_unresolved_trials_widen_a_share_upwards() -> None:
    open_ = share((), 3, 10, "share", unresolved=2)
    assert open_.values.tolist() == [3 / 8, clopper_pearson(3, 10)[0], clopper_pearson(5, 10)[1]]
    assert open_.attrs["interval"] == "95% Clopper-Pearson, both ways"


def test_estimates_over_seeds_are_those_of_the_bootstrap() -> None:
    values = np.random.default_rng(0).exponential(size=(8, 3))
    found = over_seeds(np.median, "x", values, np.random.default_rng(1), "median", "step")
    assert found.dims == ("x", "bound")
    assert (found.values == np.stack(bootstrap(np.median, values, np.random.default_rng(1)), axis=-1)).all()
    assert found.attrs == {"units": "step", "long_name": "median", "interval": "95% bootstrap over seeds"}
    x = np.array([1.0, 2.0, 4.0])
    slope = slope_over_seeds(x, values, np.random.default_rng(1), "slope")
    assert tuple(slope.values) == log_slope(x, values, np.random.default_rng(1))


def test_means_over_seeds_have_the_interval_of_student() -> None:
    values = np.random.default_rng(0).exponential(size=(6, 3))
    found = mean_over_seeds("x", values, "mean", "step")
    assert (found.values == np.stack(mean_interval(values), axis=-1)).all()
    assert found.attrs == {"units": "step", "long_name": "mean", "interval": "95% Student over seeds"}
    assert over_seeds(np.mean, "x", values, np.random.default_rng(1), "mean", "step").identical(found)
    in_logs = mean_over_seeds("x", values, "mean", logarithmic=True)
    assert in_logs.attrs["interval"] == "95% Student over seeds, in logarithms"
    assert (in_logs.values == np.stack(mean_interval(values, logarithmic=True), axis=-1)).all()
    largest = supremum_over_seeds((), values, "largest mean")
    assert tuple(largest.values) == supremum_interval(values)
    x = np.array([1.0, 2.0, 4.0])
    slope = slope_over_seeds(x, values, np.random.default_rng(1), "slope", "geometric mean")
    assert slope.attrs["interval"] == "95% Student over seeds, in logarithms"
    assert slope.values == pytest.approx(mean_interval(np.log(values) @ np.array([-1, 0, 1]) / np.log(16) * 2))


def test_times_that_were_never_reached_give_no_warning() -> None:
    values = np.array([[np.inf, 1.0]] * 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = over_seeds(np.median, "x", values, np.random.default_rng(1), "median")
    assert found.values[1].tolist() == [1.0, 1.0, 1.0]
