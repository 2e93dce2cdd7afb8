"""The two implementations of the flow: the compiled loop against automatic differentiation and whole arrays."""

import numpy as np
import pytest
import torch
from torch.func import grad, hessian, vmap

from learnability.studies.two_parameter.hierarchy.batched_flow import batched_flow
from learnability.studies.two_parameter.hierarchy.compiled_flow import (
    compiled_flow,
    frame_rows,
    loss_jet,
    reduce_target,
)
from learnability.studies.two_parameter.hierarchy.frames import FrameTable, enter
from learnability.studies.two_parameter.hierarchy.map import HierarchicalMap
from learnability.studies.two_parameter.hierarchy.outcome import FlowStatus, Outcome
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from tests.doubles import Interrupted, MemoryCheckpoint


def _compiled_jets(hierarchy: Hierarchy, points: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Loss, force and its derivative (n, 6) at points (n, 2) = (u, v) in the first frame."""
    table, jets = FrameTable((hierarchy,)), []
    entered = enter(table, torch.tensor(targets.T.copy()), torch.zeros(len(targets), dtype=torch.long))
    rows, whole, reduced = frame_rows(table), table.whole.numpy().T.copy(), np.zeros(14)
    for i, (u, v) in enumerate(points):
        coordinates = tuple(x[:, i].numpy().copy() for x in (entered.offset, entered.tilt, entered.sign))
        reduce_target(rows[0], whole[0], hierarchy.dimension, coordinates, 1.0, reduced)
        jets.append(loss_jet(rows[0], reduced, v + 0.5, u))
    return np.array(jets)


@pytest.mark.parametrize(("dimension", "depth"), [(3, 1), (2, 2), (3, 2), (6, 2)])
def test_compiled_gradient_and_hessian_equal_automatic_differentiation(dimension: int, depth: int) -> None:
    """All of the map up to two stages is in the first frame: loss, gradient and Hessian to a part in 1e12."""
    hierarchy, rng, n = Hierarchy(dimension, depth, (0.08,)), np.random.default_rng(20), 300
    points = np.stack([rng.uniform(0, hierarchy.end, n), rng.uniform(-0.52, 0.52, n)], axis=1)
    targets, phi = rng.random((n, dimension)), HierarchicalMap(hierarchy)

    def loss(point: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return 0.5 * (target - phi(point[None])[0]).square().sum()

    at, f = torch.tensor(points), torch.tensor(targets)
    slope, curve = vmap(grad(loss))(at, f), vmap(hessian(loss))(at, f)
    expected = [vmap(loss)(at, f), -slope[:, 1], -slope[:, 0], -curve[:, 1, 1], -curve[:, 0, 1], -curve[:, 0, 0]]
    found = _compiled_jets(hierarchy, points, targets)
    for i, values in enumerate(expected):
        np.testing.assert_allclose(found[:, i], values, rtol=0, atol=1e-12 * float(values.abs().max()))


MAPS = (Hierarchy(3, 3, (0.15,)), Hierarchy(5, 5, (0.15,)), Hierarchy(2, 2, (0.12,)), Hierarchy(3, 5, (0.14,)))


@pytest.fixture(scope="module")
def outcomes() -> tuple[Outcome, Outcome]:
    """Targets of four maps, eight of each, through both implementations."""
    targets = torch.tensor(np.random.default_rng(20).random((5, 32)))
    families = torch.arange(4).repeat_interleave(8)
    allowed = torch.full((32,), 1e-4, dtype=torch.float64)
    compiled, batched = (
        follow(FrameTable(MAPS), targets, families, allowed) for follow in (compiled_flow, batched_flow)
    )
    return compiled, batched


def test_both_end_alike(outcomes: tuple[Outcome, Outcome]) -> None:
    """Every status, frame and digit is the same, three kinds of ends and four frames occur."""
    compiled, batched = outcomes
    ends = {FlowStatus.REACHED_END, FlowStatus.TRAPPED, FlowStatus.CONVERGED}
    assert set(compiled.status.tolist()) == ends
    assert compiled.frame.max() == 4
    for name in ("status", "frame", "digits"):
        np.testing.assert_array_equal(getattr(compiled, name), getattr(batched, name), err_msg=name)


def test_both_come_equally_near(outcomes: tuple[Outcome, Outcome]) -> None:
    """Rounding may tip whether a step is accepted and so at which u just behind the end a flow is read off.

    Distances in units of R_N: half of them agree to 1e-9, all to 1e-3."""
    compiled, batched = outcomes
    precision = np.array([h.precision for h in MAPS]).repeat(8)
    gap = np.abs(compiled.distance - batched.distance) / precision
    assert np.median(gap) < 1e-9
    assert gap.max() < 1e-3


def test_both_need_the_same_effort(outcomes: tuple[Outcome, Outcome]) -> None:
    compiled, batched = outcomes
    assert abs(float(compiled.steps.sum() / batched.steps.sum()) - 1) < 0.02
    assert abs(float(compiled.rejected.sum() / batched.rejected.sum()) - 1) < 0.05
    reached = compiled.status == FlowStatus.REACHED_END
    np.testing.assert_allclose(np.log(compiled.time[reached]), np.log(batched.time[reached]), atol=0.05)


def test_a_killed_flow_of_whole_arrays_resumes_to_the_same_bytes() -> None:
    """The compiled loop is killed in ``test_flow.py``."""
    targets = torch.tensor(np.random.default_rng(21).random((3, 4)))
    families, allowed = torch.zeros(4, dtype=torch.long), torch.full((4,), 1e-4, dtype=torch.float64)
    table, killed = FrameTable((Hierarchy(3, 2, (0.15,)),)), MemoryCheckpoint(stop_after=2, due_every=20)
    whole = batched_flow(table, targets, families, allowed)
    with pytest.raises(Interrupted):
        batched_flow(table, targets, families, allowed, checkpoint=killed)
    resumed = batched_flow(table, targets, families, allowed, checkpoint=killed)
    for name, value in vars(whole).items():
        np.testing.assert_array_equal(value, getattr(resumed, name), err_msg=name)
