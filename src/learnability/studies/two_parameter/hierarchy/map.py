"""The hierarchical map Phi: R^2 -> R^d itself: value, gradient and Hessian in closed form.

    Phi = base + tilt C_1(q_1; u) + others D(u) + sum_n sigma_n (h_n alpha_n(u) T_n + E_n e_n(u) S_n) unit(across_n)

with ``q_1 = v + 1/2``. The term of stage n is present where the digits 1..n-1 of v all lie in the wedge. Phi is a
finite sum of functions of u times functions of v, so its derivatives are exact."""

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from learnability.studies.two_parameter.hierarchy import jets
from learnability.studies.two_parameter.hierarchy.levels import Digit, level_jets, pack_level, profile_table
from learnability.studies.two_parameter.hierarchy.profiles import ZONES, make_profiles
from learnability.studies.two_parameter.hierarchy.ramps import (
    Knots,
    StageRamps,
    descent_ramp,
    first_staircase,
    ramp,
    stage_ramps,
)
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy, Stage


class HierarchicalMap:
    """Phi in one global frame, vectorised over points. Float64 resolves it to about N = 4 stages at d = 3.

    Deeper trajectories are followed in local frames (:mod:`~.hierarchy.frames`), which evaluate the same function.
    """

    def __init__(self, hierarchy: Hierarchy, device: str | torch.device = "cpu") -> None:
        self.hierarchy = hierarchy
        self.device = torch.device(device)

    def __call__(self, points: Tensor) -> Tensor:
        """Phi at points (..., 2) = (u, v), of shape (..., d). Differentiable by autograd, for tests."""
        return self.jets(points, order=0)[0].movedim(0, -1)

    def jacobian(self, points: Tensor) -> Tensor:
        """d Phi / d(u, v), of shape (..., d, 2)."""
        rows = self.jets(points, order=1)
        return torch.stack([rows[jets.U], rows[jets.V]], dim=-1).movedim(0, -2)

    def hessian(self, points: Tensor) -> Tensor:
        """Second derivatives of Phi, of shape (..., d, 2, 2)."""
        rows = self.jets(points, order=2)
        flat = torch.stack([rows[jets.UU], rows[jets.UV], rows[jets.UV], rows[jets.VV]], dim=-1)
        return flat.unflatten(-1, (2, 2)).movedim(0, -3)

    def jets(self, points: Tensor, order: int = 2) -> Tensor:
        """Jets (rows, d, ...) of all coordinates of Phi at points (..., 2)."""
        flat = points.reshape(-1, 2)
        u, q = flat[:, 0], flat[:, 1] + 0.5
        values = jets.ramps(u, self._knots, order)
        coordinate, fingers, digits = level_jets(self._levels, self._columns, self._table, values, q, order)
        out = self._tilt[:, None] * coordinate.unsqueeze(1)
        out[0] = out[0] + self._base[:, None]
        descent = values[:, -1]
        for row, power in ((jets.VALUE, 0), (jets.U, 1), (jets.UU, 2)):
            if row < out.shape[0]:
                out[row] = out[row] + self._others[:, None] * descent[power]
        for n, (stage, sign) in enumerate(zip(self.hierarchy.stages, self._signs(digits), strict=True)):
            out[:, stage.across] = out[:, stage.across] + sign * fingers[n]
        return out.reshape(*out.shape[:2], *points.shape[:-1])

    def _signs(self, digits: list[Digit]) -> list[Tensor]:
        """On which side of the old piece each stage's fingers grow: away from where the last split left the curve.

        ``sigma_n = -sigma_{n-d} (-1)^{b_{n+1-d}}``, with ``sigma_n = -1`` for n < d (the box lies below), ``sigma_0
        = 1``."""
        d, one = self.hierarchy.dimension, torch.ones_like(digits[0].odd)
        signs = [one]
        for n in range(1, len(digits) + 1):
            if n < d:
                signs.append(-one)
            else:
                signs.append(-signs[n - d] * (1 - 2 * digits[n - d].odd))
        return signs[1:]

    def _tensor(self, values: object) -> Tensor:
        return torch.as_tensor(np.asarray(values, dtype=np.float64), device=self.device)

    @cached_property
    def _levels(self) -> list[Tensor]:
        stages = self.hierarchy.stages
        return [self._tensor(pack_level(stage, make_profiles(stage)))[:, None] for stage in stages]

    @cached_property
    def _columns(self) -> list[Tensor]:
        width = len(ZONES)
        return [torch.tensor(width * n, device=self.device) for n in range(self.hierarchy.depth)]

    @cached_property
    def _table(self) -> Tensor:
        return self._tensor(profile_table(self.hierarchy.stages))

    @cached_property
    def _knots(self) -> Tensor:
        """Packed knots (7, 4N+1, 1): for every stage omega, alpha, spread, tail; at the end the descent."""
        h = self.hierarchy
        packed, omega = [], first_staircase(h)
        for stage, times in zip(h.stages, stage_ramps(h), strict=True):
            packed += stage_knots(stage, times, omega)
            omega = times.refine
        packed.append(jets.pack_knots(descent_ramp(h), -descent_height(h)))
        return self._tensor(packed).T[:, :, None]

    @cached_property
    def _base(self) -> Tensor:
        h = self.hierarchy
        base = np.full(h.dimension, h.high + h.clearance * h.side + descent_height(h))
        base[0] = h.low
        return self._tensor(base)

    @cached_property
    def _tilt(self) -> Tensor:
        return self._tensor([self.hierarchy.side] + [0.0] * (self.hierarchy.dimension - 1))

    @cached_property
    def _others(self) -> Tensor:
        return self._tensor([0.0] + [1.0] * (self.hierarchy.dimension - 1))


def descent_height(hierarchy: Hierarchy) -> float:
    """Height from which the descent ramp would start at u = -1; at u = 0 the curve is ``drop`` above the box."""
    return float(hierarchy.drop / (1 - ramp(np.array(0.0), descent_ramp(hierarchy))))


def stage_knots(stage: Stage, times: StageRamps, omega: Knots, present: float = 1.0) -> list[list[float]]:
    """Packed knots (4, 7) of a stage: staircase, tooth, finger and its tail; ``present`` 0 flattens the finger."""
    return [
        jets.pack_knots(omega),
        jets.pack_knots(times.gather, present * stage.width),
        jets.pack_knots(times.spread, present * stage.finger * (1 - times.late)),
        jets.pack_knots(times.tail, present * stage.finger * times.late),
    ]
