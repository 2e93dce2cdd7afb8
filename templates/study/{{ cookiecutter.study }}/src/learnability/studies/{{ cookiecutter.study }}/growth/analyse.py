"""Medians, the fitted slope with its interval, and the theory beside it."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, only
from learnability.results.labelled import estimate, slope_over_seeds, variable
from learnability.studies.{{ cookiecutter.study }} import theory
from learnability.studies.{{ cookiecutter.study }}.growth.setting import GrowthSetting


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """``escape_time`` (dimension, bound) with its deciles over seeds, and ``slope`` (bound) with its interval."""
    setting, result = only(runs, GrowthSetting)
    times, dimensions = result["escape_time"].values, result["dimension"].values
    low, middle, high = np.quantile(times, [0.1, 0.5, 0.9], axis=1, method="nearest")
    return xr.Dataset(
        {
            "escape_time": estimate("dimension", middle, low, high, "median escape time", "deciles", "flow time"),
            "slope": slope_over_seeds(dimensions, times.T, rng, "slope of log escape time against log d"),
            "predicted_slope": variable(
                (), theory.escape_slope(setting.target.information_exponent), "slope that theory predicts"
            ),
        },
        {"dimension": result["dimension"]},
        {"seeds": int(result.sizes["seed"])},
    )
