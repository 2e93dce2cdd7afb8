"""Escape times: quantiles over seeds, fitted exponents with bootstrap intervals, the exact medians beside them."""

import json
import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.statistics.intervals import bootstrap
from learnability.statistics.scaling import bootstrap_slope, fit_slope
from learnability.results.contract import Run
from learnability.studies.multi_index import theory
from learnability.studies.multi_index.flows import FLOWS
from learnability.studies.multi_index.targets import expansions, leap_exponents, link_texts

QUANTILES = (0.1, 0.5, 0.9)
_FEWEST = 8  # seeds that must escape for an exponent

Array = NDArray[np.float64]

_MEANINGS = {
    "escape_time": ("quantiles over seeds of the time at which a direction escapes", "flow time"),
    "escaped": ("fraction of seeds that escape", "1"),
    "slope": ("slope of log median escape time against log dimension: estimate, low, high", "1"),
    "asymptotic_slope": ("the same from dimension 10^4 on: estimate, low, high", "1"),
    "log_rate": ("slope of the median escape time against log dimension: estimate, low, high", "flow time"),
    "exponent": ("predicted exponent", "1"),
    "predicted_log_rate": ("predicted slope against log dimension where the exponent is zero", "flow time"),
    "exact_median": ("exact median escape time of a pure link of one variable", "flow time"),
    "num_variables": ("number of variables of the link", "1"),
    "leap": ("leap exponent of the direction", "1"),
    "largest_fall": ("largest fall of a cosine in one step, over all runs", "1"),
    "unfinished": ("fraction of runs that used up their steps or diverged", "1"),
    "seeds": ("seeds behind the fit", "1"),
}


def analyse_escape(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """One case for every link of every run; dimensions case, angle, dimension."""
    rows, texts = [], []
    angles = max(run.result.sizes["angle"] for run in runs)
    for run in runs:
        for link, text in enumerate(link_texts(run.target)):
            rows.append(_case(run, link, angles, rng))
            texts.append(text)
    dims = {
        "escape_time": ("case", "angle", "quantile", "dimension"),
        "escaped": ("case", "angle", "dimension"),
        **dict.fromkeys(("slope", "asymptotic_slope", "log_rate"), ("case", "angle", "bound")),
        **dict.fromkeys(("exponent", "predicted_log_rate", "leap", "seeds"), ("case", "angle")),
        "exact_median": ("case", "dimension"),
        **dict.fromkeys(("num_variables", "largest_fall", "unfinished"), ("case",)),
    }
    variables = {
        name: (dims[name], np.array([row[name] for row in rows]), {"long_name": long, "units": units})
        for name, (long, units) in _MEANINGS.items()
    }
    coordinates = {
        "case": np.arange(len(rows)),
        "dimension": (
            "dimension",
            runs[0].result["dimension"].values,
            {"long_name": "dimension d of the data", "units": "1"},
        ),
        "quantile": ("quantile", np.array(QUANTILES), {"long_name": "quantile over seeds", "units": "1"}),
    }
    flow = FLOWS[int(runs[0].result["flow"][0])]
    return xr.Dataset(variables, coords=coordinates, attrs={"links": json.dumps(texts), "flow": flow})


def _case(run: Run, link: int, angles: int, rng: np.random.Generator) -> dict[str, object]:
    flow = FLOWS[int(run.result["flow"][0])]
    one = run.result.isel(link=link, flow=0)
    dimensions = one["dimension"].values.astype(float)
    leaps = leap_exponents(run.target, link)
    predict = theory.joint_exponent if flow == "joint" else theory.planted_exponent
    expansion = expansions(run.target)[link]
    missing = [math.nan] * 3
    row: dict[str, list[object]] = {
        name: []
        for name in (
            "escape_time",
            "escaped",
            "slope",
            "asymptotic_slope",
            "log_rate",
            "exponent",
            "seeds",
            "predicted_log_rate",
            "leap",
        )
    }
    for k in range(angles):
        if k >= expansion.variables:
            times = np.full((len(dimensions), one.sizes["seed"]), math.nan)
        else:
            times = one["escape_time"].isel(angle=k).transpose("dimension", "seed").values
        # Starts frozen at the equator never escape; common random numbers freeze the same seeds at every dimension.
        whole = times[:, np.isfinite(times).all(axis=0)].T
        enough = len(whole) >= _FEWEST
        late = dimensions >= 1e4
        exponent = max(map(predict, leaps[: k + 1])) if k < len(leaps) else math.nan
        row["escape_time"].append(_quantiles(times))
        row["escaped"].append(np.isfinite(times).mean(axis=1))
        row["slope"].append(bootstrap_slope(dimensions, whole, rng) if enough else missing)
        row["asymptotic_slope"].append(
            bootstrap_slope(dimensions[late], whole[:, late], rng) if enough and late.sum() > 1 else missing
        )
        row["log_rate"].append(_log_rate(dimensions, whole, rng) if enough else missing)
        row["exponent"].append(exponent)
        row["predicted_log_rate"].append(theory.log_rate(flow, leaps[: k + 1]) if exponent == 0 else math.nan)
        row["leap"].append(leaps[k] if k < len(leaps) else 0)
        row["seeds"].append(len(whole))
    pure = expansion.variables == 1 and len(expansion.coefficients) == 1 and abs(expansion.norm - 1) < 1e-9
    exact = [theory.pure_median(flow, expansion.degree, int(d)) if pure else math.nan for d in dimensions]
    return {
        **row,
        "exact_median": exact,
        "num_variables": expansion.variables,
        "largest_fall": float(one["largest_fall"].max()),
        "unfinished": float(np.isin(one["status"].values, (2, 3)).mean()),
    }


def _quantiles(times: Array) -> Array:
    """Quantiles over the seeds that escape, shape (quantile, dimension)."""
    found = np.full((len(QUANTILES), len(times)), math.nan)
    for i, row in enumerate(times):
        if np.isfinite(row).any():
            found[:, i] = np.quantile(row[np.isfinite(row)], QUANTILES)
    return found


def _log_rate(dimensions: Array, times: Array, rng: np.random.Generator) -> list[float]:
    def rate(values: Array, *, axis: int) -> Array:
        return np.asarray(fit_slope(np.log(dimensions), np.median(values, axis=axis))[0])

    return [float(x) for x in bootstrap(rate, times, rng)]
