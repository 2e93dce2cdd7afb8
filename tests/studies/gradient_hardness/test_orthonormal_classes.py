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
    """Against 50 digits of mpmath: nine lines satisfy the definition and ten do not."""
    assert cc.planar_sq_dimension() == 9
    with mpmath.workdps(50):
        scale = 8 * mpmath.pi**2
        sides = [n**2 * mpmath.cosh(scale * mpmath.cos(mpmath.pi / n)) / mpmath.cosh(scale) for n in (9, 10)]
    assert sides[0] < 1 < sides[1]


def test_largest_cosine_against_high_precision() -> None:
    for count, dimension in ((2, 2), (10, 3), (5000, 8)):
        with mpmath.workdps(60):
            scale = 4 * mpmath.pi**2 * dimension
            exact = mpmath.acosh(mpmath.cosh(scale) / count**2) / scale
        assert cc.largest_cosine(count, dimension) == pytest.approx(float(exact), rel=1e-14)
    assert cc.largest_cosine(1e20, 1) == 0


@pytest.mark.parametrize(("dimension", "least", "most"), [(2, 5, 9), (3, 25, 45)])
def test_a_packing_is_a_certificate(dimension: int, least: int, most: int) -> None:
    lines, capped = cc.greedy_packing(dimension, 4000, 200, np.random.default_rng(0))
    count = len(lines)
    assert not capped
    assert least <= count <= most
    cosines = np.abs(lines @ lines.T)[np.triu_indices(count, 1)]
    assert (cc.log_inner_product(cosines, dimension) <= -2 * math.log(count)).all()


def test_a_search_that_meets_its_limit_says_so() -> None:
    lines, capped = cc.greedy_packing(4, 4000, 20, np.random.default_rng(1))
    assert capped
    assert len(lines) == 20


def test_caps_against_simulation_and_in_the_plane() -> None:
    """``P(|cos| > t) = (2/pi) arccos t`` at d = 2; at d = 5 a million draws, 5 standard errors (false alarm 1e-6)."""
    assert math.exp(cc.log_cap(0.3, 2)) == pytest.approx(2 / math.pi * math.acos(0.3), rel=1e-12)
    draws = np.random.default_rng(3).standard_normal((1_000_000, 5))
    share = (np.abs(draws[:, 0]) > 0.6 * np.linalg.norm(draws, axis=1)).mean()
    exact = math.exp(cc.log_cap(0.6, 5))
    assert abs(share - exact) < 5 * math.sqrt(exact / 1e6)


def test_rates_of_the_bounds() -> None:
    assert cc.union_bound_rate() == pytest.approx(0.24386, abs=1e-5)
    assert cc.cap_bound_rate() == pytest.approx(1.1078, abs=1e-4)
    slope = (cc.log_sq_bound(200, cc.log_inner_product) - cc.log_sq_bound(160, cc.log_inner_product)) / 40
    assert slope == pytest.approx(cc.cap_bound_rate(), rel=5e-3)
    # The union bound over P ~ 2 Q(d^{1/4}) gives e^{sqrt(d)/4} at leading order.
    assert cc.log_lecture_bound(10**6) / 1000 == pytest.approx(0.25, rel=0.01)


def test_the_cap_bound_is_below_what_exists() -> None:
    """In the plane the exact SQ dimension is 9, and packings at d = 3 and 4 exceed the bound."""
    assert math.exp(cc.log_sq_bound(2, cc.log_inner_product)) < 9
    for dimension in (3, 4):
        lines, _ = cc.greedy_packing(dimension, 20000, 500, np.random.default_rng(2))
        assert math.exp(cc.log_sq_bound(dimension, cc.log_inner_product)) < len(lines)


def test_inner_products_on_the_sphere_stay_below_the_envelope() -> None:
    """``phi(r) = sin(r)/r`` at d = 3, exactly; at d = 6 Bessel functions at 200 angles."""
    for dimension, phi in (
        (3, lambda r: mpmath.sin(r) / r),
        (6, lambda r: mpmath.gamma(3) * (2 / r) ** 2 * mpmath.besselj(2, r)),
    ):
        found = []
        for cosine in np.linspace(0, 0.95, 200):
            near, far = (2 * math.pi * dimension * math.sqrt(2 * (1 + sign * cosine)) for sign in (-1, 1))
            inner = (phi(near) + phi(far)) / (1 + phi(4 * math.pi * dimension))
            bound = cc.log_inner_product_sphere(float(cosine), dimension)
            found.append(float(mpmath.log(abs(inner))) - bound)
        assert max(found) <= 0
        # The envelope is no loose bound: it is nearly touched.
        assert max(found) > -0.3


def test_inner_products_of_waves_against_quadrature() -> None:
    """Two triangle waves of two terms in the plane at small frequency, by Gauss-Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(150)
    x, y = np.meshgrid(nodes, nodes, indexing="ij")
    mass = np.outer(weights, weights) / weights.sum() ** 2
    length, angle, k = 0.35, 0.8, np.array([1, 3])

    def wave(t: np.ndarray) -> np.ndarray:
        return np.tensordot(1.0 / k**2, np.cos(2 * math.pi * k[:, None, None] * t), 1)

    f = wave(length * x)
    g = wave(length * (math.cos(angle) * x + math.sin(angle) * y))
    normalised = abs((mass * f * g).sum() / (mass * f * f).sum())
    # The formula takes |w|^2 for d, and bounds the norm from below.
    bound = cc.log_inner_product_periodic("triangle", math.cos(angle), length**2, terms=2)
    assert math.log(normalised) <= bound
    assert math.log(normalised) == pytest.approx(bound, abs=0.05)


def test_the_variance_over_a_packing_against_brute_force() -> None:
    """Random gradients never exceed the eigenvalue, and the best combination of the functions attains it."""
    rng = np.random.default_rng(5)
    lines, _ = cc.greedy_packing(2, 2000, 100, rng)
    gram, count = cc.packing_gram(lines), len(lines)
    root = np.linalg.cholesky(gram)

    def variance(direction: np.ndarray) -> float:
        return 4 * float(np.var(root @ (direction / np.linalg.norm(direction))))

    largest = cc.largest_packing_variance(lines)
    draws = [variance(rng.standard_normal(count)) for _ in range(500)]
    assert max(draws) <= largest * (1 + 1e-12)
    centred = np.eye(count) - 1 / count
    _, _, rows = np.linalg.svd(centred @ root)
    assert variance(rows[0]) == pytest.approx(largest, rel=1e-12)
    assert 2 / count < largest <= 4 / count * (1 + 1 / count)


def test_the_ridge_path_norm_against_its_large_radius_limit() -> None:
    """``1 + 2 int_0^R |cos s|(R + s) ds`` tends to ``1 + (6/pi) R^2``."""
    reach = cc.frequency_reach(40, 40)
    assert cc.ridge_path_norm(reach) == pytest.approx(6 / math.pi * reach**2, rel=1e-2)


def test_the_lower_bound_of_the_barron_norm_is_the_variation_of_the_slope() -> None:
    for dimension, coordinates in ((2, 2), (3, 1), (5, 3)):
        reach = cc.frequency_reach(dimension, coordinates)
        s = np.linspace(-1, 1, 2_000_001)
        variation = np.abs(np.diff(-reach * np.sin(reach * s))).sum()
        lower = cc.barron_lower_bound(dimension, coordinates)
        assert lower == pytest.approx(variation, rel=1e-6)
        assert lower <= cc.ridge_path_norm(reach) <= cc.barron_bound(dimension, coordinates)


def test_the_ridge_network_is_the_cosine() -> None:
    """``cos z = 1 - int_0^R cos(s) (|z| - s)_+ ds`` on |z| <= R."""
    s = np.linspace(0, 9, 90_001)
    for z in (0.0, 1.3, 7.9):
        integral = np.trapezoid(np.cos(s) * np.maximum(z - s, 0), s)
        assert 1 - integral == pytest.approx(math.cos(z), abs=1e-6)


def test_the_sq_dimension_is_exponential_in_the_dimension_itself() -> None:
    """At t = 0.94 caps alone leave room for e^{d} lines whose inner products are below e^{-2d}, by quadrature."""
    with mpmath.workdps(30):
        t = mpmath.mpf("0.94")
        for d in (20, 40, 80):
            cap = mpmath.quad(lambda a, d=d: mpmath.sin(a) ** (d - 2), mpmath.linspace(0, mpmath.acos(t), 5))
            whole = mpmath.quad(lambda a, d=d: mpmath.sin(a) ** (d - 2), mpmath.linspace(0, mpmath.pi / 2, 9))
            assert mpmath.log(whole / cap) > d
            scale = 4 * mpmath.pi**2 * d
            assert mpmath.log(mpmath.cosh(scale * t) / mpmath.cosh(scale)) < -2 * d
            assert d > mpmath.sqrt(d) / 4 * 10
