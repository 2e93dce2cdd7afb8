"""Fractions of targets with their intervals: those learned, and those that a flow comes near."""

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from learnability.results.labelled import Dims, estimate, variable
from learnability.statistics.intervals import wilson

EPSILONS = np.geomspace(1e-5, 1.0, 51)
EPS = variable("eps", EPSILONS, "distance")
"""The distances eps at which ``P(final distance <= eps)`` is read."""


def fraction(dims: Dims, hits: ArrayLike, trials: ArrayLike, long_name: str) -> xr.Variable:
    """``hits / trials`` over ``dims`` with its Wilson interval; NaN without trials."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.asarray(hits, dtype=float) / np.asarray(trials)
    return estimate(dims, value, *wilson(hits, trials), long_name, "95% Wilson")


def between(dims: Dims, least: ArrayLike, most: ArrayLike, trials: ArrayLike, long_name: str) -> xr.Variable:
    """``least / trials`` with an interval that holds whatever the undecided trials are: the lower end of Wilson's
    interval for ``least`` successes, the upper end for ``most``; NaN without trials."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.asarray(least, dtype=float) / np.asarray(trials)
    return estimate(dims, value, wilson(least, trials)[0], wilson(most, trials)[1], long_name, "95% Wilson, both ways")
