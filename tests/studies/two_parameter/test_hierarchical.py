"""The kind ``hierarchical``: its grids, its random numbers, and the extrapolation of its main claim."""

import numpy as np
import pytest
import xarray as xr

from learnability.results.labelled import names, variable
from learnability.studies.two_parameter.fractions import fraction
from learnability.studies.two_parameter.hierarchical.claims import limit_at_zero
from learnability.studies.two_parameter.hierarchical.setting import Grid, HierarchicalSetting, Maps
from learnability.studies.two_parameter.hierarchical.train import train
from tests.doubles import Context


@pytest.mark.parametrize(("dimension", "limit"), [(3, 1.0), (4, 1.0), (4, 0.9)])
def test_the_limit_of_a_product_law(dimension: int, limit: float) -> None:
    """The extrapolation to rho = 0 finds the limit of a product law, and tells it from one that falls short."""
    rho, n = np.array([0.12, 0.08, 0.05, 0.03]), 10**6
    learned = fraction("point", limit * (1 - 2.6 * rho) ** dimension * n, n, "learned fraction")
    analysis = xr.Dataset(
        {
            "rho": ("point", rho),
            "dimension": ("point", np.full(4, dimension)),
            "learned": learned,
            "targets": variable("point", np.full(4, n), "number of targets"),
        },
        coords={"series": names("point", ["splitting"] * 4, "series")},
    )
    found = limit_at_zero(dimension)({"learning": analysis})
    assert abs(found.estimate - limit) < 1e-9
    assert found.low < limit < found.high
    assert found.high - found.low < 0.01


def test_the_grid_sees_common_random_numbers() -> None:
    """A run repeats to the last bit, and a map sees the same targets alone and beside another one."""
    both = HierarchicalSetting(target=Maps(grids=(Grid(series="splitting", depth=(2,), rho=(0.15, 0.12)),)))
    alone = HierarchicalSetting(target=Maps(grids=(Grid(series="splitting", depth=(2,), rho=(0.12,)),)))
    first, again, single = (train(setting, Context(12)) for setting in (both, both, alone))
    xr.testing.assert_identical(again, first)
    xr.testing.assert_identical(single, first.isel(point=[1]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dimension": (2,)}, "at least 3"),
        ({"rho": (0.5,)}, "0.15"),
        ({"dimension": (3, 4), "depth": (2, 3, 4)}, "go together"),
        ({"depth": (99,)}, "depth"),
    ],
)
def test_impossible_grids_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Grid(series="splitting", **changes)
