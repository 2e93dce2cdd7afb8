"""The sine landscape against its definition, and the predictions of its minima."""

import math

import numpy as np
import pytest

from learnability.studies.gradient_hardness import sine_risk, theory

TARGET = np.array([math.cos(0.3), math.sin(0.3)])


def test_population_risk_against_quadrature() -> None:
    frequency = 0.4
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    x, y = (axis.ravel() for axis in np.meshgrid(nodes, nodes, indexing="ij"))
    mass = np.outer(weights, weights).ravel() / weights.sum() ** 2
    grid = sine_risk.Grid(np.array([-0.9, -0.2, 0.5]))
    risk = sine_risk.population_risk(grid, TARGET, frequency)
    label = np.sin(2 * math.pi * frequency * (TARGET[0] * x + TARGET[1] * y))
    for i, first in enumerate(grid.axis):
        for j, second in enumerate(grid.axis):
            value = np.sin(2 * math.pi * frequency * (first * x + second * y))
            assert risk[i, j] == pytest.approx((mass * (value - label) ** 2).sum(), abs=1e-10)


def test_gradient_norm_by_the_slope_of_the_taylor_error() -> None:
    frequency, point, step = 0.5, np.array([0.3, -0.4]), 1e-5

    def risk(at: np.ndarray) -> float:
        # A grid of one point, shifted: the target moves with it.
        a = 2 * math.pi**2 * frequency**2
        near, far = np.sum((at - TARGET) ** 2), np.sum((at + TARGET) ** 2)
        return float(-0.5 * np.expm1(-4 * a * at @ at) - (np.exp(-a * near) - np.exp(-a * far)))

    gradient = [(risk(point + step * e) - risk(point - step * e)) / (2 * step) for e in np.eye(2)]
    grid = sine_risk.Grid(np.array([0.3, -0.4]))
    found = sine_risk.population_gradient_norm(grid, TARGET, frequency)[0, 1]
    assert found == pytest.approx(math.hypot(*gradient), rel=1e-8)


def test_empirical_risk_is_the_mean_over_the_sample() -> None:
    inputs = np.random.default_rng(0).standard_normal((37, 2))
    grid = sine_risk.Grid.of(1.0, 4)
    risk = sine_risk.empirical_risk(grid, inputs, TARGET, 1.5)
    for i, j in ((0, 0), (3, 7), (8, 2)):
        w = np.array([grid.axis[i], grid.axis[j]])
        errors = np.sin(3 * math.pi * inputs @ w) - np.sin(3 * math.pi * inputs @ TARGET)
        assert risk[i, j] == pytest.approx((errors**2).mean(), abs=1e-12)


def test_minima_of_a_product_of_cosines() -> None:
    """cos(pi x) cos(pi y) on [-2.5, 2.5]^2 has 12 strict minima inside: where x + y is odd, x and y in -2..2."""
    axis = np.linspace(-2.5, 2.5, 201)
    values = np.cos(math.pi * axis)[:, None] * np.cos(math.pi * axis)[None, :]
    assert sine_risk.strict_minima(values).sum() == 12
    assert not sine_risk.strict_minima(np.zeros((5, 5))).any()


def test_population_minima_are_the_target_and_the_origin() -> None:
    grid = sine_risk.Grid.of(2.0, 80)
    found = np.argwhere(sine_risk.strict_minima(sine_risk.population_risk(grid, TARGET, 1.0), 1e-13)) + 1
    places = sorted(tuple(np.round(grid.axis[list(place)], 2)) for place in found)
    assert np.allclose(places, sorted([(0, 0), tuple(TARGET)]), atol=0.02)


def test_the_density_of_minima_of_a_gaussian_field() -> None:
    """Kac-Rice for a field drawn from the covariance by random waves: 24 fields of 16 area units, about 116
    minima each; within 6% (about 3.5 standard errors, fixed seed)."""
    rng = np.random.default_rng(4)
    a = 2 * math.pi**2
    grid = sine_risk.Grid.of(2.0, 60)
    counts = []
    for _ in range(24):
        # e^{-a r^2} has Gaussian wave vectors of variance 2a, e^{-4 a r^2} of variance 8a.
        waves = rng.standard_normal((2000, 2)) * np.sqrt(np.where(rng.random(2000) < 8 / 9, 2 * a, 8 * a))[:, None]
        phases = rng.uniform(0, 2 * math.pi, 2000)
        first = np.exp(1j * (np.outer(grid.axis, waves[:, 0]) + phases))
        field = (first @ np.exp(1j * np.outer(grid.axis, waves[:, 1])).T).real
        counts.append(sine_risk.strict_minima(field).sum())
    assert np.mean(counts) / (16 * theory.minima_density(1.0)) == pytest.approx(1, abs=0.06)
