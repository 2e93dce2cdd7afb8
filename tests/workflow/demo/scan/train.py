"""Norms of the first d of one list of random numbers."""

import numpy as np
import xarray as xr

from learnability.results.labelled import variable


def train(setting, context):
    """One norm for each seed and dimension."""
    numbers = context.stream("init").standard_normal((len(context.seeds), 100))
    norms = [(np.abs(numbers[:, :d]) ** setting.power).sum(1) for d in setting.dimensions]
    coordinates = {"dimension": variable("dimension", np.array(setting.dimensions), "input dimension d")}
    return xr.Dataset({"norm": variable(("dimension", "seed"), np.array(norms), "norm")}, coordinates)
