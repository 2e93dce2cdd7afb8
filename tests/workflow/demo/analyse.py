import numpy as np
import xarray as xr


def analyse(experiment, runs, rng):
    means = np.array([float(run.result["mean"].mean()) for run in runs])
    dimensions = np.array([run.setting.dimension for run in runs])
    mean = ("dimension", means, {"units": "1", "long_name": "mean"})
    return xr.Dataset({"mean": mean}, {"dimension": ("dimension", dimensions, {"units": "1", "long_name": "d"})})
