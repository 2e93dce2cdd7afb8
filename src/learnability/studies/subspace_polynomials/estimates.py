"""Estimates over seeds in the form that all analyses share: bands of curves and bootstrapped statistics."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from learnability.results.labelled import Dims, estimate


def median_band(dims: Dims, samples: NDArray[Any], long_name: str) -> xr.Variable:
    """The median over the first axis of ``samples`` (seed, ``dims``) with its 10% and 90% quantiles; NaN stays NaN."""
    median, low, high = np.quantile(samples, (0.5, 0.1, 0.9), axis=0)
    return estimate(dims, median, low, high, long_name, "10% and 90% quantiles over seeds")


def bootstrapped(dims: Dims, ends: Sequence[ArrayLike], long_name: str, units: str = "1") -> xr.Variable:
    """A statistic with its 95% interval from a percentile bootstrap over seeds; ``ends`` is (estimate, low, high)."""
    middle, low, high = ends
    return estimate(dims, middle, low, high, long_name, "95% percentile bootstrap over seeds", units)
