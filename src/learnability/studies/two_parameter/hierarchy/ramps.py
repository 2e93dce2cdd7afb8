"""The ramps in u: when each stage gathers, spreads, and refines the staircase of the next one.

A ramp R(u; a, b, c, e) climbs from 0 to 1; its derivative is a trapezium (rising on a..b, flat on b..c, falling on
c..e), so R is C^{1,1}. At every u some ramp must be climbing, or du/dt = 0 and every trajectory stalls; and ramps of
successive stages may overlap only briefly, or the valleys hold true local minima.
"""

from dataclasses import dataclass

import numpy as np

from learnability.studies.two_parameter.hierarchy.sizes import END_OF_TAIL, Hierarchy

Knots = tuple[float, float, float, float]

OFF: Knots = (1 * 2.0**100, 2 * 2.0**100, 3 * 2.0**100, 4 * 2.0**100)
"""Knots of a ramp that never starts."""
ON: Knots = (-4 * 2.0**100, -3 * 2.0**100, -2 * 2.0**100, -1 * 2.0**100)
"""Knots of a ramp that is complete from the start (powers of two: the value is exactly 1)."""


def ramp(u: np.ndarray, knots: Knots) -> np.ndarray:
    """R(u; a, b, c, e)."""
    a, b, c, e = knots
    x, y, z = np.clip(u - a, 0, b - a), np.clip(u - b, 0, c - b), np.clip(u - c, 0, e - c)
    return (x**2 / (2 * (b - a)) + y + z - z**2 / (2 * (e - c))) / ((c - b) + (b - a + e - c) / 2)


@dataclass(frozen=True)
class StageRamps:
    """The knots of one stage: gathering alpha, the two parts of spreading e, the next stage's staircase omega.

    ``e = (1 - late) spread + late tail``: a small late part keeps u moving while the next staircase is switched on.
    """

    gather: Knots
    spread: Knots
    tail: Knots
    refine: Knots
    late: float


def stage_ramps(hierarchy: Hierarchy, first: int = 1) -> tuple[StageRamps, ...]:
    """The ramps of stages first..N in the units and from the origin of :meth:`Hierarchy.stage_starts`."""
    starts, halves = hierarchy.stage_starts(first), hierarchy.stage_lengths(first)
    following = [stage.cells for stage in hierarchy.stages[first:]]
    ramps = []
    for i in range(len(starts) - 1):
        begin, half, end, after = starts[i], halves[i], starts[i + 1], halves[i + 1]
        middle = begin + half
        late = min(0.02, 2 / following[i]) if i < len(following) else 0.02
        ramps.append(
            StageRamps(
                gather=(begin, begin + 0.1 * half, middle - 0.1 * half, middle + 0.1 * half),
                spread=(middle - 0.1 * half, middle + 0.1 * half, middle + 0.75 * half, middle + 0.85 * half),
                tail=(middle + 0.70 * half, middle + 0.75 * half, end, end + END_OF_TAIL * after),
                refine=(middle + 0.90 * half, middle + 0.92 * half, middle + 0.96 * half, middle + 0.98 * half),
                late=late,
            )
        )
    return tuple(ramps)


def first_staircase(hierarchy: Hierarchy) -> Knots:
    """Knots of omega_1: the first staircase is switched on during the descent."""
    u = hierarchy.descent
    return (0.3 * u, 0.4 * u, 0.8 * u, 0.9 * u)


def descent_ramp(hierarchy: Hierarchy) -> Knots:
    """Knots of the descent D(u) = drop (1 - R(u)) / (1 - R(0)): all coordinates but the first come down to the
    box."""
    u = hierarchy.descent
    return (-1.0, 0.0, u, u + END_OF_TAIL * hierarchy.stage_lengths()[0])
