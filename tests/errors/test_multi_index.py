"""What the study multi_index corrects, derived again by other methods than the study's."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from learnability.studies.multi_index.gradient_error.moments import moments


def _samples(s: int, dimension: float, features: int, error: float) -> mpmath.mpf:
    """n of ``((d - 2) s l^{2s} + s^2 l^{2s-2})/n + (d - 2) K(K+1)/(2 n^2) = (error s)^2 l^{4s-2}``, l^2 = 1/d."""
    with mpmath.workdps(40):
        d, k = mpmath.mpf(dimension), mpmath.mpf(features)
        a, b = (d - 2) * s * d**-s + s**2 * d ** (1 - s), (d - 2) * k * (k + 1) / 2
        square = (error * s) ** 2 * d ** (1 - 2 * s)
        return (a + mpmath.sqrt(a * a + 4 * square * b)) / (2 * square)


@pytest.mark.parametrize("s", [2, 3])
def test_samples(s: int) -> None:
    """The two-term formula has the exponent s, and is what the closed second moments give far out."""
    exponent = mpmath.log(_samples(s, 1e14, 4, 0.5) / _samples(s, 1e12, 4, 0.5)) / mpmath.log(100)
    assert float(exponent) == pytest.approx(s, abs=1e-6)
    far = 10**8
    found = moments(s, far**-0.5, 4).gradient_samples(far, 0.5)
    assert found == pytest.approx(float(_samples(s, far, 4, 0.5)), rel=1e-5)


def test_symmetry() -> None:
    """P of the radial quartic by contraction of its tensor, and the sign of its slope in exact fractions."""
    identity = np.eye(2)
    pairings = ("ij,kl->ijkl", "ik,jl->ijkl", "il,jk->ijkl")
    tensor = sum(np.einsum(p, identity, identity) for p in pairings) / 3
    matrix = np.random.default_rng(0).standard_normal((2, 2)) / 4
    moved = np.einsum("ai,bj,ck,dl,ijkl->abcd", matrix, matrix, matrix, matrix, tensor)
    mu = np.linalg.eigvalsh(matrix @ matrix.T)
    assert (tensor * moved).sum() == pytest.approx((mu.sum() ** 2 + 2 * (mu**2).sum()) / 3)
    grid = [Fraction(k, 7) for k in range(1, 7)]
    for one, two in itertools.product(grid, grid):
        # d/d mu_1 of ((mu_1 + mu_2)^2 + 2 (mu_1^2 + mu_2^2))/3, at mu = lambda^2 below 1
        slope = (2 * (one + two) + 4 * one) / Fraction(3)
        assert slope > 0
        assert (1 - one) * slope > 0
    assert math.comb(4, 2) / 2 == len(pairings)
