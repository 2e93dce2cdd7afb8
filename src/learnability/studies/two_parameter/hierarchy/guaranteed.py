"""The guaranteed set F0: the union of the innermost boxes, every target of which the flow carries through all stages.

A target belongs to F0 when at every stage n it lies, along the piece, in the part of its cell between valley and
finger, and, across it, between ``2 h_n`` and the top of the fingers' box. The fingers lean, so a coordinate's base
moves with the deeper coordinates (forgetting that assigns wrong digits from level 3 on), and the equilibrium along
the piece is shifted by the residuals of the leaning coordinates; the cells are narrowed by the largest such shift.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy, Stage


@dataclass(frozen=True)
class Membership:
    """For n targets: ``inside`` F0, ``level`` the number of stages whose box holds the target, ``digits`` (n, N)."""

    inside: np.ndarray
    level: np.ndarray
    digits: np.ndarray


def equilibrium_shifts(hierarchy: Hierarchy) -> np.ndarray:
    """The largest shift (N,), in cell widths, of the equilibrium along the piece by the lean of frozen coordinates.

    ``sum_j |tilt_j| residual_j / (L_n h_n)``, with each residual at most the width of the cell it was split into.
    """
    tilts, residuals, shifts = np.zeros(hierarchy.dimension), np.zeros(hierarchy.dimension), []
    tilts[0] = hierarchy.side
    for stage in hierarchy.stages:
        leaning = np.delete(tilts * residuals, stage.along).sum()
        shifts.append(leaning / (stage.length * stage.width))
        tilts *= stage.pitch * stage.gaps.tilt
        residuals[stage.along] = stage.width
        tilts[stage.across] += stage.next_length
        residuals[stage.across] = 0.0
    return np.array(shifts)


def membership(hierarchy: Hierarchy, targets: np.ndarray) -> Membership:
    """Which of the targets (n, d) lie in F0, in which cells."""
    n, d = targets.shape
    base = np.full((n, d), hierarchy.high + hierarchy.clearance * hierarchy.side)
    base[:, 0] = hierarchy.low
    tilt, sign, side = np.zeros((n, d)), -np.ones((n, d)), np.ones(n)
    tilt[:, 0] = hierarchy.side
    inside, level = np.ones(n, dtype=bool), np.zeros(n, dtype=np.int64)
    digits = np.zeros((n, hierarchy.depth))
    for i, (stage, shift) in enumerate(zip(hierarchy.stages, equilibrium_shifts(hierarchy), strict=True)):
        k, j = stage.along, stage.across
        coordinate = (targets[:, k] - base[:, k]) / tilt[:, k]
        cell, odd, across_cell = _cell(stage, coordinate)
        height = sign[:, j] * (targets[:, j] - base[:, j] - tilt[:, j] * coordinate)
        inside &= _in_cell(stage, across_cell, shift) & (height > 2 * stage.width) & (height < stage.box_top)
        level += inside
        digits[:, i] = cell
        mirror = np.where(odd, -1.0, 1.0)
        base += tilt * (stage.edge + stage.pitch * (cell + odd + mirror * stage.side_position))[:, None]
        tilt *= (mirror * stage.pitch * stage.gaps.tilt)[:, None]
        base[:, j] += sign[:, j] * stage.piece_start
        tilt[:, j] += sign[:, j] * stage.next_length
        sign[:, k], side = np.where(odd, side, -side), sign[:, j].copy()
    return Membership(inside, level, digits)


def _cell(stage: Stage, coordinate: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The cell, its parity, and the distance from its valley in cell widths."""
    position = (coordinate - stage.edge) / stage.pitch
    cell = np.clip(np.floor(position), 0, stage.cells - 1)
    odd = cell % 2 == 1
    return cell, odd, np.where(odd, 1 - (position - cell), position - cell)


def _cell_range(stage: Stage, shift: float) -> tuple[float, float]:
    return stage.gaps.valley * stage.slope + shift, stage.side_position - shift


def _in_cell(stage: Stage, position: np.ndarray, shift: float) -> np.ndarray:
    low, high = _cell_range(stage, shift)
    return (position > low) & (position < high)


def exact_measure(hierarchy: Hierarchy, distribution: Callable[[np.ndarray], np.ndarray]) -> float | None:
    """mu(F0) for independent coordinates with the given distribution function, or None where F0 does not factorise.

    For N <= d - 1 no coordinate is met again after it was split: F0 is a product of unions of intervals. Later the
    lean of a finger ties its coordinate to the deeper ones.
    """
    if hierarchy.depth > hierarchy.dimension - 1:
        return None
    product = 1.0
    for low, high in guaranteed_intervals(hierarchy):
        product *= float((distribution(high) - distribution(low)).sum())
    return product


def guaranteed_intervals(hierarchy: Hierarchy) -> list[tuple[np.ndarray, np.ndarray]]:
    """For N <= d - 1: the ends (low, high) of the intervals of coordinates 0..N whose product is F0."""
    top = hierarchy.high + hierarchy.clearance * hierarchy.side
    shifts, intervals = equilibrium_shifts(hierarchy), []
    start, slope, floor, ceiling = hierarchy.low, hierarchy.side, -np.inf, np.inf
    for stage, shift in zip(hierarchy.stages, shifts, strict=True):
        near, far = _cell_range(stage, shift)
        cell = np.arange(stage.cells)
        odd = cell % 2 == 1
        first = np.where(odd, cell + 1 - far, cell + near)
        last = np.where(odd, cell + 1 - near, cell + far)
        ends = start + slope * (stage.edge + stage.pitch * np.stack([first, last]))
        ends = np.clip(np.sort(ends, axis=0), floor, ceiling)
        intervals.append((ends[0], ends[1]))
        # The next coordinate hangs below the root box: heights are measured down from its top.
        start, slope = top - stage.piece_start, -stage.next_length
        floor, ceiling = top - stage.box_top, top - 2 * stage.width
    intervals.append((np.array([floor]), np.array([ceiling])))
    return intervals
