"""What the claims on coverage call measurable."""

import numpy as np
import pytest
import xarray as xr

from learnability.studies.ridge_combinations.localisation.claims import expected_misses


@pytest.mark.parametrize(("expected", "enough"), [(0.03, True), (5 / (64 * 64), True), (4.9 / (64 * 64), False)])
def test_a_ratio_of_misses_needs_five_of_them(expected: float, enough: bool) -> None:
    """64 tasks in 64 seeds: one miss where 0.006 are expected says 175 times as many, and nothing."""
    content = {"expected_missed": (("tasks", "dimension"), np.array([[1e-9], [expected]]))}
    analysis = xr.Dataset(content, {"tasks": [8, 64]}, {"seeds": 64})
    assert expected_misses(analysis, -1) == (pytest.approx(expected), enough)
    assert not expected_misses(analysis, 0)[1]
