"""Elementary models: derivatives, flows with a known end, barriers, and the estimator of the exponent."""

import numpy as np
import pytest
import torch

from learnability.studies.two_parameter.families import FAMILIES, flow_to
from learnability.studies.two_parameter.hierarchy.map import HierarchicalMap
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.obstructions import Barrier, barrier_ball, in_ball
from learnability.studies.two_parameter.theory import decade_exponent


def test_there_are_at_least_eight_families_with_two_parameters() -> None:
    assert sum(family.parameters == 2 for family in FAMILIES.values()) >= 8
    assert sum(family.parameters == 1 for family in FAMILIES.values()) >= 2


@pytest.mark.parametrize("name", list(FAMILIES))
def test_derivatives_equal_finite_differences(name: str) -> None:
    family = FAMILIES[name]
    w = torch.tensor(np.random.default_rng(14).uniform(-0.4, 0.4, (family.parameters, 5)))
    (jacobian, second), step = family.derivatives(w), 1e-6
    for i in range(family.parameters):
        shift = torch.zeros_like(w)
        shift[i] = step
        slope = (family(w + shift) - family(w - shift)) / (2 * step)
        np.testing.assert_allclose(jacobian[:, i], slope, atol=2e-7 * (1 + float(slope.abs().max())))
        curve = (family.jacobian(w + shift) - family.jacobian(w - shift)) / (2 * step)
        np.testing.assert_allclose(second[:, :, i], curve, atol=2e-6 * (1 + float(curve.abs().max())))


@pytest.mark.parametrize("name", list(FAMILIES))
def test_every_model_starts_inside_the_unit_cube(name: str) -> None:
    start = FAMILIES[name](torch.zeros((FAMILIES[name].parameters, 1), dtype=torch.float64))
    assert ((start > 0) & (start < 1)).all()


def test_the_flow_of_a_linear_model_ends_at_the_orthogonal_projection() -> None:
    family, targets = FAMILIES["linear"], torch.tensor(np.random.default_rng(15).random((3, 20)))
    zero = torch.zeros((2, 1), dtype=torch.float64)
    matrix, offset = family.jacobian(zero)[:, :, 0], family(zero)
    residual = targets - offset
    expected = (residual - matrix @ torch.linalg.lstsq(matrix, residual).solution).norm(dim=0)
    final = flow_to(family, targets, 1e7, 2000)
    np.testing.assert_allclose(final.distance, expected, atol=1e-9)
    assert (final.status == 1).all()


@pytest.mark.parametrize("name", ["linear", "cubic", "sine"])
def test_flows_into_the_ball_stay_behind_the_barrier(name: str) -> None:
    """Theorem 3: no target of the constructed ball is approached, and w stays in the disc."""
    family = FAMILIES[name]
    barrier = barrier_ball(family, family.jacobian(torch.zeros((2, 1), dtype=torch.float64))[:, :, 0], 1.0)
    targets = in_ball(barrier, np.random.default_rng(16), 40)
    final = flow_to(family, torch.tensor(targets.T.copy()), 1e7, 3000)
    assert barrier.radius > 0.01
    assert final.distance.min() > 1e-3 * barrier.radius
    assert final.parameters.norm(dim=0).max() <= barrier.disc


def test_the_barrier_holds_on_the_circle_for_every_target_of_the_ball() -> None:
    hierarchy = Hierarchy(3, 3, (0.05,))
    phi = HierarchicalMap(hierarchy)
    zero = torch.zeros((1, 2), dtype=torch.float64)
    barrier: Barrier = barrier_ball(lambda w: phi(w.T).T, phi.jacobian(zero)[0], 0.45)
    angle = torch.linspace(0, 6.28, 400, dtype=torch.float64)
    circle = barrier.disc * torch.stack([torch.cos(angle), torch.sin(angle)], dim=1)
    targets = in_ball(barrier, np.random.default_rng(17), 50)
    at_start = np.linalg.norm(targets - phi(zero)[0].numpy(), axis=1)
    on_circle = np.linalg.norm(targets[:, None] - phi(circle).numpy(), axis=2)
    assert (on_circle > at_start[:, None]).all()


@pytest.mark.parametrize("exponent", [1, 2])
def test_the_exponent_of_a_power_law_is_found(exponent: int) -> None:
    """20,000 distances with P(x <= e) = e^a; the 95% interval holds a at this fixed seed (false alarm 5%)."""
    distances = np.random.default_rng(18).random(20_000) ** (1 / exponent)
    value, low, high, used = decade_exponent(distances, 0.5)
    assert low < exponent < high
    assert abs(value - exponent) < 0.1 * exponent
    assert used == (distances <= 0.5).sum()


def test_a_plateau_has_exponent_zero() -> None:
    """A third of the targets are hit exactly: the claims that ask for half of d - W are contradicted."""
    distances = np.where(np.arange(3000) % 3 == 0, 1e-13, np.random.default_rng(19).random(3000))
    value, _, high, _ = decade_exponent(distances, 0.03)
    assert value < 0.1
    assert high < 0.5


def test_no_distance_below_the_bound_gives_no_exponent() -> None:
    assert np.isnan(decade_exponent(np.array([1.0, 2.0]), 0.5)[0])
