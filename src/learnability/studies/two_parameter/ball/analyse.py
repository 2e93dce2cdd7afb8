"""Analysis: what fraction of its ball each model learns."""

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import share, variable

EXACT = 1e-6
"""A flow has learned its target when it comes this close."""


def analyse(runs: list[Run], rng: np.random.Generator) -> xr.Dataset:
    """The learned fraction, the least distance and the largest reach for every model of the one setting."""
    _, result = only(runs, Setting)
    distance, reach = result.distance.values, result.reach.values
    hits = (distance <= EXACT).sum(axis=0)
    known = result[["radius", "disc", "centre"]].drop_attrs(deep=False)
    return known.assign(
        learned=share("model", hits, len(distance), "fraction learned in the ball", "Wilson"),
        least_distance=variable("model", distance.min(axis=0), "least final distance in the ball"),
        largest_reach=variable("model", reach.max(axis=0), "largest final |w| / radius of the disc"),
        targets=variable((), len(distance), "number of targets"),
    )
