"""The guaranteed set and the measures: exact formulas against Monte Carlo."""

import numpy as np
import pytest
from scipy import integrate

from learnability.studies.two_parameter.hierarchical.points import hierarchy_of
from learnability.studies.two_parameter.hierarchical.setting import Point
from learnability.studies.two_parameter.hierarchy.guaranteed import exact_measure, guaranteed_intervals, membership
from learnability.studies.two_parameter.measures import MEASURES


@pytest.mark.parametrize("name", list(MEASURES))
@pytest.mark.parametrize(("dimension", "depth"), [(4, 3), (3, 2)])
def test_exact_measure_equals_monte_carlo(name: str, dimension: int, depth: int) -> None:
    """40,000 targets, four standard errors: false alarm 6e-5 for each of the ten cases, seed fixed."""
    hierarchy = hierarchy_of(Point("splitting", name, dimension, depth, 0.06, 1.0, 6.0, 0.0), 0.99)
    measure = MEASURES[name]
    exact = measure.product_mean(lambda distribution: exact_measure(hierarchy, distribution) or 0.0)
    uniforms = np.random.default_rng(11).random((40_000, dimension + 1))
    inside = membership(hierarchy, measure.sample(uniforms)).inside
    error = np.sqrt(exact * (1 - exact) / len(inside))
    assert abs(inside.mean() - exact) < 4 * error


def test_the_product_of_intervals_is_the_set() -> None:
    """For N <= d - 1 membership is membership of every coordinate in its union of intervals, target by target."""
    hierarchy = hierarchy_of(Point("splitting", "uniform", 4, 3, 0.08, 1.0, 6.0, 0.0), 0.99)
    targets = np.random.default_rng(12).random((5000, 4))
    every = np.ones(len(targets), dtype=bool)
    for k, (low, high) in enumerate(guaranteed_intervals(hierarchy)):
        every &= ((targets[:, k, None] > low) & (targets[:, k, None] < high)).any(axis=1)
    np.testing.assert_array_equal(every, membership(hierarchy, targets).inside)


def test_the_set_does_not_factorise_once_a_coordinate_returns() -> None:
    hierarchy = hierarchy_of(Point("splitting", "uniform", 3, 3, 0.08, 1.0, 6.0, 0.0), 0.99)
    assert exact_measure(hierarchy, lambda x: np.clip(x, 0, 1)) is None


def test_measure_grows_as_the_splitting_parameter_falls() -> None:
    def measure(rho: float) -> float:
        hierarchy = hierarchy_of(Point("splitting", "uniform", 4, 3, rho, 1.0, 6.0, 0.0), 0.99)
        return exact_measure(hierarchy, lambda x: np.clip(x, 0, 1)) or 0.0

    values = [measure(rho) for rho in (0.1, 0.05, 0.02, 0.005, 0.001)]
    assert values == sorted(values)
    assert values[-1] > 0.97


@pytest.mark.parametrize("name", list(MEASURES))
def test_quantile_and_distribution_functions_invert_each_other(name: str) -> None:
    p = np.linspace(0.01, 0.99, 25)
    for component in MEASURES[name].components:
        np.testing.assert_allclose(component.distribution(component.quantile(p)), p, atol=1e-10)


@pytest.mark.parametrize("name", list(MEASURES))
def test_the_root_box_holds_its_mass(name: str) -> None:
    measure, mass = MEASURES[name], 0.98
    low, high = measure.root_box(3, mass)
    held = measure.product_mean(lambda F: float(F(np.array(high)) - F(np.array(low))) ** 3)
    assert held >= mass - 1e-12


def test_the_mixture_has_the_mean_of_its_components() -> None:
    """50,000 targets, four standard errors; false alarm below 1e-4, seed fixed."""
    sample = MEASURES["two_clusters"].sample(np.random.default_rng(13).random((50_000, 4)))
    assert abs(sample.mean() - 0.5) < 4 * 0.262 / np.sqrt(50_000)
    # One coin for all coordinates: the coordinates are strongly correlated.
    assert np.corrcoef(sample[:, 0], sample[:, 1])[0, 1] > 0.8


def test_arcsine_is_beta_one_half() -> None:
    density = integrate.quad(lambda x: 1 / (np.pi * np.sqrt(x * (1 - x))), 0, 0.3)[0]
    assert abs(float(MEASURES["arcsine"].components[0].distribution(np.array(0.3))) - density) < 1e-7
