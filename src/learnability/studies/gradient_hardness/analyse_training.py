"""Analysis of training runs: censored times, predictions without training, curves. One ``case`` is a
setting at one dimension."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from learnability.results.status import Status
from learnability.statistics.censoring import censored_median
from learnability.statistics.intervals import bootstrap
from learnability.results.contract import Run
from learnability.studies.gradient_hardness import theory
from learnability.studies.gradient_hardness.datasets import stacked, variable
from learnability.studies.gradient_hardness.settings import TrainingSetting

INITIALIZATIONS = ("default", "gaussian", "rademacher")
CODINGS = ("sign", "bit")

LABELS = {
    "dimension": ("input dimension d", "1"),
    "degree": ("parity degree |v|", "1"),
    "initialization": ("index into the attribute initializations", "1"),
    "coding": ("index into the attribute codings", "1"),
    "horizon": ("steps after which a run is censored", "step"),
    "seeds": ("number of runs", "1"),
    "solved": ("number of runs that reached the accuracy goal", "1"),
    "diverged": ("number of runs that diverged", "1"),
    "steps": ("median steps to the accuracy goal, infinite where censored", "step"),
    "steps_low": ("median steps to the accuracy goal, lower end", "step"),
    "steps_high": ("median steps to the accuracy goal, upper end", "step"),
    "margin_steps": ("median steps to the loss goal, infinite where censored", "step"),
    "margin_steps_low": ("median steps to the loss goal, lower end", "step"),
    "margin_steps_high": ("median steps to the loss goal, upper end", "step"),
    "predicted_steps": ("median of 1/(step size lambda_v)", "step"),
    "ratio": ("median of steps to the accuracy goal over predicted steps", "1"),
    "ratio_low": ("median of steps to the accuracy goal over predicted steps, lower end", "1"),
    "ratio_high": ("median of steps to the accuracy goal over predicted steps, upper end", "1"),
    "margin_ratio": ("median of steps to the loss goal over predicted steps", "1"),
    "margin_ratio_low": ("median of steps to the loss goal over predicted steps, lower end", "1"),
    "margin_ratio_high": ("median of steps to the loss goal over predicted steps, upper end", "1"),
}


def analyse_training(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """One row for each setting and dimension; medians over seeds with censored runs counted as longer than
    the horizon."""
    rows, curves, ratios = [], [], []
    for run in runs:
        for d in run.result["dimension"].values:
            at_dimension = run.result.sel(dimension=d)
            row, ratio = _case(run, at_dimension, rng)
            rows.append(row)
            ratios.append(ratio)
            curves.append(_medians(at_dimension[["accuracy", "loss"]].drop_vars("dimension")))
    content: dict[str, Any] = {name: variable("case", values, *LABELS[name]) for name, values in stacked(rows).items()}
    joined = xr.concat(curves, "case", join="outer")
    for name in ("accuracy", "loss"):
        content[name] = variable(("case", "time"), joined[name].transpose("case", "time").values, f"median {name}")
    label = "steps to the accuracy goal over predicted steps, infinite where censored"
    content["seed_ratio"] = variable(("case", "seed"), ratios, label)
    coordinates = {
        "case": variable("case", np.arange(len(rows)), "setting and dimension"),
        "time": variable("time", joined["time"].values, "steps of SGD", "step"),
        "seed": variable("seed", runs[0].result["seed"].values, "seed"),
    }
    content |= _pooled(xr.Dataset(content), rng)
    return xr.Dataset(content, coordinates, {"initializations": list(INITIALIZATIONS), "codings": list(CODINGS)})


def _pooled(cases: xr.Dataset, rng: np.random.Generator) -> dict[str, tuple]:
    """Measured over predicted steps of the full parity: geometric mean over d for each seed, interval over
    the seeds."""
    full = (cases["degree"] == cases["dimension"]).values
    names = ("pooled_ratio", "pooled_ratio_low", "pooled_ratio_high")
    if not full.any():
        return {name: variable((), np.nan, "no full parity") for name in names}
    means = np.exp(np.mean(np.log(cases["seed_ratio"].values[full]), axis=0))
    found = _ratio("pooled_ratio", means, rng)
    label = "measured over predicted steps of the full parity, geometric mean over d"
    return {name: variable((), found[name], label) for name in names}


def _medians(curves: xr.Dataset) -> xr.Dataset:
    """Median over the seeds; a run that has ended keeps its last value, so that the median is over all of
    them."""
    filled = {}
    for name, array in curves.items():
        values = array.transpose("seed", "time").values
        last = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(values.shape[1])), axis=1)
        filled[name] = ("time", np.median(np.take_along_axis(values, last, 1), axis=0))
    return xr.Dataset(filled, {"time": curves["time"]})


def _case(run: Run, result: xr.Dataset, rng: np.random.Generator) -> tuple[dict[str, float], np.ndarray]:
    setting = run.setting
    assert isinstance(setting, TrainingSetting)
    steps, margin = result["steps"].values, result["margin_steps"].values
    has_loss_goal = setting.loss_goal_at(int(result["dimension"])) is not None
    predicted = theory.lazy_time(result["gradient_norm"].values, setting.step_size)
    row: dict[str, float] = {
        "dimension": float(result["dimension"]),
        "degree": float(result["degree"]),
        "initialization": float(INITIALIZATIONS.index(setting.initialization)),
        "coding": float(CODINGS.index(setting.coding)),
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
        row |= {name: median.median, f"{name}_low": median.low, f"{name}_high": median.high}
        ratios[share] = np.where(observed, times, np.inf) / predicted
        row |= _ratio(share, ratios[share], rng)
    if not has_loss_goal:
        row |= dict.fromkeys((name for name in row if name.startswith("margin_")), np.nan)
    return row, ratios["ratio"]


def _ratio(name: str, ratio: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    """Median over the seeds with its bootstrap interval; infinite ends where censored runs reach them."""
    # A number for infinity, since the bootstrap interpolates between quantiles.
    estimates = bootstrap(np.median, np.where(np.isinf(ratio), 1e300, ratio), rng)
    ends = [np.inf if value > 1e290 else float(value) for value in estimates]
    return dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
