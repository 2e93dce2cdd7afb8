"""Analysis of the kind ``training``: censored times, predictions without training, curves.

One ``case`` is a setting at one dimension.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import OVER_SEEDS, estimate, names, variable
from learnability.results.status import Status
from learnability.statistics.asymptotics import trend
from learnability.statistics.censoring import censored_median
from learnability.statistics.intervals import bootstrap
from learnability.studies.gradient_hardness import theory
from learnability.studies.gradient_hardness.estimates import mean_interval
from learnability.studies.gradient_hardness.training.setting import TrainingSetting

Estimate = tuple[float, float, float]

NUMBERS = {
    "dimension": ("input dimension d", "1"),
    "degree": ("parity degree |v|", "1"),
    "horizon": ("steps after which a run is censored", "step"),
    "seeds": ("number of runs", "1"),
    "solved": ("number of runs that reached the accuracy goal", "1"),
    "diverged": ("number of runs that diverged", "1"),
    "predicted_steps": ("median of 1/(step size lambda_v)", "step"),
}
ORDER_STATISTICS = "95% between order statistics, the whole range of fewer than six seeds"
STUDENT = "95% Student over seeds"
ESTIMATES = {
    "steps": ("median steps to the accuracy goal, infinite where censored", ORDER_STATISTICS, "step"),
    "margin_steps": ("median steps to the loss goal, infinite where censored", ORDER_STATISTICS, "step"),
    "ratio": ("median of measured over predicted steps, all points right", OVER_SEEDS, "1"),
    "final_accuracy": ("mean accuracy at the end", STUDENT, "1"),
    "final_loss": ("mean hinge loss at the end", STUDENT, "1"),
    "margin_ratio": ("median of measured over predicted steps, loss goal", OVER_SEEDS, "1"),
}


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Medians over the seeds of each case, with censored runs counted as longer than the horizon."""
    cases, curves, ratios = [], [], []
    for run in runs:
        for d in run.result["dimension"].values:
            at_dimension = run.result.sel(dimension=d)
            case, ratio = _case(run.setting_as(TrainingSetting), at_dimension, rng)
            cases.append(case)
            ratios.append(ratio)
            curves.append(_over_seeds(at_dimension[["accuracy", "loss"]].drop_vars("dimension")))
    content = {name: variable("case", [case[name] for case in cases], *labels) for name, labels in NUMBERS.items()}
    for name, labels in ESTIMATES.items():
        middle, low, high = np.transpose([case[name] for case in cases])
        content[name] = estimate("case", middle, low, high, *labels)
    joined = xr.concat(curves, "case", join="outer")
    for name in ("accuracy", "loss"):
        for suffix, what in SHOWN.items():
            values = joined[f"{name}{suffix}"].transpose("case", "time").values
            content[f"{name}{suffix}"] = variable(("case", "time"), values, f"{what} {name}")
    label = "steps to the accuracy goal over predicted steps, infinite where censored"
    content["seed_ratio"] = variable(("case", "seed"), ratios, label)
    content |= _ratio_trend(xr.Dataset(content), rng)
    coordinates = {
        "case": variable("case", np.arange(len(cases)), "setting and dimension"),
        "initialization": names("case", [case["initialization"] for case in cases], "initialisation of the network"),
        "coding": names("case", [case["coding"] for case in cases], "coding of the inputs"),
        "time": variable("time", joined["time"].values, "steps of SGD", "step"),
        "seed": variable("seed", runs[0].result["seed"].values, "seed"),
    }
    return xr.Dataset(content, coordinates)


def _case(setting: TrainingSetting, result: xr.Dataset, rng: np.random.Generator) -> tuple[dict[str, Any], np.ndarray]:
    """What ``NUMBERS`` and ``ESTIMATES`` name, the texts of the case, and the ratio of each seed."""
    steps, margin = result["steps"].values, result["margin_steps"].values
    predicted = theory.lazy_time(result["gradient_norm"].values, setting.step_size)
    case: dict[str, Any] = {
        "dimension": float(result["dimension"]),
        "degree": float(result["degree"]),
        "initialization": setting.initialization,
        "coding": setting.coding,
        "horizon": float(setting.max_steps),
        "seeds": float(steps.size),
        "solved": float((~np.isnan(steps)).sum()),
        "diverged": float((result["status"].values == Status.DIVERGED).sum()),
        "predicted_steps": float(np.median(predicted)),
    }
    ratios = {}
    for name, share, times in (("steps", "ratio", steps), ("margin_steps", "margin_ratio", margin)):
        observed = ~np.isnan(times)
        median = censored_median(np.where(observed, times, setting.max_steps), observed)
        ratios[share] = np.where(observed, times, np.inf) / predicted
        case |= {name: (median.median, median.low, median.high), share: _median_ratio(ratios[share], rng)}
    for name in ("accuracy", "loss"):
        case[f"final_{name}"] = mean_interval(_kept(result[name])[:, -1])
    if setting.loss_goal_at(int(result["dimension"])) is None:
        case |= dict.fromkeys(("margin_steps", "margin_ratio"), (np.nan, np.nan, np.nan))
    return case, ratios["ratio"]


def _median_ratio(ratio: np.ndarray, rng: np.random.Generator) -> Estimate:
    """Median over the seeds with its bootstrap interval; infinite ends where censored runs reach them."""
    middle, low, high = bootstrap(np.median, ratio, rng)
    return float(middle), float(low), float(high)


# What the curves of all seeds are reduced to, by the suffix of the name.
SHOWN = {"": "median", "_low": "smallest", "_high": "largest"}
STATISTICS: dict[str, Callable[..., Any]] = {"": np.median, "_low": np.min, "_high": np.max}


def _kept(curves: xr.DataArray) -> np.ndarray:
    """(seed, time): a run that has ended keeps its last value, so that what is taken over the runs is over all."""
    values = curves.transpose("seed", "time").values
    last = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(values.shape[1])), axis=1)
    return np.take_along_axis(values, last, 1)


def _over_seeds(curves: xr.Dataset) -> xr.Dataset:
    """Median, smallest and largest over the seeds, as in ``SHOWN``."""
    reduced = {}
    for name, array in curves.items():
        values = _kept(array)
        for suffix, statistic in STATISTICS.items():
            reduced[f"{name}{suffix}"] = ("time", statistic(values, axis=0))
    return xr.Dataset(reduced, {"time": curves["time"]})


def _ratio_trend(cases: xr.Dataset, rng: np.random.Generator) -> dict[str, xr.Variable]:
    """The factor by which measured over predicted steps of the full parity changes from the smallest d to the largest.

    From the slope of the logarithm against log d, median over the seeds; NaN for fewer than three d and where a run is
    censored.
    """
    full = cases.isel(case=(cases["degree"] == cases["dimension"]).values).sortby("dimension")
    d, ratio = full["dimension"].values, full["seed_ratio"].transpose("seed", "case").values
    change = slope = (np.nan, np.nan, np.nan)
    if np.unique(d).size == d.size >= 3 and np.isfinite(ratio).all() and len(ratio) > 1:
        found = trend(d, ratio, rng)
        change = (found.change, found.change_low, found.change_high)
        slope = (found.slope, found.low, found.high)
    label = "measured over predicted steps of the full parity"
    return {
        "ratio_change": estimate((), *change, f"{label}: its factor from the smallest d to the largest", OVER_SEEDS),
        "ratio_slope": estimate((), *slope, f"{label}: exponent in d", OVER_SEEDS),
    }
