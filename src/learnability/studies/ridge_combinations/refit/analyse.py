"""Exponents of phase II in the number of samples, of tasks and of neurons."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import over_seeds, slope_over_seeds
from learnability.studies.ridge_combinations.refit.setting import RefitSetting


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Runs differ in the ratio of the strengths: one strength exponent C_p each, the first of equal strengths."""
    ordered = sorted(runs, key=lambda run: run.setting_as(RefitSetting).target.strength_ratio)
    targets = [run.setting_as(RefitSetting).target for run in ordered]
    strengths = [t.strength_ratio ** (2 / (t.information_exponent - 2)) for t in targets]
    first = ordered[0].result
    tasks, samples, widths = (first[name].values for name in ("tasks", "samples", "width"))
    error = np.stack([run.result["error"].values for run in ordered], axis=1)
    joint, joint_samples = first["joint"].values, first["joint_samples"].values
    by_tasks = [
        slope_over_seeds(tasks, error[:, k, :, -1] ** 2, rng, "slope of log squared error against log M, largest n")
        for k in range(len(ordered))
    ]
    data = {
        "error": over_seeds(np.median, ("strength_exponent", "tasks", "samples"), error, rng, "mean absolute error"),
        "joint": over_seeds(np.median, "joint_samples", joint, rng, "mean absolute error, neurons like sqrt(n)"),
        "sample_slope": slope_over_seeds(
            joint_samples, joint, rng, "slope of log error against log n, neurons like sqrt(n)"
        ),
        "task_slope": xr.Variable.concat(by_tasks, "strength_exponent"),
        "best": over_seeds(np.median, "width", first["best"].values, rng, "error of the best fit of one link"),
        "width_slope": slope_over_seeds(widths, first["best"].values, rng, "slope of log best error against log J"),
    }
    coords = {
        "strength_exponent": strengths,
        "tasks": tasks,
        "samples": samples,
        "joint_samples": joint_samples,
        "width": widths,
    }
    joint_tasks = ordered[0].setting_as(RefitSetting).joint_tasks
    return xr.Dataset(data, coords, {"seeds": error.shape[0], "joint_tasks": joint_tasks})
