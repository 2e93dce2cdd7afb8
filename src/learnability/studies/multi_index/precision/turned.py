"""The joint flow of one target in many rotated frames at once: each sample has the tensors of a frame of its own.

A target f in the frame U is ``f_U(U^T z) = f(z)``, and the flow of its correlations U^T M is U^T times that of M, so
that exact escape times do not depend on U; those in floating point do. Both forms here carry what the flow of
one target holds once in the chart, behind the chart of that flow.
"""

import math
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learnability.flows.compiled_steps import CompiledSteps
from learnability.flows.multi_index import JointFlow
from learnability.flows.multi_index_spectral import SpectralFlow
from learnability.flows.solver import Problem
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.polynomial_map import PolynomialMap
from learnability.hermite.tensors import rotated, symmetric_tensors

Array = NDArray[np.float64]


def turned(
    problem: Problem, chart: Tensor, link: HermiteExpansion, starts: Array, turns: Array
) -> tuple[Problem, Tensor, Tensor]:
    """The problem, state and chart of ``link`` in the frames ``turns`` (seed, r, r), from the starts M (dimension,
    seed, r, r) of the joint flow ``problem`` in the target's axes, whose chart has the trap speeds in its first row.

    Raises TypeError for a problem of another form.
    """
    correlations = (turns.swapaxes(1, 2) @ starts).reshape(-1, *turns.shape[1:])
    if isinstance(problem, SpectralFlow):
        frames = torch.from_numpy(np.tile(turns, (len(starts), 1, 1)).transpose(1, 2, 0).copy()).to(chart.device)
        flow = TurnedSpectralFlow(**{field.name: getattr(problem, field.name) for field in fields(problem)})
        return flow, *flow.started(correlations, chart[0].cpu().numpy(), frames)
    if isinstance(problem, JointFlow):
        r = problem.r
        state = torch.from_numpy(np.ascontiguousarray(correlations.transpose(1, 2, 0)).reshape(r * r, -1))
        flows = [JointFlow.build(symmetric_tensors(rotated(link, turn))) for turn in turns]
        joint, own = TurnedJointFlow.of(flows, str(chart.device))
        return joint, state.to(chart.device), torch.cat([chart[:1], own.repeat(1, len(starts))])
    raise TypeError(f"no joint flow: {type(problem).__name__}")


@dataclass(frozen=True)
class TurnedSpectralFlow(SpectralFlow):
    """The spectral form; the chart ends with the tensors of each sample."""

    @cached_property
    def steps(self) -> CompiledSteps | None:
        return self.compiled(own=True)

    def started(self, correlations: Array, rates: Array, frames: Tensor) -> tuple[Tensor, Tensor]:
        """(state, chart) of the starts (sample, r, r) in the frames (r, r, sample)."""
        state, chart = self.start(correlations, rates)
        own = [form.rotated(t[:, None], frames) for form, t in zip(self.forms, self.tensors, strict=True)]
        return state, self._of_its_own(chart, torch.cat(own))

    def settle(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        size = self._size
        state, moved = super().settle(state, chart[:-size])
        return state, self._of_its_own(moved, chart[-size:])

    def _rotated(self, chart: Tensor):  # type: ignore[no-untyped-def]
        return super()._rotated(chart[: -self._size])

    @property
    def _size(self) -> int:
        return sum(form.size for form in self.forms)

    def _of_its_own(self, chart: Tensor, own: Tensor) -> Tensor:
        """The chart of one target, with the tensors of each sample in the place of its rotated ones, and behind."""
        head = 1 + self.r**2
        if self.r == 1:
            return torch.cat([chart, own])
        frame = chart[1:head].view(self.r, self.r, -1)
        parts = own.split([form.size for form in self.forms])
        return torch.cat([chart[:head], *(f.rotated(t, frame) for f, t in zip(self.forms, parts, strict=True)), own])


@dataclass(frozen=True)
class _PolynomialMaps(PolynomialMap):
    """A polynomial map for each sample: coefficients (output, monomial, sample) and derivatives likewise."""

    def __call__(self, x: Tensor) -> Tensor:
        return (self.coefficients * self.monomials(x, len(self.parents))).sum(dim=1)

    def with_derivative(self, x: Tensor) -> tuple[Tensor, Tensor]:
        monomials = self.monomials(x, len(self.parents))
        slopes = (self.derivative * monomials[: self.derivative.shape[1]]).sum(dim=1)
        return (self.coefficients * monomials).sum(dim=1), slopes.view(-1, self.variables, x.shape[1])


@dataclass(frozen=True)
class TurnedJointFlow:
    """The form in M; the chart is the trap speed, then the coefficients of each sample's maps."""

    flow: JointFlow

    logarithmic = False

    @cached_property
    def steps(self) -> CompiledSteps | None:
        """Compiled steps of the solver."""
        return self.flow.compiled(own=True)

    @classmethod
    def of(cls, flows: list[JointFlow], device: str) -> tuple["TurnedJointFlow", Tensor]:
        """The flow of all frames, and the coefficients (row, seed) of their maps."""
        flat = [torch.cat([part.to_dense().flatten() for part in _parts(flow)]) for flow in flows]
        dense = replace(flows[0], gradient=flows[0].gradient.to(device), potential=flows[0].potential.to(device))
        return cls(dense), torch.stack(flat, dim=1).to(device)

    def _at(self, chart: Tensor) -> JointFlow:
        shapes = [part.shape for part in _parts(self.flow)]
        rows = chart[1:].split([math.prod(shape) for shape in shapes])
        values = [row.view(*shape, -1) for row, shape in zip(rows, shapes, strict=True)]
        gradient, potential = (
            _PolynomialMaps(one.variables, one.parents, one.last, *values[2 * i : 2 * i + 2])
            for i, one in enumerate((self.flow.gradient, self.flow.potential))
        )
        return replace(self.flow, gradient=gradient, potential=potential)

    def field(self, state: Tensor, chart: Tensor) -> Tensor:
        return self._at(chart).field(state, chart)

    def linearise(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        return self._at(chart).linearise(state, chart)

    def settle(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        return state, chart

    def observe(self, state: Tensor, chart: Tensor) -> Tensor:
        return self._at(chart).observe(state, chart)

    def outcome(self, state: Tensor, chart: Tensor, observed: Tensor, speed: Tensor) -> Tensor:
        return self.flow.outcome(state, chart, observed, speed)


def _parts(flow: JointFlow) -> list[Tensor]:
    return [
        flow.gradient.coefficients,
        flow.gradient.derivative,
        flow.potential.coefficients,
        flow.potential.derivative,
    ]
