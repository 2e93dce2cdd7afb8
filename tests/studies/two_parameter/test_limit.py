"""The extrapolation to rho = 0 finds the limit of a product law, and tells it from one that falls short."""

import numpy as np
import pytest
import xarray as xr

from learnability.studies.two_parameter import measurements


@pytest.mark.parametrize(("dimension", "limit"), [(3, 1.0), (4, 1.0), (4, 0.9)])
def test_the_limit_of_a_product_law(monkeypatch: pytest.MonkeyPatch, dimension: int, limit: float) -> None:
    rho = np.array([0.12, 0.08, 0.05, 0.03])
    points = xr.Dataset(
        {
            "rho": ("point", rho),
            "learned": ("point", limit * (1 - 2.6 * rho) ** dimension),
            "targets": ("point", np.full(4, 10**6)),
        }
    )
    monkeypatch.setattr(measurements, "splitting_series", lambda analyses, d: points)
    found = measurements.limit_at_zero(dimension)({})
    assert abs(found.estimate - limit) < 1e-9
    assert found.low < limit < found.high
    assert found.high - found.low < 0.01
