"""Training of the kind ``drift``: gradient flow of the sine committee and of the lifted model."""

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness.drift.setting import DriftSetting
from learnability.studies.gradient_hardness.solvable_models import lifted_time, mean_squared_drift, simulate_lifted

# The lifted model is followed to the time of a drift of 1/2, and saved at these parts of it.
FRACTIONS = (0.25, 0.5, 0.75, 1.0)
# Steps of the solver between two saved times, each time twice as many.
LIFTED_STEPS = (4, 8, 16)


def train(setting: DriftSetting, context: RunContext) -> xr.Dataset:
    """Mean squared drifts of sine neurons over all parities for each seed, and the lifted model with all its
    parameters under every parity, with three numbers of steps."""
    target, rng = setting.target, context.stream("init")
    times, small_times = np.array(setting.times), np.array(setting.small_weight_times)

    def mean_squared(dimension: int, times: np.ndarray, weight_scale: float) -> tuple[np.ndarray, np.ndarray]:
        return mean_squared_drift(dimension, times, setting.neurons, weight_scale, setting.time_step, rng)

    unit, small = [], []
    for number, _ in enumerate(context.seeds):
        unit.append([mean_squared(d, times, 1.0) for d in target.sine_dimensions])
        small.append([mean_squared(d, small_times, d**-0.5) for d in target.small_weight_dimensions])
        context.progress(number + 1, len(context.seeds), "sine committee")
    smallest, mean_square, supremum = _lifted(target.simulated_dimensions)
    followed = ("simulated_dimension", "fraction", "lifted_steps")
    content = {
        **_drifts("", ("seed", "sine_dimension", "time"), np.array(unit), "weights N(0,1)"),
        **_drifts("small_", ("seed", "small_weight_dimension", "small_time"), np.array(small), "weights N(0,1/d)"),
        "lifted_smallest": variable(followed, smallest, "smallest drift over the parities, lifted model"),
        "lifted_mean_square": variable(followed, mean_square, "mean squared drift over the parities, lifted model"),
        "lifted_supremum": variable(
            "simulated_dimension", supremum, "sup |h| over the cube and the parities, at the end"
        ),
    }
    axes = ("sine_dimension", "small_weight_dimension", "simulated_dimension", "lifted_dimension")
    coordinates = {name: variable(name, list(getattr(target, f"{name}s")), "input dimension d") for name in axes}
    coordinates["fraction"] = variable("fraction", list(FRACTIONS), "part of the time of a drift of 1/2")
    coordinates["lifted_steps"] = variable(
        "lifted_steps", list(LIFTED_STEPS), "steps of the solver between two saved times"
    )
    coordinates["time"] = variable("time", times, "mean-field time", "flow time")
    coordinates["small_time"] = variable("small_time", small_times, "mean-field time", "flow time")
    return xr.Dataset(content, coordinates)


def _lifted(dimensions: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Smallest drift and mean squared drift over the parities, (dimension, fraction, steps), and sup |h|."""
    shape = len(dimensions), len(FRACTIONS), len(LIFTED_STEPS)
    smallest, mean_square, supremum = np.empty(shape), np.empty(shape), np.empty(len(dimensions))
    for i, d in enumerate(dimensions):
        for j, steps in enumerate(LIFTED_STEPS):
            drifts, supremum[i] = simulate_lifted(d, lifted_time(d) * np.array(FRACTIONS), steps)
            smallest[i, :, j], mean_square[i, :, j] = drifts.min(1), (drifts**2).mean(1)
    return smallest, mean_square, supremum


def _drifts(prefix: str, axes: tuple[str, ...], values: np.ndarray, weights: str) -> dict[str, xr.Variable]:
    """The two means (seed, dimension, 2, time) as variables."""
    full, cut = values[:, :, 0], values[:, :, 1]
    return {
        f"{prefix}squared_drift": variable(axes, full, f"mean squared drift over the parities, {weights}"),
        f"{prefix}truncated_drift": variable(axes, cut, f"the same with each drift cut at 1/sqrt(d+1), {weights}"),
    }
