"""Training of the kind ``drift``: gradient flow of the sine committee and of the lifted model."""

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness.drift.setting import DriftSetting
from learnability.studies.gradient_hardness.solvable_models import mean_squared_drift, simulate_lifted


def train(setting: DriftSetting, context: RunContext) -> xr.Dataset:
    """Mean squared drifts of sine neurons over all parities for each seed, and the lifted model with all its
    parameters."""
    target, rng = setting.target, context.stream("init")
    times, small_times = np.array(setting.times), np.array(setting.small_weight_times)

    def mean_squared(dimension: int, times: np.ndarray, weight_scale: float) -> tuple[np.ndarray, np.ndarray]:
        return mean_squared_drift(dimension, times, setting.neurons, weight_scale, setting.time_step, rng)

    unit, small = [], []
    for number, _ in enumerate(context.seeds):
        unit.append([mean_squared(d, times, 1.0) for d in target.sine_dimensions])
        small.append([mean_squared(d, small_times, d**-0.5) for d in target.small_weight_dimensions])
        context.progress(number + 1, len(context.seeds), "sine committee")
    lifted = [simulate_lifted(d, 2**d - 1) for d in target.simulated_dimensions]
    simulated, half_time = "simulated_dimension", "simulated time to a drift of 1/2"
    content = {
        **_drifts("", ("seed", "sine_dimension", "time"), np.array(unit), "weights N(0,1)"),
        **_drifts("small_", ("seed", "small_weight_dimension", "small_time"), np.array(small), "weights N(0,1/d)"),
        "lifted_time": variable(simulated, [time for time, _ in lifted], half_time, "flow time"),
        "lifted_supremum": variable(simulated, [largest for _, largest in lifted], "sup |h| at a drift of 1/2"),
    }
    axes = ("sine_dimension", "small_weight_dimension", "simulated_dimension", "lifted_dimension")
    coordinates = {name: variable(name, list(getattr(target, f"{name}s")), "input dimension d") for name in axes}
    coordinates["time"] = variable("time", times, "mean-field time", "flow time")
    coordinates["small_time"] = variable("small_time", small_times, "mean-field time", "flow time")
    return xr.Dataset(content, coordinates)


def _drifts(prefix: str, axes: tuple[str, ...], values: np.ndarray, weights: str) -> dict[str, xr.Variable]:
    """The two means (seed, dimension, 2, time) as variables."""
    full, cut = values[:, :, 0], values[:, :, 1]
    return {
        f"{prefix}squared_drift": variable(axes, full, f"mean squared drift over the parities, {weights}"),
        f"{prefix}truncated_drift": variable(axes, cut, f"the same with each drift cut at 1/sqrt(d+1), {weights}"),
    }
