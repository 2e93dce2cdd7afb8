"""Analysis of the kind ``drift``: drifts over the printed, corrected and analytic bounds."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness import solvable_models, theory
from learnability.studies.gradient_hardness.estimates import only, over_seeds, upper_slope


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Root mean square drifts over their bounds, and the lifted model beside its closed form."""
    result = only(runs)
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
        new[f"{name}drift"] = over_seeds(root, rng, "root mean square drift")
        new[f"{name}truncated"] = over_seeds(cut, rng, "root mean square of the cut drift")
        for bound, (drift, log_bound) in bounds.items():
            ratio = drift.copy(data=np.exp(np.log(drift.values) - log_bound))
            new[f"{name}{bound}_ratio"] = over_seeds(ratio, rng, f"drift over the {bound} bound")
            new[f"{name}{bound}_log_bound"] = variable((axis, time), log_bound, f"log of the {bound} bound")
    predicted = [solvable_models.lifted_time(d) for d in result["simulated_dimension"].values]
    gap = np.abs(result["lifted_time"].values - predicted)
    new["lifted_time_gap"] = variable("simulated_dimension", gap, "simulated time less the closed form", "flow time")
    return result.assign(new | _lifted(result["lifted_dimension"].values.astype(float)))


def _lifted(dimensions: np.ndarray) -> dict[str, xr.Variable]:
    """The lifted model at the time when its drift is 1/2 under every parity; G_0 = L = 1."""
    times = np.logaddexp((dimensions / 2 - 1) * np.log(2), 0)
    printed = theory.printed_drift(dimensions, times, np.ones(1), np.ones(1))
    corrected = np.exp(theory.log_corrected_drift(dimensions, times, np.ones(1), np.ones(1)))
    constants = theory.log2_printed_constant(dimensions, times, 0.25)
    on_axis = {
        "lifted_half_time": (times, "time at which the drift is 1/2"),
        "lifted_printed_ratio": (0.5 / printed, "drift over the printed bound"),
        "lifted_corrected_ratio": (0.5 / corrected, "drift over the corrected bound"),
        "lifted_log2_constant": (constants, "log2 of the constant C_1 that the print needs"),
    }
    growth = {
        "lifted_constant_growth": (constants, "growth of log2 C_1 per dimension"),
        "lifted_corollary_growth": (dimensions - 1, "growth of log2 of the drift over 2^-d per dimension"),
    }
    new = {name: variable("lifted_dimension", values, label) for name, (values, label) in on_axis.items()}
    return new | {name: variable((), upper_slope(dimensions, logs), label) for name, (logs, label) in growth.items()}
