"""Training: none is needed. Numbers of samples by closed second moments, at a start of typical size."""

import math

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.multi_index.gradient_error.moments import moments
from learnability.studies.multi_index.gradient_error.setting import GradientErrorSetting
from learnability.studies.multi_index.theory import start_quantile


def train(setting: GradientErrorSetting, context: RunContext) -> xr.Dataset:
    """Samples for every link and dimension, from the median of the start's law; the same for all seeds."""
    shape = (len(setting.target.degrees), len(setting.dimensions))
    found = {name: np.empty(shape) for name in ("gradient", "component", "direction")}
    for (i, degree), (j, dimension) in (
        (a, b) for a in enumerate(setting.target.degrees) for b in enumerate(setting.dimensions)
    ):
        at = moments(degree, math.sqrt(start_quantile(dimension, 0.5)), setting.features)
        found["gradient"][i, j] = at.gradient_samples(dimension, setting.error)
        found["component"][i, j] = at.component_samples(setting.error)
        found["direction"][i, j] = at.direction_samples(degree, setting.error)
    what = {
        "gradient": "the tangent gradient",
        "component": "its component towards the target",
        "direction": "the direction that degree s gives, towards the target",
    }
    return xr.Dataset(
        {
            name: variable(("degree", "dimension"), values, f"samples at which {what[name]} has the error", "samples")
            for name, values in found.items()
        },
        coords={
            "degree": variable("degree", np.array(setting.target.degrees), "degree s of the link"),
            "dimension": variable("dimension", np.array(setting.dimensions), "dimension d of the data"),
        },
    ).expand_dims(seed=list(context.seeds))
