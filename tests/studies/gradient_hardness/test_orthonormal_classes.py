"""Closed forms of the cosine class against quadrature, high precision and simulation."""

import math
from collections.abc import Callable

import mpmath
import numpy as np
import pytest

from learnability.studies.gradient_hardness import cosine_class as cc


def test_inner_product_against_quadrature() -> None:
    """Two frequencies of equal length in the plane, small enough for Gauss-Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(90)
    x, y = np.meshgrid(nodes, nodes, indexing="ij")
    mass = np.outer(weights, weights) / weights.sum() ** 2
    length, angle = 0.5, 0.7
    f = np.cos(2 * math.pi * length * x)
    g = np.cos(2 * math.pi * length * (math.cos(angle) * x + math.sin(angle) * y))
    normalised = (mass * f * g).sum() / (mass * f * f).sum()
    # The formula has |w|^2 = d, and the dimension enters in no other way.
    assert cc.log_inner_product(math.cos(angle), length**2) == pytest.approx(math.log(normalised), rel=1e-10)


def sphere_mean(function: Callable[[mpmath.mpf], mpmath.mpf], dimension: int) -> mpmath.mpf:
    """Mean over a uniform direction of a function of its angle, in panels: the integrands are narrow peaks.

    Scaled up by the saddle value, since mpmath stops at an absolute error.
    """
    scale = mpmath.exp(mpmath.mpf("2.684") * dimension)
    ends = [mpmath.pi * k / 40 for k in range(41)]
    total = mpmath.quad(lambda a: scale * mpmath.sin(a) ** (dimension - 2) * function(a), ends)
    return total / mpmath.beta(mpmath.mpf(dimension - 1) / 2, mpmath.mpf(1) / 2) / scale


@pytest.mark.parametrize("dimension", [2, 80])
def test_variance_of_the_cosine_model_against_high_precision(dimension: int) -> None:
    with mpmath.workdps(30):
        d = mpmath.mpf(dimension)

        def weighted(angle: mpmath.mpf, factor: int) -> mpmath.mpf:
            versine = 1 - mpmath.cos(angle)
            return versine * mpmath.exp(-factor * mpmath.pi**2 * d * versine)

        second = 64 * mpmath.pi**4 * d * sphere_mean(lambda a: weighted(a, 8), dimension)
        first = 8 * mpmath.pi**2 * mpmath.sqrt(d) * sphere_mean(lambda a: weighted(a, 4), dimension)
        expected = float(mpmath.log(second - first**2))
    assert cc.log_variance_cosine(dimension) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("dimension", [2, 30])
def test_variance_of_the_relu_neuron_against_high_precision(dimension: int) -> None:
    with mpmath.workdps(25):
        d = mpmath.mpf(dimension)

        def integrand(angle: mpmath.mpf) -> mpmath.mpf:
            k = 2 * mpmath.pi * mpmath.sqrt(d) * mpmath.cos(angle)
            # Dawson(x) = x 1F1(1; 3/2; -x^2).
            sine = (k / mpmath.sqrt(2)) * mpmath.hyp1f1(1, 1.5, -(k**2) / 2) / mpmath.sqrt(mpmath.pi)
            ramp = 1 / mpmath.sqrt(2 * mpmath.pi) - k * sine
            crossing = 4 * mpmath.pi**2 * d * mpmath.sin(angle) ** 2
            return mpmath.exp(-crossing) * (2 * ramp**2 + crossing * sine**2)

        expected = float(mpmath.log(4 * sphere_mean(integrand, dimension)))
    assert cc.log_variance_relu(dimension) == pytest.approx(expected, abs=1e-8)


def test_relu_variance_against_simulation() -> None:
    """d = 2, 4e5 draws, 200 targets; within 5 standard errors (false alarm below 1e-5, fixed seed)."""
    rng = np.random.default_rng(2)
    targets = rng.standard_normal((200, 2))
    targets *= math.sqrt(2) / np.linalg.norm(targets, axis=1, keepdims=True)
    sums, count = np.zeros((2, 200, 3)), 40_000
    for half in (0, 1):
        for _ in range(5):
            x = rng.standard_normal((count, 2))
            active = (x[:, 0] > 0).astype(float)
            gradient = np.stack((np.maximum(x[:, 0], 0), active * x[:, 0], active * x[:, 1]), 1)
            sums[half] += np.cos(2 * math.pi * x @ targets.T).T @ gradient / count / 5
    # The product of two independent halves has no bias from the noise.
    products = 4 * (sums[0] * sums[1]).sum(1)
    error = products.std(ddof=1) / math.sqrt(200)
    assert abs(products.mean() - math.exp(cc.log_variance_relu(2))) < 5 * error


def test_saddles_are_the_maxima() -> None:
    y = np.linspace(1e-6, 1, 2_000_001)
    assert cc.saddle_cosine() == pytest.approx(
        (0.5 * np.log(y) - 8 * math.pi**2 * (1 - np.sqrt(1 - y))).max(), abs=1e-9
    )
    assert cc.saddle_relu() == pytest.approx((0.5 * np.log(y) - 4 * math.pi**2 * y).max(), abs=1e-9)


def test_nine_cosines_in_the_plane() -> None:
    assert cc.planar_sq_dimension() == 9


def test_a_packing_is_a_certificate() -> None:
    rng = np.random.default_rng(0)
    count = cc.greedy_packing(3, 4000, 200, rng)
    cosine = cc.largest_cosine(count, 3)
    assert float(cc.log_inner_product(cosine, 3)) == pytest.approx(-2 * math.log(count))
    assert 25 <= count <= 45


def test_greedy_packing_in_the_plane_stays_below_the_exact_value() -> None:
    assert 5 <= cc.greedy_packing(2, 4000, 100, np.random.default_rng(1)) <= 9


def test_rates_of_the_bounds() -> None:
    assert cc.union_bound_rate() == pytest.approx(0.24386, abs=1e-5)
    assert cc.cap_bound_rate() == pytest.approx(1.1078, abs=1e-4)
    assert cc.log_union_bound(2000) / 2000 == pytest.approx(cc.union_bound_rate(), abs=1e-4)


def test_ridge_path_norm_against_its_large_radius_limit() -> None:
    """``1 + 2 int_0^R |cos s|(R + s) ds`` tends to ``1 + (6/pi) R^2``."""
    reach = cc.frequency_reach(40, 40)
    assert cc.ridge_path_norm(40, 40) == pytest.approx(6 / math.pi * reach**2, rel=1e-2)


def test_the_ridge_network_is_the_cosine() -> None:
    """``cos z = 1 - int_0^R cos(s) (|z| - s)_+ ds`` on |z| <= R."""
    s = np.linspace(0, 9, 90_001)
    for z in (0.0, 1.3, 7.9):
        integral = np.trapezoid(np.cos(s) * np.maximum(z - s, 0), s)
        assert 1 - integral == pytest.approx(math.cos(z), abs=1e-6)
