"""Analysis: quantiles of escape times over seeds, fitted exponents with bootstrap intervals, exact medians."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.results.contract import Run
from learnability.results.labelled import Dims, estimate, names, texts, variable
from learnability.results.status import Status
from learnability.statistics.intervals import bootstrap
from learnability.statistics.scaling import bootstrap_slope, fit_slope
from learnability.studies.multi_index import theory
from learnability.studies.multi_index.links import expansions, leap_exponents, link_texts

QUANTILES = (0.1, 0.5, 0.9)
_FEWEST = 8  # seeds that must escape for an exponent
_NO_FIT = (math.nan,) * 3

Array = NDArray[np.float64]


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """One case for every link of every run; dimensions case, angle, dimension."""
    angles = max(run.result.sizes["angle"] for run in runs)
    links = [(run, link, text) for run in runs for link, text in enumerate(link_texts(run.target))]
    rows = [_case(run, link, angles, rng) for run, link, _ in links]
    direction = ("case", "angle")

    def column(name: str, dims: Dims, long_name: str, units: str = "1") -> xr.Variable:
        return variable(dims, np.array([row[name] for row in rows]), long_name, units)

    def fitted(name: str, long_name: str, units: str = "1") -> xr.Variable:
        middle, low, high = np.moveaxis(np.array([row[name] for row in rows]), -1, 0)
        return estimate(direction, middle, low, high, long_name, "95% bootstrap over seeds", units)

    return xr.Dataset(
        {
            "escape_time": column(
                "escape_time",
                (*direction, "quantile", "dimension"),
                "quantiles over seeds of the time at which a direction escapes",
                "flow time",
            ),
            "escaped": column("escaped", (*direction, "dimension"), "fraction of seeds that escape"),
            "slope": fitted("slope", "slope of log median escape time against log dimension"),
            "asymptotic_slope": fitted("asymptotic_slope", "the same slope from dimension 10^4 on"),
            "log_rate": fitted("log_rate", "slope of the median escape time against log dimension", "flow time"),
            "exponent": column("exponent", direction, "predicted exponent"),
            "predicted_log_rate": column(
                "predicted_log_rate",
                direction,
                "predicted slope against log dimension where the exponent is zero",
                "flow time",
            ),
            "exact_median": column(
                "exact_median",
                ("case", "dimension"),
                "exact median escape time of a pure link of one variable",
                "flow time",
            ),
            "num_variables": column("num_variables", "case", "number of variables of the link"),
            "leap": column("leap", direction, "leap exponent of the direction"),
            "largest_fall": column("largest_fall", "case", "largest fall of a cosine in one step, over all runs"),
            "unfinished": column("unfinished", "case", "fraction of runs that used up their steps or diverged"),
            "seeds": column("seeds", direction, "seeds behind the fit"),
        },
        coords={
            "link": names("case", [text for *_, text in links], "link"),
            "dimension": variable("dimension", runs[0].result["dimension"].values, "dimension d of the data"),
            "quantile": variable("quantile", np.array(QUANTILES), "quantile over seeds"),
        },
        attrs={"flow": _flow(runs[0])},
    )


def _flow(run: Run) -> str:
    return texts(run.result["flow"])[0]


def _case(run: Run, link: int, angles: int, rng: np.random.Generator) -> dict[str, Any]:
    flow = _flow(run)
    one = run.result.isel(link=link, flow=0)
    dimensions = one["dimension"].values.astype(float)
    late = dimensions >= 1e4
    leaps = leap_exponents(run.target, link)
    predict = theory.joint_exponent if flow == "joint" else theory.planted_exponent
    expansion = expansions(run.target)[link]
    directions: list[dict[str, Any]] = []
    for k in range(angles):
        if k >= expansion.variables:
            times = np.full((len(dimensions), one.sizes["seed"]), math.nan)
        else:
            times = one["escape_time"].isel(angle=k).transpose("dimension", "seed").values
        # Starts frozen at the equator never escape; common random numbers freeze the same seeds at every dimension.
        whole = times[:, np.isfinite(times).all(axis=0)].T
        enough = len(whole) >= _FEWEST
        exponent = max(map(predict, leaps[: k + 1])) if k < len(leaps) else math.nan
        directions.append(
            {
                "escape_time": _quantiles(times),
                "escaped": np.isfinite(times).mean(axis=1),
                "slope": bootstrap_slope(dimensions, whole, rng) if enough else _NO_FIT,
                "asymptotic_slope": bootstrap_slope(dimensions[late], whole[:, late], rng)
                if enough and late.sum() > 1
                else _NO_FIT,
                "log_rate": _log_rate(dimensions, whole, rng) if enough else _NO_FIT,
                "exponent": exponent,
                "predicted_log_rate": theory.log_rate(flow, leaps[: k + 1]) if exponent == 0 else math.nan,
                "leap": leaps[k] if k < len(leaps) else 0,
                "seeds": len(whole),
            }
        )
    pure = expansion.variables == 1 and len(expansion.coefficients) == 1 and abs(expansion.norm - 1) < 1e-9
    exact = [theory.pure_median(flow, expansion.degree, int(d)) if pure else math.nan for d in dimensions]
    return {
        **{name: [direction[name] for direction in directions] for name in directions[0]},
        "exact_median": exact,
        "num_variables": expansion.variables,
        "largest_fall": float(one["largest_fall"].max()),
        "unfinished": float(np.isin(one["status"].values, (Status.DIVERGED, Status.MAX_STEPS)).mean()),
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
