"""How much infinitely many stages remove, where every stage has a smaller splitting parameter than the one before.

Theorem 6 needs infinitely many stages. With one rho for all of them each takes the same part of what is left, so that
nothing of F0 stays; with ``rho_n = rho SHRINK^(n-1)`` the parts add up to a multiple of rho.
"""

import numpy as np
import xarray as xr

from learnability.results.labelled import variable
from learnability.studies.two_parameter.hierarchical.targets import FINE_DIMENSIONS, FINE_RHO
from learnability.studies.two_parameter.hierarchy.certificate import least_measure
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy

SHRINK = 0.8
"""Ratio of successive splitting parameters."""
MOST_STAGES = 14


def removed_by_infinitely_many_stages() -> dict[str, xr.Variable]:
    """What the construction removes of uniform targets at the smallest rho, by number of stages and in the limit.

    ``removed_by_stages``: a proved upper bound on 1 - mu(F0) for every number of stages from d (NaN below) to
    ``MOST_STAGES``. ``removed_in_the_limit``: the last of them and a geometric series for the stages beyond, each of
    which is given the largest part, in units of its own rho_n, that one more stage was found to remove: 6.8 at
    d = 3 and 6.7 at d = 4, where the least are 5.2 and 4.9. That the later stages remove no larger part is not proved.
    """
    rho, counts = float(FINE_RHO.values[-1]), np.arange(FINE_DIMENSIONS.values.min(), MOST_STAGES + 1)
    removed = np.array([[_removed(int(d), int(n), rho) for n in counts] for d in FINE_DIMENSIONS.values])
    parts = np.diff(removed, axis=1) / (rho * SHRINK ** counts[:-1])
    beyond = np.nanmax(parts, axis=1) * rho * SHRINK**MOST_STAGES / (1 - SHRINK)
    where = ("fine_dimension", "stages")
    return {
        "stages": variable("stages", counts, "number N of stages"),
        "removed_by_stages": variable(where, removed, "proved upper bound on 1 - mu(F0), rho_n = rho .8^(n-1)"),
        "removed_in_the_limit": variable(
            "fine_dimension", removed[:, -1] + beyond, "estimate of 1 - mu(F0) for N to infinity, rho_n = rho .8^(n-1)"
        ),
    }


def _removed(dimension: int, stages: int, rho: float) -> float:
    if stages < dimension:
        return np.nan
    splitting = tuple(rho * SHRINK**n for n in range(stages))
    return 1 - least_measure(Hierarchy(dimension, stages, splitting))
