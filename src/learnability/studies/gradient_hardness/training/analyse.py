"""Analysis of the kind ``training``: censored times, predictions without training, curves.

One ``case`` is a setting at one dimension.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import OVER_SEEDS, STUDENT, STUDENT_IN_LOGS, estimate, names, variable
from learnability.results.status import Status
from learnability.statistics.asymptotics import trend
from learnability.statistics.censoring import censored_median
from learnability.statistics.intervals import bootstrap, mean_interval
from learnability.statistics.scaling import log_combination, log_slope
from learnability.studies.gradient_hardness import theory
from learnability.studies.gradient_hardness.measuring import EXTRAPOLATED_FROM, EXTRAPOLATED_TO, cases_of
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
    "ratio": ("median of measured over predicted steps, all points right", OVER_SEEDS, "1"),
    "final_accuracy": ("mean accuracy at the end", STUDENT, "1"),
    "final_loss": ("mean hinge loss at the end", STUDENT, "1"),
    "margin_ratio": ("median of measured over predicted steps, loss goal", OVER_SEEDS, "1"),
}


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Medians over the seeds of each case, with censored runs counted as longer than the horizon."""
    cases, curves, ratios, least, steps = [], [], [], [], []
    for run in runs:
        for d in run.result["dimension"].values:
            at_dimension = run.result.sel(dimension=d)
            case, ratio, bound = _case(run.setting_as(TrainingSetting), at_dimension, rng)
            cases.append(case)
            reached = at_dimension["steps"].values
            steps.append(np.where(np.isnan(reached), np.inf, reached))
            ratios.append(ratio)
            least.append(bound)
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
    label = "steps to the accuracy goal over predicted steps, those of the horizon where censored"
    content["least_seed_ratio"] = variable(("case", "seed"), least, label)
    label = "steps to the accuracy goal of each seed, infinite where censored"
    content["seed_steps"] = variable(("case", "seed"), steps, label, "step")
    content["growth"] = _growth(xr.Dataset(content), rng)
    content["extrapolated"] = _extrapolated(xr.Dataset(content), rng)
    content |= _ratio_trend(xr.Dataset(content), rng)
    coordinates = {
        "case": variable("case", np.arange(len(cases)), "setting and dimension"),
        "initialization": names("case", [case["initialization"] for case in cases], "initialisation of the network"),
        "coding": names("case", [case["coding"] for case in cases], "coding of the inputs"),
        "law": names("law", list(LAWS), "law of the steps in d"),
        "time": variable("time", joined["time"].values, "steps of SGD", "step"),
        "seed": variable("seed", runs[0].result["seed"].values, "seed"),
    }
    return xr.Dataset(content, coordinates)


def _case(
    setting: TrainingSetting, result: xr.Dataset, rng: np.random.Generator
) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """What ``NUMBERS`` and ``ESTIMATES`` name, the texts of the case, the ratio of each seed, and a lower bound of it
    that is finite."""
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
    return case, ratios["ratio"], np.where(np.isnan(steps), setting.max_steps, steps) / predicted


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

    From the slope of the logarithm against log d, median over the seeds; NaN for fewer than three d. Censored runs
    count as the horizon: at the largest d alone, where the slope rises with them, the numbers are lower bounds; NaN
    where one is censored at another d.
    """
    full = cases_of(cases)
    d, ratio = full["dimension"].values, full["least_seed_ratio"].transpose("seed", "case").values
    reached = np.isfinite(full["seed_ratio"].transpose("seed", "case").values[:, :-1]).all()
    change = slope = (np.nan, np.nan, np.nan)
    if np.unique(d).size == d.size >= 3 and reached and np.isfinite(ratio).all() and len(ratio) > 1:
        found = trend(d, ratio, rng)
        change = (found.change, found.change_low, found.change_high)
        slope = (found.slope, found.low, found.high)
    label = "measured over predicted steps of the full parity"
    return {
        "ratio_change": estimate((), *change, f"{label}: its factor from the smallest d to the largest", OVER_SEEDS),
        "ratio_slope": estimate((), *slope, f"{label}: exponent in d", OVER_SEEDS),
    }


def _growth(cases: xr.Dataset, rng: np.random.Generator) -> xr.Variable:
    """The exponent in d of the steps over all cases of one degree, for each case.

    Of the geometric mean over the seeds; NaN for fewer than three d and where a run is censored.
    """
    exponents = np.full((cases.sizes["case"], 3), np.nan)
    for row, degree in zip(exponents, cases["degree"].values, strict=True):
        same = cases.isel(case=(cases["degree"] == degree).values).sortby("dimension")
        d, steps = same["dimension"].values, same["seed_steps"].transpose("seed", "case").values
        if np.unique(d).size == d.size >= 3 and np.isfinite(steps).all():
            row[:] = log_slope(d, steps, rng, "geometric mean")
    label = "exponent in d of the steps to the accuracy goal, parities of one degree"
    middle, low, high = exponents.T
    return estimate("case", middle, low, high, label, STUDENT)


# Functions f of ``log T = a f(d) + b`` and the number of the largest d that it is fitted to, None for all.
LAWS: dict[str, tuple[Callable[[Any], Any], int | None]] = {
    "power law": (np.log, None),
    "power law of the last three d": (np.log, 3),
    "exponential": (lambda dimension: dimension, None),
}


def _extrapolated(cases: xr.Dataset, rng: np.random.Generator) -> xr.Variable:
    """The steps of the full parity at ``EXTRAPOLATED_TO`` by each of ``LAWS``, geometric means over the seeds.

    Fitted from ``EXTRAPOLATED_FROM`` up to the first d with a censored run; NaN for fewer than three d. The law of the
    last three d has the local exponent to which the exponent has fallen there.
    """
    full = cases_of(cases)
    d = full["dimension"].values
    full = full.isel(case=(d >= EXTRAPOLATED_FROM) & (d < EXTRAPOLATED_TO))
    d, steps = full["dimension"].values, full["seed_steps"].transpose("seed", "case").values
    reached = int(np.argmin([*np.isfinite(steps).all(axis=0), False]))
    ends = np.full((len(LAWS), 3), np.nan)
    if np.unique(d).size == d.size and reached >= 3:
        for row, (law, last) in zip(ends, LAWS.values(), strict=True):
            used = slice(reached - (last or reached), reached)
            x = law(d[used])
            weights = np.array([law(float(EXTRAPOLATED_TO)), 1.0]) @ np.linalg.pinv(np.stack((x, np.ones_like(x)), 1))
            row[:] = np.exp(log_combination(weights, steps[:, used], rng, "geometric mean"))
    label = f"steps to the accuracy goal, extrapolated to d = {EXTRAPOLATED_TO}"
    middle, low, high = ends.T
    return estimate("law", middle, low, high, label, STUDENT_IN_LOGS, "step")
