"""Analysis of the kind ``drift``: drifts over the printed, corrected and analytic bounds."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness import solvable_models, theory
from learnability.studies.gradient_hardness.estimates import averaged


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Root mean square drifts over their bounds, and the simulated lifted model over the same."""
    _, result = only(runs, Setting)
    new: dict[str, xr.Variable] = {}
    for name, axis, time in (("", "sine_dimension", "time"), ("small_", "small_weight_dimension", "small_time")):
        dimension, when = np.meshgrid(result[axis].values.astype(float), result[time].values, indexing="ij")
        lipschitz, start = dimension + 1, (dimension + 1) / 2
        root, cut = result[f"{name}squared_drift"] ** 0.5, result[f"{name}truncated_drift"] ** 0.5
        bounds = {
            "printed": (root, np.log(theory.printed_drift(dimension, when, lipschitz, start))),
            "corrected": (root, theory.log_corrected_drift(dimension, when, lipschitz, start)),
            "analytic": (cut, np.log(theory.analytic_drift(dimension, when))),
        }
        new[f"{name}drift"] = averaged(root, rng, "root mean square drift")
        new[f"{name}truncated"] = averaged(cut, rng, "root mean square of the cut drift")
        for bound, (drift, log_bound) in bounds.items():
            ratio = drift.copy(data=np.exp(np.log(drift.values) - log_bound))
            new[f"{name}{bound}_ratio"] = averaged(ratio, rng, f"drift over the {bound} bound")
            new[f"{name}{bound}_log_bound"] = variable((axis, time), log_bound, f"log of the {bound} bound")
    return result.assign(new | _simulated(result) | _lifted(result["lifted_dimension"].values.astype(float)))


def _simulated(result: xr.Dataset) -> dict[str, xr.Variable]:
    """The simulated lifted model over the bounds, continued to a solver's step of zero."""
    dimension = result["simulated_dimension"].values.astype(float)[:, None]
    time = np.array([solvable_models.lifted_time(d) for d in dimension[:, 0]])[:, None] * result["fraction"].values
    one = np.ones(1)
    smallest = _continued(result["lifted_smallest"].values)
    root = np.sqrt(_continued(result["lifted_mean_square"].values))
    corrected = np.exp(theory.log_corrected_drift(dimension, time, one, one))
    printed = theory.printed_drift(dimension, time, one, one)
    # The C_1 that (17) needs with C_2 = 1: the largest over time.
    constant = theory.log2_printed_constant(dimension, time, root**2).max(1)
    half = smallest[:, -1]
    edge = [solvable_models.lifted_supremum(int(d)) for d in dimension[:, 0]]
    axes = ("simulated_dimension", "fraction")
    return {
        "simulated_drift": variable(axes, root, "root mean square drift over the parities"),
        "simulated_corrected_ratio": variable(axes, root / corrected, "simulated drift over the corrected bound"),
        "simulated_printed_ratio": variable(axes, root / printed, "simulated drift over the printed bound"),
        "simulated_half_gap": variable(
            "simulated_dimension", np.abs(half - 0.5), "distance of the smallest drift over the parities from 1/2"
        ),
        "simulated_edge_supremum": variable(
            "simulated_dimension", edge, "sup |h| on the cube at theta_v = 2^{-d/2}/2, on the edge of the ball"
        ),
        "simulated_constant_growth": variable(
            (), _last_growth(dimension[:, 0], constant), "growth of log2 C_1 per dimension, two largest d"
        ),
        "simulated_drift_growth": variable(
            (), _last_growth(dimension[:, 0], np.log2(half)), "growth of log2 of the smallest drift, two largest d"
        ),
    }


def _continued(values: np.ndarray) -> np.ndarray:
    """Richardson's limit of a method of order four over the last axis, whose steps halve."""
    return np.asarray((16 * values[..., -1] - values[..., -2]) / 15)


def _last_growth(dimension: np.ndarray, logs: np.ndarray) -> float:
    return float((logs[-1] - logs[-2]) / (dimension[-1] - dimension[-2]))


def _lifted(dimensions: np.ndarray) -> dict[str, xr.Variable]:
    """The closed form of the lifted model at the time when its drift is 1/2 under every parity; G_0 = L = 1."""
    times = np.logaddexp((dimensions / 2 - 1) * np.log(2), 0)
    printed = theory.printed_drift(dimensions, times, np.ones(1), np.ones(1))
    corrected = np.exp(theory.log_corrected_drift(dimensions, times, np.ones(1), np.ones(1)))
    on_axis = {
        "lifted_half_time": (times, "time at which the drift is 1/2"),
        "lifted_printed_ratio": (0.5 / printed, "drift over the printed bound"),
        "lifted_corrected_ratio": (0.5 / corrected, "drift over the corrected bound"),
    }
    return {name: variable("lifted_dimension", values, label) for name, (values, label) in on_axis.items()}
