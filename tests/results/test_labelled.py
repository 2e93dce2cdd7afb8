"""Labelled variables, estimates and the vocabulary of measuring, through the real store."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from learnability.results import measuring
from learnability.results.claim import NotAtThisScale
from learnability.results.labelled import bounds_of, estimate, names, texts, variable
from learnability.results.store import read, write

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
