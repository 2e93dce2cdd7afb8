"""The hierarchical map against an independent implementation, automatic differentiation and its own smoothness."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.func import hessian, jacfwd, vmap

from learnability.studies.two_parameter.hierarchy.map import HierarchicalMap
from learnability.studies.two_parameter.hierarchy.profiles import make_profiles
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy, Stage

REFERENCE = json.loads((Path(__file__).parent / "reference_map.json").read_text())
SHAPES = [(2, 2), (3, 3), (4, 3), (2, 3)]


def _points(hierarchy: Hierarchy, count: int, seed: int) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    u = np.where(rng.random(count) < 0.5, rng.uniform(0, hierarchy.end, count), 0.0)
    last = hierarchy.stage_starts()[-2]
    u = np.where(u == 0, rng.uniform(last * 0.999, hierarchy.end, count), u)
    return torch.tensor(np.stack([u, rng.uniform(-0.52, 0.52, count)], axis=1))


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: f"d{case['dimension']}N{case['depth']}")
def test_value_force_and_hessian_equal_an_independent_implementation(case: dict) -> None:
    """A scalar implementation written separately; its loss derivatives at a fixed target.

    Slopes of 1e10 in v turn a rounding of v into 1e-6: closer agreement is that with automatic differentiation.
    """
    phi = HierarchicalMap(Hierarchy(case["dimension"], case["depth"], (case["rho"],)))
    points = torch.tensor(np.stack([case["u"], case["v"]], axis=1))
    value, jacobian, second = phi(points), phi.jacobian(points), phi.hessian(points)
    residual = torch.tensor(case["target"]) - value
    force = (jacobian * residual[..., None]).sum(dim=1)
    slope = (second * residual[:, :, None, None]).sum(dim=1) - jacobian.mT @ jacobian
    np.testing.assert_allclose(value, case["phi"], atol=1e-10)
    scale = np.abs(case["force"]).max(axis=0) + 1e-9
    np.testing.assert_allclose(force / scale, case["force"] / scale, rtol=0, atol=1e-5)
    flat = np.stack([slope[:, 0, 0], slope[:, 0, 1], slope[:, 1, 1]], axis=1)
    scale = np.abs(case["slope"]).max(axis=0) + 1e-9
    np.testing.assert_allclose(flat / scale, case["slope"] / scale, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("dimension", "depth"), SHAPES)
def test_closed_form_derivatives_equal_automatic_differentiation(dimension: int, depth: int) -> None:
    phi = HierarchicalMap(Hierarchy(dimension, depth, (0.08,)))
    points = _points(phi.hierarchy, 300, seed=1)

    def value(point: torch.Tensor) -> torch.Tensor:
        return phi(point[None])[0]

    jacobian, second = phi.jacobian(points), phi.hessian(points)
    by_autodiff = vmap(jacfwd(value))(points)
    assert ((by_autodiff - jacobian).abs() / (1 + jacobian.abs())).max() < 1e-12
    by_autodiff = vmap(hessian(value))(points)
    assert ((by_autodiff - second).abs() / (1 + second.abs())).max() < 1e-12


def _profile_edges(stage: Stage) -> np.ndarray:
    return make_profiles(stage).edges[:5]


@pytest.mark.parametrize("zone_edge", range(5))
def test_profiles_are_once_continuously_differentiable_across_zones(zone_edge: int) -> None:
    """G, T and S and their slopes agree on both sides; the next coordinate C runs from 0 to 1 across the wedge."""
    stage = Hierarchy(3, 2, (0.08,)).stages[0]
    profiles, step = make_profiles(stage), 1e-6
    edge = _profile_edges(stage)[zone_edge]

    def value(a: float) -> np.ndarray:
        inside = np.clip(profiles.wedge_coordinate(np.array(a)), 0, 1)
        return profiles(np.array(a), inside)

    left = (value(edge - 1e-12) - value(edge - step)) / step
    right = (value(edge + step) - value(edge + 1e-12)) / step
    np.testing.assert_allclose(value(edge - 1e-12), value(edge + 1e-12), atol=1e-9)
    np.testing.assert_allclose(left, right, atol=5e-4)


def test_profiles_join_across_cells_with_level_tooth_and_finger() -> None:
    """G runs from 0 to 1; tooth and finger are level in the valley and at the tip, so that cells join smoothly."""
    profiles = make_profiles(Hierarchy(3, 2, (0.05,)).stages[0])
    ends = profiles(np.array([0.0, 1.0]), 0.0)
    np.testing.assert_allclose(ends[0], [0, 1], atol=1e-12)
    step = 1e-7
    near = profiles(np.array([step, 1 - step]), 0.0)
    np.testing.assert_allclose((near - ends)[1:] / step, 0, atol=1e-4)


@pytest.mark.parametrize(("dimension", "depth"), [(2, 2), (3, 3)])
def test_the_map_is_differentiable_across_every_zone_boundary(dimension: int, depth: int) -> None:
    """C^{1,1}: at the preimages in v of all zone edges of every level the Jacobian is continuous, at many u."""
    hierarchy = Hierarchy(dimension, depth, (0.08,))
    phi, digits = HierarchicalMap(hierarchy), []
    q_low, q_scale = 0.0, 1.0
    for stage in hierarchy.stages:
        m = stage.gaps.margin
        cell = (1 - 2 * m) / stage.cells
        for edge in (0.0, *_profile_edges(stage), 1.0):
            digits.append(q_low + q_scale * (m + cell * (2 + edge)))
        digits += [q_low + q_scale * m, q_low + q_scale * (1 - m)]
        q_low += q_scale * (m + cell * (2 + stage.wedge_start))
        q_scale *= stage.zoom
    edges = np.array(digits) - 0.5
    u = np.random.default_rng(2).uniform(0, hierarchy.end, 40)
    step = 1e-9 * q_scale
    grid = np.stack(np.meshgrid(u, edges, indexing="ij"), axis=-1).reshape(-1, 2)
    before, after = (phi.jacobian(torch.tensor(grid + np.array([0, side * step]))) for side in (-1, 1))
    scale = phi.jacobian(torch.tensor(grid)).abs().amax()
    assert (after - before).abs().max() < 1e-4 * scale


def test_the_start_is_above_the_box_and_in_the_middle() -> None:
    hierarchy = Hierarchy(4, 3, (0.1,))
    start = HierarchicalMap(hierarchy)(torch.zeros(2, dtype=torch.float64))
    np.testing.assert_allclose(start, [0.5, *[1 + hierarchy.clearance + hierarchy.drop] * 3], rtol=1e-12)


def test_a_splitting_parameter_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(ValueError, match="rho"):
        _ = Hierarchy(3, 3, (0.5,)).stages
