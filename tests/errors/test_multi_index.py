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


@pytest.mark.parametrize(("dimension", "count"), [(40, 1280), (12, 2304)])
def test_sign_of_the_fit(dimension: int, count: int) -> None:
    """Where flows on degree 2 end, by eigenvectors of 600 simulated moments in all d dimensions, against E Phi: within
    4.5 standard errors, which a sound code misses once in 70,000 runs of both cases; the starts are the first axis in a
    frame of its own, and the target a uniform direction."""
    rng, wins, trials = np.random.default_rng(dimension), 0, 600
    for _ in range(trials):
        target = rng.standard_normal(dimension)
        target /= np.linalg.norm(target)
        x = rng.standard_normal((count, dimension))
        labels = ((x @ target) ** 2 - 1) / math.sqrt(2)
        moment = ((x.T * labels) @ x / count - labels.mean() * np.eye(dimension)) / math.sqrt(2)
        fit = moment[0, 0]  # the start is the first axis
        vectors = np.linalg.eigh(moment)[1]
        wins += abs(vectors[:, -1 if fit > 0 else 0] @ target) >= 0.8
    with mpmath.workdps(20):
        half = mpmath.mpf(dimension - 1) / 2
        # lambda^2 = sin(t)^2 has the density cos(t)^(d-2) in t, up to its constant.
        weight = 2 / mpmath.beta(0.5, half)
        share = mpmath.quad(
            lambda t: (
                weight
                * mpmath.cos(t) ** (dimension - 2)
                * mpmath.ncdf(
                    mpmath.sin(t) ** 2 * mpmath.sqrt(count / (1 + 8 * mpmath.sin(t) ** 2 + 5 * mpmath.sin(t) ** 4))
                )
            ),
            mpmath.linspace(0, mpmath.pi / 2, 5),
        )
    expected = float(share)
    assert wins / trials == pytest.approx(expected, abs=4.5 * math.sqrt(expected * (1 - expected) / trials))


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
