"""Shares of independent trials with their exact binomial interval, as labelled variables."""

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from learnability.results.labelled import Dims, estimate
from learnability.statistics.intervals import clopper_pearson


def share(dims: Dims, successes: ArrayLike, trials: ArrayLike, long_name: str) -> xr.Variable:
    """``successes`` over ``trials`` with the exact 95% interval, which no count makes degenerate."""
    k, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    return estimate(dims, k / n, *clopper_pearson(k, n), long_name, "95% exact binomial (Clopper-Pearson)")
