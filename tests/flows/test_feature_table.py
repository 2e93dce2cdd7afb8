"""The table of features against features one by one, and its slope against automatic differentiation."""

import pytest
import torch

from learnability.flows.feature_table import FeatureTable
from learnability.flows.two_timescale import Features, profile_loss, retract


@pytest.mark.parametrize(("r", "degree", "mehler"), [(1, 6, 1.0), (2, 5, 0.7), (3, 5, 1.0), (4, 3, 0.5)])
def test_values_and_loss_against_features_one_by_one(r: int, degree: int, mehler: float) -> None:
    generator = torch.Generator().manual_seed(7)
    x = torch.randn((3, 50, 9), dtype=torch.float64, generator=generator)
    y = torch.randn((3, 50), dtype=torch.float64, generator=generator)
    w = retract(torch.randn((3, 9, r), dtype=torch.float64, generator=generator))
    plain, table = Features(r, degree, mehler), FeatureTable(r, degree, mehler)
    torch.testing.assert_close(table.values(x @ w)[0], plain.values(x @ w)[0], rtol=1e-13, atol=1e-13)
    for found, expected in zip(profile_loss(table, 1e-3, x, y, w), profile_loss(plain, 1e-3, x, y, w), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def test_slope_against_automatic_differentiation() -> None:
    generator = torch.Generator().manual_seed(8)
    table = FeatureTable(3, 4, 0.8)
    z = torch.randn((2, 11, 3), dtype=torch.float64, generator=generator, requires_grad=True)
    values = Features(3, 4, 0.8).values(z)[0]
    a = torch.randn((2, values.shape[-1]), dtype=torch.float64, generator=generator)
    (expected,) = torch.autograd.grad((values @ a[..., None]).sum(), z)
    with torch.no_grad():
        found = table.slope(a, table.values(z)[1])
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_a_table_without_low_degrees_is_refused() -> None:
    with pytest.raises(ValueError, match="lowest is 2"):
        FeatureTable(2, 4, 1.0, lowest=2)
