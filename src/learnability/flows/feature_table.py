"""Hermite features as a table, from which the slope of a fitted link is read by one matrix product.

The derivative ``d_i h_b = sqrt(b_i) h_{b - e_i}`` of a feature is a lower feature of the same table, so that the slope
of ``sum_b a_b rho^{|b|/2} h_b`` is the table times shifted coefficients: the same numbers as of
:class:`learnability.flows.two_timescale.Features`, where three variables of degree five take 105 products for it.
"""

import functools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from learnability.flows.two_timescale import Features
from learnability.hermite.basis import hermite_columns


@dataclass(frozen=True)
class FeatureTable(Features):
    """All features of r variables up to ``degree``, for :func:`learnability.flows.two_timescale.profile_loss`.

    Raises ValueError for a ``lowest`` degree above 1: the features of the slope would not be in the table.
    """

    def __post_init__(self) -> None:
        if self.lowest != 1:
            raise ValueError(f"lowest is {self.lowest}; a table holds the features of all degrees from 1 on")

    def values(self, projections: Tensor) -> tuple[Tensor, list[list[Tensor]]]:
        """(features (..., sample, feature), the table (..., feature, sample) alone) of projections (..., sample, r)."""
        columns = [hermite_columns(projections[..., i], self.degree) for i in range(self.r)]
        parents = _parents(self.r, self.degree)
        table = projections.new_empty((*projections.shape[:-2], len(parents), projections.shape[-2]))
        for place, (parent, variable, power) in enumerate(parents):
            row = table[..., place, :]
            if parent < 0:
                row.fill_(1.0)
            else:
                torch.mul(table[..., parent, :], columns[variable][power], out=row)
        if self.mehler != 1:
            weights = [self.mehler ** (sum(b) / 2) for b in _indices(self.r, self.degree)]
            table *= table.new_tensor(weights)[:, None]
        return table.mT, [[table]]

    def slope(self, coefficients: Tensor, columns: list[list[Tensor]]) -> Tensor:
        """Gradient of the fitted link at the projections, (..., sample, r)."""
        shifts = _shifts(self.r, self.degree, self.mehler).to(coefficients)
        return columns[0][0].mT @ torch.einsum("ilf,...f->...li", shifts, coefficients)


@functools.cache
def _indices(r: int, degree: int) -> list[tuple[int, ...]]:
    return Features(r, degree, 1.0).indices


@functools.cache
def _parents(r: int, degree: int) -> list[tuple[int, int, int]]:
    """For each feature (the feature without its last variable, that variable, its power); -1 for the constant."""
    indices = _indices(r, degree)
    place = {b: i for i, b in enumerate(indices)}
    found = []
    for b in indices:
        last = max((i for i, power in enumerate(b) if power), default=-1)
        found.append((place[(*b[:last], *[0] * (r - last))], last, b[last]) if last >= 0 else (-1, -1, 0))
    return found


@functools.cache
def _shifts(r: int, degree: int, mehler: float) -> Tensor:
    """(variable, lowered feature, feature): what the coefficient of a feature gives the slope in each variable."""
    indices = _indices(r, degree)
    place = {b: i for i, b in enumerate(indices)}
    shifts = torch.zeros((r, len(indices), len(indices)), dtype=torch.float64)
    for at, b in enumerate(indices):
        for i, power in enumerate(b):
            if power:
                # h_k' = sqrt(k) h_{k-1}; the weight stays that of b.
                shifts[i, place[(*b[:i], power - 1, *b[i + 1 :])], at] = math.sqrt(power * mehler)
    return shifts
