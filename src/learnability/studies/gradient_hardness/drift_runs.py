"""Runs of the kind ``drift``: sine committee and lifted model."""

import numpy as np
import xarray as xr

from learnability.studies.contract import RunContext
from learnability.studies.gradient_hardness import drift
from learnability.studies.gradient_hardness.datasets import variable
from learnability.studies.gradient_hardness.settings import DriftSetting


def drift_runs(setting: DriftSetting, context: RunContext) -> xr.Dataset:
    target, rng = setting.target, context.stream("init")
    times, small_times = np.array(setting.times), np.array(setting.small_weight_times)

    def mean_squared(dimension: int, times: np.ndarray, weight_scale: float) -> tuple[np.ndarray, np.ndarray]:
        return drift.mean_squared_drift(dimension, times, setting.neurons, weight_scale, setting.time_step, rng)

    unit, small = [], []
    for number, _ in enumerate(context.seeds):
        unit.append([mean_squared(d, times, 1.0) for d in target.sine_dimensions])
        small.append([mean_squared(d, small_times, d**-0.5) for d in target.small_weight_dimensions])
        context.progress(number + 1, len(context.seeds), "sine committee")
    lifted = [drift.simulate_lifted(d, 2**d - 1) for d in target.simulated_dimensions]
    by_time, by_small_time = ("seed", "sine_dimension", "time"), ("seed", "small_weight_dimension", "small_time")
    content = {
        "squared_drift": variable(
            by_time, np.array(unit)[:, :, 0], "mean squared drift over the parities, weights N(0,1)"
        ),
        "truncated_drift": variable(by_time, np.array(unit)[:, :, 1], "the same with each drift cut at 1/sqrt(d+1)"),
        "small_squared_drift": variable(
            by_small_time, np.array(small)[:, :, 0], "mean squared drift, weights N(0,1/d)"
        ),
        "small_truncated_drift": variable(
            by_small_time, np.array(small)[:, :, 1], "the same with each drift cut at 1/sqrt(d+1)"
        ),
        "lifted_time": variable(
            "simulated_dimension", [t for t, _ in lifted], "simulated time to a drift of 1/2", "flow time"
        ),
        "lifted_supremum": variable("simulated_dimension", [s for _, s in lifted], "sup |h| at a drift of 1/2"),
    }
    coordinates = {
        "sine_dimension": variable("sine_dimension", target.sine_dimensions, "input dimension d"),
        "small_weight_dimension": variable(
            "small_weight_dimension", target.small_weight_dimensions, "input dimension d"
        ),
        "simulated_dimension": variable("simulated_dimension", target.simulated_dimensions, "input dimension d"),
        "lifted_dimension": variable("lifted_dimension", target.lifted_dimensions, "input dimension d"),
        "time": variable("time", times, "mean-field time", "flow time"),
        "small_time": variable("small_time", small_times, "mean-field time", "flow time"),
    }
    return xr.Dataset(content, coordinates)
