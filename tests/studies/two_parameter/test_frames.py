"""Local frames evaluate the same loss as the global map, at every depth that the global one resolves."""

import numpy as np
import pytest
import torch

from learnability.studies.two_parameter.hierarchy.frames import FrameTable, advance, enter, final_digits, loss_jet
from learnability.studies.two_parameter.hierarchy.guaranteed import membership
from learnability.studies.two_parameter.hierarchy.map import HierarchicalMap
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy


def _global_loss(phi: HierarchicalMap, points: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, ...]:
    residual, jacobian = targets - phi(points), phi.jacobian(points)
    force = (jacobian * residual[..., None]).sum(dim=1)
    slope = (phi.hessian(points) * residual[:, :, None, None]).sum(dim=1) - jacobian.mT @ jacobian
    return 0.5 * residual.square().sum(dim=1), force, slope


@pytest.mark.parametrize(("dimension", "depth"), [(3, 1), (2, 2), (3, 2), (6, 2)])
def test_first_frame_is_the_whole_map_up_to_two_stages(dimension: int, depth: int) -> None:
    hierarchy, rng = Hierarchy(dimension, depth, (0.08,)), np.random.default_rng(0)
    n = 500
    points = torch.tensor(np.stack([rng.uniform(0, hierarchy.end, n), rng.uniform(-0.52, 0.52, n)], axis=1))
    targets = torch.tensor(rng.random((n, dimension)))
    loss, force, slope = _global_loss(HierarchicalMap(hierarchy), points, targets)
    table = FrameTable((hierarchy,))
    frames = enter(table, targets.T.contiguous(), torch.zeros(n, dtype=torch.long))
    jet = loss_jet(table, frames, torch.stack([points[:, 1] + 0.5, points[:, 0]]))
    assert jet.force_slope is not None
    np.testing.assert_allclose(jet.loss, loss, rtol=1e-12)
    for mine, theirs in (
        (jet.force[0], force[:, 1]),
        (jet.force[1], force[:, 0]),
        (jet.force_slope[0], slope[:, 1, 1]),
        (jet.force_slope[1], slope[:, 0, 1]),
        (jet.force_slope[2], slope[:, 0, 0]),
    ):
        np.testing.assert_allclose(mine, theirs, atol=1e-12 * float(theirs.abs().max()))


@pytest.mark.parametrize(("dimension", "depth"), [(3, 3), (2, 3), (4, 4)])
def test_the_next_frame_is_the_same_function_in_other_units(dimension: int, depth: int) -> None:
    """Points inside wedges at the u where frames change: loss and force of the global map, after one or two changes."""
    hierarchy = Hierarchy(dimension, depth, (0.1,))
    table, rng, n = FrameTable((hierarchy,)), np.random.default_rng(3), 400
    targets = torch.tensor(rng.random((dimension, n)))
    changes = depth - 2
    starts, halves = hierarchy.stage_starts(), hierarchy.stage_lengths()
    u = starts[changes] + halves[changes] * rng.uniform(0.6, 1.8, n)
    v = rng.uniform(-0.5, 0.5, n)
    frames = enter(table, targets, torch.zeros(n, dtype=torch.long))
    point, keep, unit = torch.tensor(np.stack([v + 0.5, u])), torch.ones(n, dtype=torch.bool), 1.0
    for _ in range(changes):
        frames, point, zoom, inside = advance(table, frames, point)
        keep &= inside
        unit *= float(zoom[0])
    at = keep.nonzero()[:, 0]
    assert len(at) > 50
    jet = loss_jet(table, frames.select(at), point[:, at])
    loss, force, _ = _global_loss(HierarchicalMap(hierarchy), torch.tensor(np.stack([u, v], axis=1))[at], targets.T[at])
    np.testing.assert_allclose(jet.loss, loss, rtol=1e-8)
    np.testing.assert_allclose(jet.force[1], unit * force[:, 0], atol=1e-7 * float((unit * force).abs().max()))
    # In odd cells the next coordinate runs against v, so the force along it has the other sign.
    along = (unit * force[:, 1]).abs()
    np.testing.assert_allclose(jet.force[0].abs(), along, atol=1e-7 * float(along.max()))


def test_maps_of_several_dimensions_share_a_batch() -> None:
    """A target of a three-dimensional map has the same loss alone and padded beside a five-dimensional one."""
    small, large = Hierarchy(3, 3, (0.1,)), Hierarchy(5, 5, (0.1,))
    rng = np.random.default_rng(4)
    targets = torch.zeros((5, 8), dtype=torch.float64)
    targets[:3] = torch.tensor(rng.random((3, 8)))
    point = torch.tensor(np.stack([rng.random(8), rng.uniform(12, 20, 8)]))
    alone_table, both_table = FrameTable((small,)), FrameTable((large, small))
    zero, one = torch.zeros(8, dtype=torch.long), torch.ones(8, dtype=torch.long)
    alone = loss_jet(alone_table, enter(alone_table, targets[:3].contiguous(), zero), point)
    both = loss_jet(both_table, enter(both_table, targets, one), point)
    assert torch.equal(alone.loss, both.loss)
    assert torch.equal(alone.force, both.force)


def test_digits_read_at_the_end_are_those_of_the_cells() -> None:
    """v at the middle of a wedge of chosen cells gives back the cells."""
    hierarchy = Hierarchy(3, 2, (0.1,))
    first, second = hierarchy.stages
    q = 0.5
    for stage, cell in ((second, 3), (first, 2)):
        a = stage.wedge_start + (stage.wedge_end - stage.wedge_start) * q if stage is first else 0.5
        a = 1 - a if cell % 2 else a
        m = stage.gaps.margin
        q = m + (1 - 2 * m) / stage.cells * (cell + a)
    table = FrameTable((hierarchy,))
    frames = enter(table, torch.full((3, 1), 0.5, dtype=torch.float64), torch.zeros(1, dtype=torch.long))
    assert final_digits(table, frames, torch.tensor([q]))[:, 0].tolist() == [2, 3]


def test_membership_counts_levels_in_order() -> None:
    hierarchy = Hierarchy(3, 3, (0.05,))
    found = membership(hierarchy, np.random.default_rng(5).random((2000, 3)))
    assert ((found.level == 3) == found.inside).all()
    assert (found.digits >= 0).all()
    assert (found.digits < [stage.cells for stage in hierarchy.stages]).all()
