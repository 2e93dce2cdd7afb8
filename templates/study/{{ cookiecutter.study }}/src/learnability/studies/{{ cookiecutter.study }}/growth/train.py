"""The flow itself."""

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.results.status import Status, status_attributes
from learnability.studies.{{ cookiecutter.study }}.growth.setting import GrowthSetting


def train(setting: GrowthSetting, context: RunContext) -> xr.Dataset:
    """Escape times (dimension, seed) by Heun's method, infinite where the steps are used up first.

    The normal numbers are shared by all dimensions, which takes the sampling noise out of the slope.
    """
    s, h = setting.target.information_exponent, setting.step_size
    normal = np.abs(context.stream("init").standard_normal(len(context.seeds)))
    dimensions = np.array(setting.dimensions)
    overlap = np.minimum(normal / np.sqrt(dimensions)[:, None], 0.99)
    times = np.where(overlap >= setting.threshold, 0.0, np.inf)

    def speed(m: np.ndarray) -> np.ndarray:
        return s * m ** (s - 1) * (1 - m * m)

    for step in range(1, setting.max_steps + 1):
        first = speed(overlap)
        overlap = overlap + h / 2 * (first + speed(overlap + h * first))
        times = np.where((overlap >= setting.threshold) & np.isinf(times), step * h, times)
        context.progress(step, setting.max_steps)
        if np.isfinite(times).all():
            break
    status = np.where(np.isfinite(times), Status.CONVERGED, Status.MAX_STEPS).astype(np.int8)
    over = ("dimension", "seed")
    return xr.Dataset(
        {
            "escape_time": variable(over, times, "time to reach the threshold; inf when not reached", "flow time"),
            "status": (over, status, status_attributes()),
        },
        {
            "dimension": variable("dimension", dimensions, "dimension d of the input"),
            "seed": variable("seed", np.array(context.seeds), "seed"),
        },
    )
