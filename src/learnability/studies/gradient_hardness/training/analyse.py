"""Analysis of the kind ``training``: censored times, predictions without training, curves.

One ``case`` is a setting at one dimension.
"""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import estimate, names, variable
from learnability.results.status import Status
from learnability.statistics.censoring import censored_median
from learnability.statistics.intervals import bootstrap
from learnability.studies.gradient_hardness import theory
from learnability.studies.gradient_hardness.estimates import OVER_SEEDS
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
ESTIMATES = {
    "steps": ("median steps to the accuracy goal, infinite where censored", ORDER_STATISTICS, "step"),
    "margin_steps": ("median steps to the loss goal, infinite where censored", ORDER_STATISTICS, "step"),
    "ratio": ("median of steps to the accuracy goal over predicted steps", OVER_SEEDS, "1"),
    "margin_ratio": ("median of steps to the loss goal over predicted steps", OVER_SEEDS, "1"),
}


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Medians over the seeds of each case, with censored runs counted as longer than the horizon."""
    cases, curves, ratios = [], [], []
    for run in runs:
        for d in run.result["dimension"].values:
            at_dimension = run.result.sel(dimension=d)
            case, ratio = _case(cast(TrainingSetting, run.setting), at_dimension, rng)
            cases.append(case)
            ratios.append(ratio)
            curves.append(_medians(at_dimension[["accuracy", "loss"]].drop_vars("dimension")))
    content = {name: variable("case", [case[name] for case in cases], *labels) for name, labels in NUMBERS.items()}
    for name, labels in ESTIMATES.items():
        middle, low, high = np.transpose([case[name] for case in cases])
        content[name] = estimate("case", middle, low, high, *labels)
    joined = xr.concat(curves, "case", join="outer")
    for name in ("accuracy", "loss"):
        content[name] = variable(("case", "time"), joined[name].transpose("case", "time").values, f"median {name}")
    label = "steps to the accuracy goal over predicted steps, infinite where censored"
    content["seed_ratio"] = variable(("case", "seed"), ratios, label)
    content["pooled_ratio"] = _pooled(xr.Dataset(content), rng)
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
    if setting.loss_goal_at(int(result["dimension"])) is None:
        case |= dict.fromkeys(("margin_steps", "margin_ratio"), (np.nan, np.nan, np.nan))
    return case, ratios["ratio"]


def _median_ratio(ratio: np.ndarray, rng: np.random.Generator) -> Estimate:
    """Median over the seeds with its bootstrap interval; infinite ends where censored runs reach them."""
    middle, low, high = bootstrap(np.median, ratio, rng)
    return float(middle), float(low), float(high)


def _medians(curves: xr.Dataset) -> xr.Dataset:
    """Median over the seeds; a run that has ended keeps its last value, so that the median is over all of them."""
    filled = {}
    for name, array in curves.items():
        values = array.transpose("seed", "time").values
        last = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(values.shape[1])), axis=1)
        filled[name] = ("time", np.median(np.take_along_axis(values, last, 1), axis=0))
    return xr.Dataset(filled, {"time": curves["time"]})


def _pooled(cases: xr.Dataset, rng: np.random.Generator) -> xr.Variable:
    """Measured over predicted steps of the full parity: geometric mean over d for each seed, median over the seeds.

    NaN without a full parity.
    """
    full = (cases["degree"] == cases["dimension"]).values
    found: Estimate = (np.nan, np.nan, np.nan)
    if full.any():
        found = _median_ratio(np.exp(np.mean(np.log(cases["seed_ratio"].values[full]), axis=0)), rng)
    label = "measured over predicted steps of the full parity, geometric mean over d"
    return estimate((), *found, label, OVER_SEEDS)
