"""Balls enclose the compiled loss, and the sign of du/dt along trajectories is decided by them."""

import numpy as np
import pytest
from flint import arb

from learnability.studies.two_parameter.hierarchy import certificate
from learnability.studies.two_parameter.hierarchy.certificate import Field, certify_rise
from learnability.studies.two_parameter.hierarchy.compiled_flow import loss_jet, trajectory
from learnability.studies.two_parameter.hierarchy.flow import gradient_flow
from learnability.studies.two_parameter.hierarchy.frames import FrameTable
from learnability.studies.two_parameter.hierarchy.guaranteed import membership
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from tests.doubles import Context

HIERARCHY = Hierarchy(3, 3, (0.12,))


def _target() -> np.ndarray:
    targets = np.random.default_rng(50).random((200, 3))
    return targets[membership(HIERARCHY, targets).inside][0]


def test_the_recorded_trajectory_is_that_of_the_flow() -> None:
    target = _target()
    outcome = gradient_flow((HIERARCHY,), np.zeros(1, dtype=int), target[None], 1e-4, 40_000, Context(1))
    parts = trajectory(FrameTable((HIERARCHY,)), target, 1e-4, 40_000)
    assert len(parts) == int(outcome.frame[0])
    assert abs(parts[-1][2][-1][0] - float(outcome.point[0, 0])) < 1e-4


def test_balls_hold_the_compiled_force_at_points_and_around_them() -> None:
    rng = np.random.default_rng(51)
    for row, reduced, points in trajectory(FrameTable((HIERARCHY,)), _target(), 1e-4, 40_000):
        field = Field(row, reduced)
        for q, u, *_ in points[::25]:
            exact = loss_jet(row, reduced, q, u)[1:]
            (part, *_) = field.smooth_parts(arb(q), arb(u))
            for ball, value in zip(field.force(part, arb(q), arb(u)), exact, strict=True):
                assert abs(float(ball) - value) < 1e-9 + 1e-7 * (abs(value) + 1e-4)
            width, height = 1e-4 / row[4], 1e-3
            wide = arb(q, width), arb(u, height)
            balls = [field.force(part, part.q, wide[1]) for part in field.smooth_parts(*wide)]
            for dq, du in rng.uniform(-0.99, 0.99, (4, 2)):
                inside = loss_jet(row, reduced, q + width * dq, u + height * du)[1:]
                for i, value in enumerate(inside):
                    slack = 1e-9 * (1 + abs(value))
                    ends = [(float(b[i].lower()) - slack, float(b[i].upper()) + slack) for b in balls]
                    assert any(low <= value <= high for low, high in ends)


def test_u_never_falls_on_the_tube_around_a_trajectory() -> None:
    rise = certify_rise(HIERARCHY, _target(), 1e-4, 40_000)
    assert rise.finished
    assert rise.undecided == 0
    assert rise.positive + rise.inward == rise.strips > 500


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_the_certificate_can_fail(sign: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A field whose du/dt is of the wrong sign leaves strips undecided; the same patch with the right sign does not."""
    force = Field.force

    def turned(self: Field, part: object, q: arb, u: arb) -> tuple:
        by_q, rise, *rest = force(self, part, q, u)  # type: ignore[arg-type]
        return (by_q, sign * rise, rest[0], sign * rest[1], sign * rest[2])

    monkeypatch.setattr(Field, "force", turned)
    monkeypatch.setattr(certificate, "DEEPEST", 2)
    rise = certify_rise(HIERARCHY, _target(), 1e-3, 100)
    assert (rise.undecided > 0) == (sign < 0)
