"""Superorthogonal polynomials: least degrees, and conditions recomputed by quadrature."""

import math

import numpy as np
import pytest

from learnability.hermite.basis import gauss_hermite, hermite_basis
from learnability.studies.ridge_combinations.superorthogonal.polynomials import (
    active_conditions,
    least_eigenvalue,
    minimal_degree,
    solve,
)


def test_superorthogonal_degrees():
    assert minimal_degree(1) == 17
    assert minimal_degree(0) == 20
    assert minimal_degree(1, 3) == 23
    assert least_eigenvalue(15, 1) > 0 > least_eigenvalue(17, 1)


def test_superorthogonal_solution_satisfies_its_conditions_exactly():
    """E f^2 h_2 = 0 recomputed by quadrature with the rounded coefficients, beside a condition that must not hold."""
    solution = solve(2, 2, 1, 17, 60, np.random.default_rng(0))
    assert solution.residual < 1e-60
    c = np.array([float(v) for v in solution.coefficients])
    assert np.linalg.norm(c) == pytest.approx(1)
    x, weights = gauss_hermite(60)
    basis = hermite_basis(x, 17)
    f = basis[:, 3::2] @ c
    size = math.sqrt(weights @ f**4)
    for k, ell in ((1, 1), (1, 2), (2, 1), (2, 2)):
        assert abs(weights @ (f**k * basis[:, ell])) < 1e-9 * size
    assert abs(weights @ (f**2 * basis[:, 4])) > 1e-6 * size
    assert solution.fourth_moment > 1e9
    assert size**2 == pytest.approx(solution.fourth_moment, rel=1e-6)


def test_active_conditions_are_those_that_parity_leaves():
    assert active_conditions(2, 2, 1) == [(2, 2)]
    assert active_conditions(3, 2, 1) == [(2, 2), (3, 1)]
    assert active_conditions(3, 2, 0) == [(2, 2), (3, 2)]
