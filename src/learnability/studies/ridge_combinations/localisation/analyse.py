"""Times to localise and what was found, over numbers of tasks and dimensions, with the theory beside them."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import estimate, exponents, over_seeds, share, slope_over_seeds, variable
from learnability.statistics.asymptotics import local_exponents
from learnability.statistics.intervals import bootstrap
from learnability.statistics.scaling import fit_slope
from learnability.studies.ridge_combinations import theory
from learnability.studies.ridge_combinations.alignments import above, localised_only, tasks_found
from learnability.studies.ridge_combinations.localisation.setting import LocalisationSetting


def ratio_of_medians(logs: np.ndarray, axis: int = 0) -> np.ndarray:
    """Median over seeds of the first over that of the second, of the logarithms of pairs (seed, 2, ...)."""
    median = np.moveaxis(np.median(logs, axis=axis), axis, 0)
    return np.asarray(np.exp(median[0] - median[1]))


def missed_over_expected(missed: np.ndarray, expected: float, rng: np.random.Generator) -> tuple[float, float, float]:
    """(ratio, low, high) of the share of missed tasks, (seed, task), over an expected share.

    Tasks of one draw of directions attract unequally, and each attracts alike in all seeds: the (seed, task) are no
    independent trials. A task is resampled with all its seeds, 95% percentile bootstrap. Where tasks are drawn anew it
    covers in 93 to 99% of the draws (simulated, 64 tasks in 16 and 64 seeds, up to three times as many missed as
    expected; trials: 53 to 97%). Resampling seeds as well would count the noise of single (seed, task) three times,
    and covers in 99% or more.
    """
    ratio, low, high = bootstrap(np.mean, missed.mean(0) / expected, rng)
    return ratio, low, high


def _missed_ratio(
    largest: np.ndarray, task: np.ndarray, tasks: np.ndarray, expected: np.ndarray, rng: np.random.Generator
) -> xr.Variable:
    """:func:`missed_over_expected` for neurons (seed, tasks, dimension, neuron), by number of tasks and dimension."""
    ends = np.empty((3, *expected.shape))
    for i, k in np.ndindex(expected.shape):
        winner = np.where(largest[:, i, k] > 0.9, task[:, i, k], -1)
        missed = (winner[:, None, :] != np.arange(int(tasks[i]))[:, None]).all(-1)
        ends[:, i, k] = missed_over_expected(missed, float(expected[i, k]), rng)
    ratio, low, high = ends
    said = "95% bootstrap over the tasks of one draw of directions, each with all seeds"
    text = "fraction of tasks missed over that of independent draws"
    return estimate(("tasks", "dimension"), ratio, low, high, text, said)


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Numbers of tasks and dimensions are axes of a run; several runs differ in their numbers of tasks."""
    setting = runs[0].setting_as(LocalisationSetting)
    exponent = setting.target.information_exponent
    settled: Any = {"data_vars": "minimal", "coords": "minimal", "compat": "override", "join": "exact"}
    result = xr.concat([run.result for run in runs], "tasks", combine_attrs="override", **settled).sortby("tasks")
    tasks, dimensions = result["tasks"].values, result["dimension"].values
    unit = tasks[:, None] * dimensions.astype(float) ** (exponent - 1)
    half = np.median(result["hitting_time"].values, axis=-1)  # T50 of the seed; inf where too few neurons get there
    largest = result["largest"].values
    alone = localised_only(largest, result["second"].values).mean(-1)
    found = tasks_found(largest, result["task"].values)
    near = above(largest, 0.9).sum(-1)  # J_eff, the neurons that can find a task
    all_found = above(found, tasks[:, None] - 0.5)
    bound = np.stack([theory.correlational_bound(dimensions, int(m), exponent) for m in tasks])
    grid = ("tasks", "dimension")
    expected = ((1 - 1 / tasks[:, None]) ** near).mean(0)
    data = {
        "half_time": over_seeds(np.median, grid, half, rng, "T50, median over seeds", "samples"),
        "half_time_per_seed": variable(("seed", *grid), half, "T50 of the seed", "samples"),
        "scaled_half_time": over_seeds(np.median, grid, half / unit, rng, "T50 / (M d^(p-1))"),
        "localised": over_seeds(np.mean, grid, alone, rng, "fraction of neurons on one direction"),
        "tasks_found": over_seeds(np.mean, grid, found, rng, "tasks with a neuron above 0.9", "tasks"),
        "found": share(grid, found.sum(0), len(found) * tasks[:, None], "fraction of tasks found, seeds pooled"),
        "all_found": share(grid, all_found.sum(0), len(found), "fraction of seeds in which all tasks are found"),
        "neurons_near": over_seeds(np.mean, grid, near, rng, "neurons above 0.9 on a direction", "neurons"),
        "expected_missed": variable(grid, expected, "fraction of tasks missed if each such neuron draws one"),
        "engine": result["engine"].variable,
        "correlational_bound": variable(grid, bound, "M d^(p/2), CSQ lower bound up to its constant", "samples"),
    }
    if setting.phase_one.bias != "uniform":
        flow = np.median(result["flow_time"].values, axis=-1)
        logs = np.log(np.stack([half, flow], axis=1))  # of the same starts: a seed is resampled with both
        data |= _flow_times(setting, tasks, dimensions, unit)
        text = "T50 over that of the flow from the same starts"
        data["over_flow"] = over_seeds(ratio_of_medians, grid, logs, rng, text, smooth=True)
        if len(dimensions) > 1:
            text = "slope of log T50 minus that of the flow from the same starts, mean over seeds"
            # Paired by seed: the starts, which both share, make most of the spread.
            with np.errstate(invalid="ignore"):  # neither was reached: no slope
                paired = logs[:, 0, 0] - logs[:, 1, 0]
            gap = fit_slope(np.log(dimensions), paired)[0]
            data["dimension_slope_gap"] = over_seeds(np.mean, (), gap, rng, text)
    for axis, x, values in (("dimension", dimensions, half[:, 0]), ("tasks", tasks, half[:, :, 0])):
        if len(x) > 1:
            data[f"{axis}_slope"] = slope_over_seeds(x, values, rng, f"slope of log T50 against log {axis}")
        if len(x) > 2 and (axis == "dimension" or len(dimensions) <= 2):
            # Starts are of size d^(-1/2): the flow's relative correction is of order d^(-1/2) for p = 3 and d^(-1) for
            # p = 4. Against M the correction is the logarithm in c_M.
            forms: Any = ("1/log x",) if axis == "tasks" else ("x^-1/2", "x^-1")[:: 1 if exponent == 3 else -1]
            data |= exponents(local_exponents(x, values, rng, "median", forms), f"exponent of T50 in {axis}", name=axis)
    if setting.target.random_dimension is not None:
        data["missed_ratio"] = _missed_ratio(largest, result["task"].values, tasks, expected, rng)
    coords = {"tasks": tasks, "dimension": dimensions}
    return xr.Dataset(data, coords=coords, attrs={"information_exponent": exponent, "seeds": half.shape[0]})


def _flow_times(
    setting: LocalisationSetting, tasks: np.ndarray, dimensions: np.ndarray, unit: np.ndarray
) -> dict[str, xr.Variable]:
    """Times of the population flow, for a student whose neurons share one bias."""
    exponent, delta = setting.target.information_exponent, setting.phase_one.relative_step
    alpha = theory.relu_coefficient(float(setting.phase_one.bias), exponent)
    limit = [theory.escape_constant(exponent, int(m), alpha, 1.0, delta) for m in tasks]
    until = partial(theory.hitting_constant, exponent, student=alpha, relative_step=delta, threshold=setting.threshold)
    finite = np.array([[until(int(m), dimension=float(d)) for d in dimensions] for m in tasks])
    data = {
        "escape_constant": variable("tasks", limit, "n* / (M d^(p-1)) of the population flow"),
        "hitting_constant": variable(("tasks", "dimension"), finite, "n / (M d^(p-1)) of the flow at finite d"),
    }
    if len(dimensions) > 1:
        slope = np.polyfit(np.log(dimensions), np.log(finite[0] * unit[0]), 1)[0]
        data["expected_dimension_slope"] = variable((), slope, "slope of the flow's time at these d")
    return data
