"""The guaranteed set F0: the union of the innermost boxes, every target of which the flow carries through all stages.

A target belongs to F0 when at every stage n it lies, along the piece, in the part of its cell between valley and
finger, and, across it, between ``2 h_n`` and the top of the fingers' box. The fingers lean, so a coordinate's base
moves with the deeper coordinates (forgetting that assigns wrong digits from level 3 on), and the equilibrium along
the piece is shifted by the residuals of the leaning coordinates; the cells are narrowed by the largest such shift.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from typing import Final

import numpy as np

from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy, Stage


class Obstacle(IntEnum):
    """Which condition of F0 a target violates at the first stage whose box does not hold it."""

    NONE = 0
    BEYOND = 1
    SWEPT = 2
    VALLEY = 3
    BETWEEN = 4


OBSTACLES: Final = {
    Obstacle.BEYOND: "beyond the fingers",
    Obstacle.SWEPT: "swept region",
    Obstacle.VALLEY: "valley",
    Obstacle.BETWEEN: "between fingers",
}
"""``swept region``: across the piece below ``2 h``, where the growing teeth pass; ``valley``: along the piece too near
the foot of a tooth; ``between fingers``: inside the finger that carries the next pieces; ``beyond the fingers``: out
of reach of every finger, past their ends or behind the piece."""


@dataclass(frozen=True)
class Membership:
    """For n targets: ``inside`` F0, ``level`` the number of stages whose box holds the target, ``digits`` (n, N), and
    the first ``obstacle`` (n)."""

    inside: np.ndarray
    level: np.ndarray
    digits: np.ndarray
    obstacle: np.ndarray


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
    n = len(targets)
    inside, level = np.ones(n, dtype=bool), np.zeros(n, dtype=np.int64)
    digits, obstacle = np.zeros((n, hierarchy.depth)), np.zeros(n, dtype=np.int8)
    walk = zip(hierarchy.stages, equilibrium_shifts(hierarchy), _walk(hierarchy, targets), strict=True)
    for i, (stage, shift, place) in enumerate(walk):
        near, far = cell_range(stage, shift)
        position, height = place.position, place.height
        found = np.select(
            [
                (position < 0) | (position > 1) | (height <= 0) | (height >= stage.box_top),
                height <= 2 * stage.width,
                position <= near,
                position >= far,
            ],
            [Obstacle.BEYOND, Obstacle.SWEPT, Obstacle.VALLEY, Obstacle.BETWEEN],
            Obstacle.NONE,
        )
        obstacle = np.where(inside, found, obstacle).astype(np.int8)
        inside &= found == Obstacle.NONE
        level += inside
        digits[:, i] = place.cell
    return Membership(inside, level, digits, obstacle)


def violations(hierarchy: Hierarchy, targets: np.ndarray) -> np.ndarray:
    """For targets (n, d), which conditions (n, 4), in the order of ``OBSTACLES``, each violates at its first obstacle.

    The classes of :func:`membership` are the first of them. They overlap: low in a finger a target is between fingers
    and in the swept region at once, and what is beyond the fingers is past a cell's end or behind the piece, too.
    """
    found, inside = np.zeros((len(targets), len(OBSTACLES)), dtype=bool), np.ones(len(targets), dtype=bool)
    walk = zip(hierarchy.stages, equilibrium_shifts(hierarchy), _walk(hierarchy, targets), strict=True)
    for stage, shift, place in walk:
        near, far = cell_range(stage, shift)
        position, height = place.position, place.height
        beyond = (position < 0) | (position > 1) | (height <= 0) | (height >= stage.box_top)
        broken = np.stack([beyond, height <= 2 * stage.width, position <= near, position >= far], axis=1)
        found |= broken & inside[:, None]
        inside &= ~broken.any(axis=1)
    return found


@dataclass(frozen=True)
class _Place:
    """Where n targets stand at one stage: cell, distance from its valley in widths, height above the piece, and the
    two coordinates that put a target of the same box into its valley, where the growing teeth sweep."""

    cell: np.ndarray
    position: np.ndarray
    height: np.ndarray
    valley: np.ndarray
    swept: np.ndarray


def _walk(hierarchy: Hierarchy, targets: np.ndarray, digits: np.ndarray | None = None) -> Iterator[_Place]:
    """The places of the targets (n, d) at every stage, in the box of the cell that each is in or nearest to, or in
    the cells that ``digits`` (n, N) name."""
    n, d = targets.shape
    base = np.full((n, d), hierarchy.high + hierarchy.clearance * hierarchy.side)
    base[:, 0] = hierarchy.low
    tilt, sign, side = np.zeros((n, d)), -np.ones((n, d)), np.ones(n)
    tilt[:, 0] = hierarchy.side
    for i, stage in enumerate(hierarchy.stages):
        k, j = stage.along, stage.across
        coordinate = (targets[:, k] - base[:, k]) / tilt[:, k]
        cell, odd, position = _cell(stage, coordinate, None if digits is None else digits[:, i])
        height = sign[:, j] * (targets[:, j] - base[:, j] - tilt[:, j] * coordinate)
        foot = stage.first_edge + stage.pitch * (cell + odd)
        valley = base[:, k] + tilt[:, k] * foot
        swept = base[:, j] + tilt[:, j] * foot + sign[:, j] * SWEPT_HEIGHT * stage.width
        yield _Place(cell, position, height, valley, swept)
        mirror = np.where(odd, -1.0, 1.0)
        base += tilt * (stage.first_edge + stage.pitch * (cell + odd + mirror * stage.side_position))[:, None]
        tilt *= (mirror * stage.pitch * stage.gaps.tilt)[:, None]
        base[:, j] += sign[:, j] * stage.piece_start
        tilt[:, j] += sign[:, j] * stage.next_length
        sign[:, k], side = np.where(odd, side, -side), sign[:, j].copy()


SWEPT_HEIGHT: Final = 0.3
"""Height above the piece, in cell widths, to which :func:`moved_to_swept_region` moves a target."""


def moved_to_swept_region(hierarchy: Hierarchy, targets: np.ndarray, digits: np.ndarray, level: int) -> np.ndarray:
    """Targets (n, d) moved to where the teeth of stage ``level`` sweep, at the foot of the tooth of their cell.

    ``digits`` (n, N) are those that the flow to the targets found. A target that was learned moves inside its box of
    stage ``level - 1``, whose sides tend to 0 with the level."""
    place = next(islice(_walk(hierarchy, targets, digits), level - 1, None))
    stage, moved = hierarchy.stages[level - 1], targets.copy()
    moved[:, stage.along], moved[:, stage.across] = place.valley, place.swept
    return moved


def _cell(
    stage: Stage, coordinate: np.ndarray, known: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The cell, its parity, and the distance from its valley in cell widths."""
    position = (coordinate - stage.first_edge) / stage.pitch
    cell = np.clip(np.floor(position) if known is None else known, 0, stage.cells - 1)
    odd = cell % 2 == 1
    return cell, odd, np.where(odd, 1 - (position - cell), position - cell)


def cell_range(stage: Stage, shift: float) -> tuple[float, float]:
    """The part of a cell, in widths from its valley, that the guarantee covers."""
    return stage.gaps.valley * stage.slope + shift, stage.side_position - shift


def exact_measure(hierarchy: Hierarchy, distributions: Sequence[Callable[[np.ndarray], np.ndarray]]) -> float | None:
    """mu(F0) for independent coordinates with the given distribution functions, or None where F0 does not factorise.

    For N <= d - 1 no coordinate is met again after it was split: F0 is a product of unions of intervals. Later the
    lean of a finger ties its coordinate to the deeper ones.
    """
    if hierarchy.depth > hierarchy.dimension - 1:
        return None
    product = 1.0
    for (low, high), distribution in zip(guaranteed_intervals(hierarchy), distributions, strict=False):
        product *= float((distribution(high) - distribution(low)).sum())
    return product


def guaranteed_intervals(hierarchy: Hierarchy) -> list[tuple[np.ndarray, np.ndarray]]:
    """For N <= d - 1: the ends (low, high) of the intervals of coordinates 0..N whose product is F0."""
    top = hierarchy.high + hierarchy.clearance * hierarchy.side
    shifts, intervals = equilibrium_shifts(hierarchy), []
    start, slope, floor, ceiling = hierarchy.low, hierarchy.side, -np.inf, np.inf
    for stage, shift in zip(hierarchy.stages, shifts, strict=True):
        near, far = cell_range(stage, shift)
        cell = np.arange(stage.cells)
        odd = cell % 2 == 1
        first = np.where(odd, cell + 1 - far, cell + near)
        last = np.where(odd, cell + 1 - near, cell + far)
        ends = start + slope * (stage.first_edge + stage.pitch * np.stack([first, last]))
        ends = np.clip(np.sort(ends, axis=0), floor, ceiling)
        intervals.append((ends[0], ends[1]))
        # The next coordinate hangs below the root box: heights are measured down from its top.
        start, slope = top - stage.piece_start, -stage.next_length
        floor, ceiling = top - stage.box_top, top - 2 * stage.width
    intervals.append((np.array([floor]), np.array([ceiling])))
    return intervals


def kept_of_any_measure(hierarchy: Hierarchy) -> float:
    """What the map keeps in F0 of any probability on the inner cube, averaged over the phases of its cuts.

    Coordinate k is split at stages n, n + d, ... A uniform phase makes the position in the period of stage n uniform
    whatever mu is, so that stage n keeps ``far - near`` of every mass (Fubini). Of a kept cell, stage n + d - 1
    removes the strip under the finger's side, and the fingers of stage n + d reach from there to the valley; the mean
    length that its cells keep is theirs times their number. Sums of losses over the coordinates bound the loss. The
    lean of fingers enters at second order in rho and is left out. The inner cube is that of :func:`inner_cube`.
    """
    d, lost = hierarchy.dimension, 0.0
    stages, shifts = hierarchy.stages, equilibrium_shifts(hierarchy)
    for n, (stage, shift) in enumerate(zip(stages, shifts, strict=True)):
        near, far = cell_range(stage, shift)
        before = stages[n - d] if n >= d else None
        if before is None:
            lost += 1 - (far - near)
        else:
            past = (cell_range(before, shifts[n - d])[0] - before.gaps.far) * before.width
            covered = (stage.cells * stage.width - past) / before.width
            earlier = cell_range(before, shifts[n - d])
            lost += (earlier[1] - earlier[0]) - covered * (far - near)
        if n >= d - 1 and n + 1 >= len(stages):
            # The last stage's strip: its coordinate is not split again.
            cell, shift_of = stages[n + 1 - d], shifts[n + 1 - d]
            low, high = cell_range(cell, shift_of)
            top = min(high, cell.side_position - 2 * stage.width / cell.width)
            lost += (high - low) - max(0.0, top - low)
    return max(0.0, 1 - lost)
