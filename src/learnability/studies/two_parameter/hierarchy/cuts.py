"""Where the cuts of a map stand, chosen by the measure: the step of Theorem 6's proof that works for any mu.

The boundaries of a box are moved until their neighbourhoods hold little mass. All cells of a stage have one width
and share one phase. Every gap is a fixed part of a period, so that for each phase drawn uniformly the expected mass
of what the stage removes is that part, for any Borel mu (Fubini); the best phase loses no more. Nothing here asks for
a density: mass on planes, at points, on Cantor sets or surfaces is avoided all the same.
"""

from dataclasses import replace

import numpy as np

from learnability.studies.two_parameter.hierarchy.guaranteed import membership
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy

STARTS = 12
"""Phases of all stages that are compared first."""
SHIFTS = 16
"""Phases of one stage that are compared, the others held."""


def choose_cuts(hierarchy: Hierarchy, targets: np.ndarray) -> Hierarchy:
    """The hierarchy with the phases that lose the fewest of the targets (n, d) out of its guaranteed set.

    The best of ``STARTS`` points of a Kronecker sequence, then one round of coordinate descent. Deterministic.
    """
    best, phases = -1.0, np.full(hierarchy.depth, 0.5)
    for candidate in kronecker(STARTS, hierarchy.depth):
        kept = _kept(hierarchy, candidate, targets)
        if kept > best:
            best, phases = kept, candidate
    for stage in range(hierarchy.depth):
        for shift in (np.arange(SHIFTS) + 0.5) / SHIFTS:
            candidate = phases.copy()
            candidate[stage] = shift
            kept = _kept(hierarchy, candidate, targets)
            if kept > best:
                best, phases = kept, candidate
    return replace(hierarchy, phases=tuple(phases.tolist()))


def _kept(hierarchy: Hierarchy, phases: np.ndarray, targets: np.ndarray) -> float:
    """The part of the targets in the guaranteed set."""
    return float(membership(replace(hierarchy, phases=tuple(phases.tolist())), targets).inside.mean())


def kronecker(count: int, columns: int) -> np.ndarray:
    """Evenly spread numbers (count, columns) in (0, 1) that stand in for uniform ones: the cuts depend on mu alone.

    The points ``(n g_1, ..., n g_k) mod 1`` with ``g_j = x^-j``, x > 1 the root of ``x^(k+1) = x + 1``.
    """
    root = 1.5
    for _ in range(80):
        root = (1 + root) ** (1 / (columns + 1))
    steps = root ** -np.arange(1.0, columns + 1)
    return np.asarray((0.5 + np.arange(1, count + 1)[:, None] * steps) % 1)
