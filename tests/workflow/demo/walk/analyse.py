"""The mean end of every walk."""

import numpy as np
import xarray as xr

from learnability.results.labelled import variable


def analyse(runs, rng):
    """The mean over seeds, by dimension."""
    means = np.array([float(run.result["mean"].mean()) for run in runs])
    dimensions = np.array([run.setting.dimension for run in runs])
    coordinates = {"dimension": variable("dimension", dimensions, "input dimension d")}
    return xr.Dataset({"mean": variable("dimension", means, "mean")}, coordinates)
