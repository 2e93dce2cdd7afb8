"""Bands of curves over seeds."""

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.results.labelled import Dims, estimate


def median_band(dims: Dims, samples: NDArray[Any], long_name: str) -> xr.Variable:
    """The median over the first axis of ``samples`` (seed, ``dims``) with its 10% and 90% quantiles; NaN stays NaN."""
    median, low, high = np.quantile(samples, (0.5, 0.1, 0.9), axis=0)
    return estimate(dims, median, low, high, long_name, "10% and 90% quantiles over seeds")
