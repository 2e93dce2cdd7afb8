"""The mean norm by dimension, with its deciles."""

import numpy as np
import xarray as xr

from learnability.results.labelled import estimate


def analyse(runs, rng):
    """The mean over seeds with the range over seeds."""
    norm = runs[0].result["norm"].values
    found = estimate("dimension", norm.mean(1), norm.min(1), norm.max(1), "mean norm", "range over seeds")
    return xr.Dataset({"norm": found}, {"dimension": runs[0].result["dimension"]}, {"seeds": np.int64(norm.shape[1])})
