"""Elementary models: derivatives, flows with a known end, barriers, and the estimator of the exponent."""

import numpy as np
import pytest
import torch
from torch.func import jacfwd

from learnability.studies.two_parameter.families import FAMILIES, SquaredDistance, flow_to
from learnability.studies.two_parameter.hierarchy.map import HierarchicalMap
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.obstructions import CLEARANCE, Barrier, barrier_ball, in_ball
from learnability.studies.two_parameter.theory import decade_exponent


def test_there_are_at_least_eight_families_with_two_parameters() -> None:
    assert sum(family.parameters == 2 for family in FAMILIES.values()) >= 8
    assert sum(family.parameters == 1 for family in FAMILIES.values()) >= 2


@pytest.mark.parametrize("name", list(FAMILIES))
def test_derivatives_equal_those_of_forward_mode(name: str) -> None:
    """Forward mode differentiates the values alone, which use none of the rules under test."""
    family = FAMILIES[name]
    points = torch.tensor(np.random.default_rng(14).uniform(-2, 2, (20, family.parameters)))

    def phi(w: torch.Tensor) -> torch.Tensor:
        return family(w[:, None])[:, 0]

    jet = family.jet(points.T, 2)
    for i, w in enumerate(points):
        for found, expected in (
            (jet.first[..., i].T, jacfwd(phi)(w)),
            (family.jacobian(points.T)[..., i], jacfwd(phi)(w)),
            (jet.second[..., i].permute(2, 0, 1), jacfwd(jacfwd(phi))(w)),
        ):
            torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12 * (1 + float(expected.abs().max())))


@pytest.mark.parametrize("name", list(FAMILIES))
def test_the_linearised_field_equals_the_gradient_and_hessian_of_the_loss(name: str) -> None:
    problem, rng = SquaredDistance(FAMILIES[name]), np.random.default_rng(20)
    points = torch.tensor(rng.uniform(-2, 2, (10, problem.family.parameters)))
    targets = torch.tensor(rng.random((3, 10)))
    value, derivative = problem.linearise(points.T, targets)
    torch.testing.assert_close(problem.field(points.T, targets), value, rtol=1e-12, atol=1e-12)
    for i, w in enumerate(points):

        def rise(w: torch.Tensor, i: int = i) -> torch.Tensor:
            return problem.observe(w[:, None], targets[:, i : i + 1])[0, 0]

        for found, expected in ((value[:, i], jacfwd(rise)(w)), (derivative[..., i], jacfwd(jacfwd(rise))(w))):
            torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12 * (1 + float(expected.abs().max())))


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
    assert final.distance.min() > CLEARANCE * barrier.radius
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


def test_an_empty_lower_tenth_bounds_the_exponent_from_below() -> None:
    """145 distances, none within a tenth: the exponent is at least 1.6, and no number stands for infinity."""
    value, low, high, used = decade_exponent(np.full(145, 0.05), 0.1)
    assert (value, high, used) == (np.inf, np.inf, 145)
    assert low == pytest.approx(-np.log10(1 - 0.025 ** (1 / 145)))


def test_unresolved_flows_widen_the_exponent_both_ways() -> None:
    """Those that did not finish may have come into the lower tenth, into the decade, or nowhere near."""
    distances = np.concatenate([np.full(90, 0.05), np.full(10, 0.005), np.full(20, 0.3)])
    open_ = np.arange(120) >= 100
    value, low, high, used = decade_exponent(distances, 0.1, open_)
    assert (value, used) == (pytest.approx(1.0), 100)
    inside, outside = (decade_exponent(np.where(open_, at, distances), 0.1) for at in (0.005, 0.05))
    assert low <= inside[1] < inside[2]
    assert outside[1] < outside[2] <= high
    assert decade_exponent(distances[~open_], 0.1)[1] > low
