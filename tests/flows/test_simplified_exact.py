"""The simplified flow and the second stage's kernel in multiprecision."""

import mpmath
import numpy as np
import pytest
from flint import arb, arb_mat

from learnability.flows.simplified import simplified_weights
from learnability.flows.simplified_exact import (
    exact_kernel,
    exact_spectrum,
    exact_trajectory,
    precision,
    smallest_eigenvalue,
)
from learnability.hermite.polynomial_kernel import averages, kernel_spectrum
from learnability.hermite.quadrature import uniform_nodes
from learnability.hermite.target_language import parse

STAIRCASE = parse("z1 + z1*z2")


def test_trajectory_against_float64() -> None:
    h = parse("z1 + He2(z1)*z2 - 0.5*z2*z3 + z3")
    trajectory = exact_trajectory(h, 2.0, 256)
    tau = np.array([-2.0, -1.1, -0.2, 0.4, 1.7])
    with precision(256):
        found = np.array([[float(x) for x in trajectory(arb(t))] for t in tau])
    np.testing.assert_allclose(found, simplified_weights(h, tau), rtol=1e-10, atol=1e-12)


def test_trajectory_against_mpmath() -> None:
    """The flow of z1 + z1 z2 at tau = 1.3 by mpmath's Taylor solver, 25 digits."""
    with mpmath.workdps(28):
        root = 1 / mpmath.sqrt(2)

        def slope(_: object, w: list[object]) -> list[object]:
            x, y = w
            g, decay = x - x * y, root * mpmath.exp(-(x * x + y * y) / 2)  # type: ignore[operator]
            return [decay * (1 - y - g * x), decay * (-x - g * y)]  # type: ignore[operator]

        expected = mpmath.odefun(slope, 0, [mpmath.mpf(0), mpmath.mpf(0)], tol=mpmath.mpf(10) ** -26)(mpmath.mpf("1.3"))
        with precision(256):
            found = exact_trajectory(STAIRCASE, 1.5, 256)(arb("1.3"))
            for ours, theirs in zip(found, expected, strict=True):
                assert abs(float(ours - arb(mpmath.nstr(theirs, 28)))) < 1e-24


def test_a_point_outside_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the trajectory"):
        exact_trajectory(STAIRCASE, 0.5, 128)(arb(9))


@pytest.mark.parametrize("copies", [1, 2])
def test_kernel_against_float64_where_that_resolves_it(copies: int) -> None:
    trajectory = exact_trajectory(STAIRCASE, 2.0, 256)
    kernel = exact_kernel(STAIRCASE, trajectory, 2.0, copies, 32, 256)
    a, masses = uniform_nodes(32)
    expected = kernel_spectrum(STAIRCASE, *averages(simplified_weights(STAIRCASE, 2 * a), masses, copies))
    spectrum = exact_spectrum(STAIRCASE, kernel, 256)
    np.testing.assert_allclose([float(x) for x in spectrum.eigenvalues], expected.eigenvalues, rtol=1e-8)
    np.testing.assert_allclose([float(x) for x in spectrum.energies], expected.energies, rtol=1e-6, atol=1e-12)
    assert float(smallest_eigenvalue(kernel, 256)) == pytest.approx(expected.smallest, rel=1e-8)


def test_smallest_eigenvalue_of_three_variables_against_the_law_and_more_bits() -> None:
    """One copy of z1 + z1 z2 + z1 z2 z3: 1e-71 at T = 0.2, out of reach of float64; the power of T tends to 48."""
    h = parse("z1 + z1*z2 + z1*z2*z3")
    trajectory = exact_trajectory(h, 0.2, 512)
    values = [smallest_eigenvalue(exact_kernel(h, trajectory, t, 1, 40, 512), 512) for t in (0.0125, 0.025)]
    with precision(512):
        slope = float((values[1] / values[0]).log() / arb(2).log())
    assert slope == pytest.approx(48, abs=0.01)
    finer = exact_trajectory(h, 0.2, 768, truncation=360)
    again = smallest_eigenvalue(exact_kernel(h, finer, 0.025, 1, 56, 768), 768)
    with precision(512):
        assert abs(float(again / values[1] - 1)) < 1e-12


def test_eigenvalues_of_a_graded_matrix() -> None:
    """Against a matrix with known eigenvalues over 200 orders of magnitude."""
    with precision(1400):
        entries = [[1 / arb(i + j + 1) for j in range(4)] for i in range(4)]
        scale = [arb(10) ** (-33 * i) for i in range(4)]
        matrix = arb_mat([[entries[i][j] * scale[i] * scale[j] for j in range(4)] for i in range(4)])
        inverse = matrix.inv()
        # lambda_min of a graded matrix is 1 / (K^-1)_nn up to a relative 1e-60.
        assert abs(float(smallest_eigenvalue(matrix, 1400) * inverse[3, 3] - 1)) < 1e-50


def test_too_few_bits_are_named() -> None:
    h = parse("z1 + z1*z2 + z1*z2*z3")
    kernel = exact_kernel(h, exact_trajectory(h, 0.02, 128), 0.02, 1, 24, 128)
    with pytest.raises(ValueError, match="128 bits do not resolve"):
        smallest_eigenvalue(kernel, 128)
