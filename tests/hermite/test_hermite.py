"""The Hermite basis and its quadrature."""

import math

import numpy as np
import pytest
import torch
from numpy.polynomial import hermite_e
from scipy.special import erf

from learnability.hermite.basis import coefficients, gauss_hermite, hermite_basis, hermite_columns


def test_orthonormal_to_degree_299() -> None:
    nodes, weights = gauss_hermite(300)
    basis = hermite_basis(nodes, 299)
    error = np.abs(basis.T @ (weights[:, None] * basis) - np.eye(300)).max()
    assert error < 2e-14


def test_values_against_numpy() -> None:
    x = np.linspace(-4, 4, 9)
    basis = hermite_basis(x, 12)
    for k in (0, 1, 5, 12):
        expected = hermite_e.hermeval(x, [0] * k + [1]) / math.sqrt(math.factorial(k))
        np.testing.assert_allclose(basis[:, k], expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("degree", [0, 1, 4])
def test_torch_columns_are_numpys(degree: int) -> None:
    x = np.linspace(-2, 2, 5)
    columns = torch.stack(hermite_columns(torch.from_numpy(x), degree), dim=-1)
    np.testing.assert_array_equal(columns.numpy(), hermite_basis(x, degree))


def test_quadrature_integrates_polynomials() -> None:
    nodes, weights = gauss_hermite(8)
    for power, moment in ((0, 1), (2, 1), (4, 3), (10, 945), (14, 135135), (7, 0)):
        assert (weights * nodes**power).sum() == pytest.approx(moment, rel=1e-12, abs=1e-9)


def test_coefficients_of_a_smooth_function() -> None:
    # E[erf(z/sqrt 2) h_1(z)] = 1/sqrt(pi), the even ones vanish
    found = coefficients(lambda z: erf(z / math.sqrt(2)), 4)
    assert found[1] == pytest.approx(1 / math.sqrt(math.pi), rel=1e-10)
    np.testing.assert_allclose(found[::2], 0, atol=1e-12)
