"""Features, graded singular values and the decay of the second stage."""

import math

import mpmath
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from learnability.hermite.basis import evaluate
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.polynomial_kernel import (
    averages,
    feature_indices,
    features,
    graded_singular_values,
    kernel_spectrum,
)
from learnability.hermite.quadrature import uniform_nodes
from learnability.hermite.reflective_search import gauss_grid
from learnability.hermite.target_language import parse


def test_features_by_gauss_hermite() -> None:
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((5, 3))
    points, masses = gauss_grid(3, 6)
    found = features(weights, 3)
    for j, index in enumerate(feature_indices(3, 3).tolist()):
        basis = evaluate(HermiteExpansion(3, {tuple(index): 1.0}), points)
        expected = ((1 + weights @ points.T) ** 3 * (masses * basis)).sum(1)
        np.testing.assert_allclose(found[:, j], expected, rtol=1e-12, atol=1e-12)


def test_singular_values_of_a_graded_matrix_keep_their_relative_accuracy() -> None:
    """Columns scaled over 40 orders of magnitude, against 160 digits."""
    rng = np.random.default_rng(1)
    matrix = rng.standard_normal((12, 5)) * 10.0 ** np.array([-30, 0, -20, -40, -10])
    values, vectors = graded_singular_values(matrix)
    with mpmath.workdps(160):
        gram = mpmath.matrix(matrix.tolist()).T * mpmath.matrix(matrix.tolist())
        expected = sorted((float(mpmath.sqrt(x)) for x in mpmath.eigsy(gram)[0]), reverse=True)
    np.testing.assert_allclose(values, expected, rtol=1e-12)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(5), rtol=0, atol=1e-13)
    lapack = np.linalg.svd(matrix)[1]
    assert abs(lapack[-1] / expected[-1] - 1) > 1e-3  # why the Jacobi rotations are there


def test_decay_against_the_particles_ode() -> None:
    """L(t) from the spectrum against a' = E[(h - f) sigma(w.x)] of 40 particles, integrated by LSODA."""
    rng = np.random.default_rng(2)
    h = parse("z1 + z1*z2")
    weights = rng.standard_normal((40, 2))
    phi = features(weights, 2)
    indices = [tuple(b) for b in feature_indices(2, 2).tolist()]
    c = np.array([h.coefficients.get(b, 0.0) for b in indices])
    times = np.array([0.0, 0.5, 2.0, 8.0])
    solved = solve_ivp(
        lambda _, a: phi @ (c - phi.T @ a / 40),
        (0, 8),
        np.zeros(40),
        method="LSODA",
        t_eval=times,
        rtol=1e-10,
        atol=1e-12,
    )
    expected = [0.5 * float(np.square(c - phi.T @ a / 40).sum()) for a in solved.y.T]
    spectrum = kernel_spectrum(h, weights, np.full(40, 1 / 40))
    np.testing.assert_allclose(spectrum.loss(times), expected, rtol=1e-7, atol=1e-9)
    assert (spectrum.loss(times) <= spectrum.bound(times) * (1 + 1e-12)).all()


def test_fewer_weights_than_features_leave_a_null_space() -> None:
    spectrum = kernel_spectrum(parse("z1 + z1*z2"), np.random.default_rng(0).standard_normal((3, 2)), np.full(3, 1 / 3))
    assert spectrum.smallest == 0
    assert not spectrum.resolved
    assert spectrum.time_to(1e-30) == math.inf
    assert spectrum.energies.sum() == pytest.approx(2.0)


def test_time_to_inverts_the_loss() -> None:
    spectrum = kernel_spectrum(
        parse("z1 + z1*z2"), np.random.default_rng(0).standard_normal((30, 2)), np.full(30, 1 / 30)
    )
    for fraction in (0.5, 0.1, 1e-3):
        t = spectrum.time_to(fraction)
        assert float(spectrum.loss(np.array([t]))[0]) == pytest.approx(fraction * 1.0, rel=1e-6)


def test_averages_have_the_moments_of_a_mean() -> None:
    nodes, masses = uniform_nodes(10)
    points, weights = averages(nodes[:, None], masses, 3)
    assert weights.sum() == pytest.approx(1)
    assert float(weights @ points[:, 0] ** 2) == pytest.approx(1 / 9)
    assert len(points) == 220  # multisets of three of ten
