"""The guaranteed set and the measures: exact formulas against Monte Carlo."""

import numpy as np
import pytest
from scipy import integrate

from learnability.studies.two_parameter.hierarchical.points import hierarchy_of
from learnability.studies.two_parameter.hierarchical.setting import Point
from learnability.studies.two_parameter.hierarchy.certificate import least_measure
from learnability.studies.two_parameter.hierarchy.guaranteed import (
    Obstacle,
    exact_measure,
    guaranteed_intervals,
    membership,
    moved_to_swept_region,
    violations,
)
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.measures import MEASURES, product_mean, quantile_table

SMOOTH = ("uniform", "gaussian", "beta_2_5", "arcsine", "two_clusters")
PRODUCTS = tuple(name for name, measure in MEASURES.items() if measure.components)


@pytest.mark.parametrize("name", [*SMOOTH, "cantor"])
@pytest.mark.parametrize(("dimension", "depth"), [(4, 3), (3, 2)])
def test_exact_measure_equals_monte_carlo(name: str, dimension: int, depth: int) -> None:
    """40,000 targets, four standard errors: false alarm 6e-5 for each of the twelve cases, seed fixed."""
    hierarchy = hierarchy_of(Point("splitting", name, dimension, depth, 0.06, 1.0, 6.0, 0.0), 0.99)
    measure = MEASURES[name]
    exact = product_mean(measure, dimension, lambda of: exact_measure(hierarchy, of) or 0.0)
    uniforms = np.random.default_rng(11).random((40_000, dimension + 1))
    inside = membership(hierarchy, measure.sample(uniforms)).inside
    error = np.sqrt(exact * (1 - exact) / len(inside))
    assert abs(inside.mean() - exact) < 4 * error


def test_the_obstacle_is_the_first_of_the_conditions_that_are_violated() -> None:
    """Targets of the swept region may lie inside a finger, too: the classes overlap, and their order decides."""
    hierarchy = hierarchy_of(Point("splitting", "uniform", 3, 3, 0.12, 1.0, 6.0, 0.0), 0.99)
    targets = np.random.default_rng(12).random((5000, 3))
    member, found = membership(hierarchy, targets), violations(hierarchy, targets)
    assert found.shape == (5000, 4)
    np.testing.assert_array_equal(found.any(axis=1), ~member.inside)
    first = np.where(found.any(axis=1), found.argmax(axis=1) + 1, 0)
    np.testing.assert_array_equal(first, member.obstacle)
    assert (found[:, Obstacle.SWEPT - 1] & found[:, Obstacle.BETWEEN - 1]).sum() > 50


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
    assert exact_measure(hierarchy, [lambda x: np.clip(x, 0, 1)] * 3) is None


def test_measure_grows_as_the_splitting_parameter_falls() -> None:
    def measure(rho: float) -> float:
        hierarchy = hierarchy_of(Point("splitting", "uniform", 4, 3, rho, 1.0, 6.0, 0.0), 0.99)
        return exact_measure(hierarchy, [lambda x: np.clip(x, 0, 1)] * 4) or 0.0

    values = [measure(rho) for rho in (0.1, 0.05, 0.02, 0.005, 0.001)]
    assert values == sorted(values)
    assert values[-1] > 0.97


@pytest.mark.parametrize("name", SMOOTH)
def test_quantile_and_distribution_functions_invert_each_other(name: str) -> None:
    p = np.linspace(0.01, 0.99, 25)
    for component in MEASURES[name].components:
        marginal = component.marginal(0)
        np.testing.assert_allclose(marginal.distribution(marginal.quantile(p)), p, atol=1e-10)


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_root_box_holds_its_mass(name: str) -> None:
    measure, mass = MEASURES[name], 0.98
    low, high = measure.root_box(3, mass)
    # From just below the low end: an atom may stand on it.
    ends = np.array([low - 1e-12, high])
    held = product_mean(measure, 3, lambda of: float(np.prod([np.diff(F(ends))[0] for F in of])))
    assert held >= mass - 1e-12


def test_the_mixture_has_the_mean_of_its_components() -> None:
    """50,000 targets, four standard errors; false alarm below 1e-4, seed fixed."""
    sample = MEASURES["two_clusters"].sample(np.random.default_rng(13).random((50_000, 4)))
    assert abs(sample.mean() - 0.5) < 4 * 0.262 / np.sqrt(50_000)
    # One coin for all coordinates: the coordinates are strongly correlated.
    assert np.corrcoef(sample[:, 0], sample[:, 1])[0, 1] > 0.8


def test_arcsine_is_beta_one_half() -> None:
    density = integrate.quad(lambda x: 1 / (np.pi * np.sqrt(x * (1 - x))), 0, 0.3)[0]
    assert abs(float(MEASURES["arcsine"].components[0].marginal(0).distribution(np.array(0.3))) - density) < 1e-7


@pytest.mark.parametrize("rho", [0.12, 0.03, 0.008])
def test_the_proved_bound_is_the_exact_measure_up_to_the_cells_that_are_cut(rho: float) -> None:
    """N <= d - 1: the product of lengths is exact; the bound misses it by a share of the cells at the ends."""
    hierarchy = Hierarchy(4, 3, (rho,))
    exact = exact_measure(hierarchy, [lambda x: np.clip(x, 0, 1)] * 4)
    assert exact is not None
    assert exact * (1 - 4 * rho) <= least_measure(hierarchy) <= exact


@pytest.mark.parametrize(("dimension", "depth", "rho"), [(3, 3, 0.1), (3, 6, 0.03), (4, 4, 0.05), (3, 3, 0.008)])
def test_the_proved_bound_lies_below_a_sample(dimension: int, depth: int, rho: float) -> None:
    """Coordinates return. 100,000 targets: the bound may exceed the sample by four standard errors (false alarm 3e-5)
    and reaches nine tenths of it."""
    hierarchy = Hierarchy(dimension, depth, (rho,))
    share = membership(hierarchy, np.random.default_rng(30).random((100_000, dimension))).inside.mean()
    bound, error = least_measure(hierarchy), np.sqrt(share / 100_000)
    assert 0.8 * share < bound < share + 4 * error


def test_what_the_guaranteed_set_leaves_out_falls_in_proportion_to_rho() -> None:
    removed = [1 - least_measure(Hierarchy(3, 3, (rho,))) for rho in (1e-3, 1e-4, 1e-5)]
    assert 7 < removed[0] / removed[1] < 13
    assert 7 < removed[1] / removed[2] < 13


def test_obstacles_are_the_violated_conditions() -> None:
    hierarchy = Hierarchy(3, 3, (0.1,))
    targets = np.random.default_rng(31).random((4000, 3))
    member = membership(hierarchy, targets)
    np.testing.assert_array_equal(member.inside, member.obstacle == Obstacle.NONE)
    top = targets.copy()
    top[:, 1] = hierarchy.high - 0.2 * hierarchy.stages[0].width
    assert set(membership(hierarchy, top).obstacle.tolist()) <= {Obstacle.SWEPT, Obstacle.BEYOND}


def test_a_target_in_the_swept_region_is_outside_and_near() -> None:
    hierarchy = Hierarchy(3, 4, (0.1,))
    targets = np.random.default_rng(32).random((5000, 3))
    member = membership(hierarchy, targets)
    inside, digits = targets[member.inside], member.digits[member.inside]
    for level, stage in enumerate(hierarchy.stages, start=1):
        moved = moved_to_swept_region(hierarchy, inside, digits, level)
        assert np.abs(moved[:, stage.along] - inside[:, stage.along]).max() < 1.1 * stage.width
        assert np.abs(moved[:, stage.across] - inside[:, stage.across]).max() < 1.1 * stage.room
        assert (membership(hierarchy, moved).level < level).all()


def test_cantor_quantiles_have_no_ternary_one() -> None:
    points = MEASURES["cantor"].components[0].marginal(0).quantile(np.random.default_rng(33).random(500))
    assert not ((points > 1 / 3 + 1e-12) & (points < 2 / 3 - 1e-12)).any()
    assert abs(points.mean() - 0.5) < 4 * np.sqrt(1 / 8 / 500)  # variance 1/8; false alarm 6e-5


def test_a_table_of_quantiles_is_the_distribution_it_says() -> None:
    table = quantile_table([0.0, 1.0, 1.0, 4.0])
    np.testing.assert_allclose(table.quantile(np.array([0.0, 1 / 6, 0.5, 1.0])), [0.0, 0.5, 1.0, 4.0])
    np.testing.assert_allclose(table.distribution(np.array([-1.0, 0.5, 1.0, 2.5, 4.0])), [0, 1 / 6, 2 / 3, 5 / 6, 1])
