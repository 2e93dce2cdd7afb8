"""Analysis: quantiles of escape times over seeds, and the local exponents of their medians by decade."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.results.contract import Run
from learnability.results.labelled import Dims, exponents, names, texts, variable
from learnability.results.status import Status
from learnability.statistics.asymptotics import LocalExponents
from learnability.statistics.scaling import fit_slope
from learnability.studies.multi_index import theory
from learnability.studies.multi_index.laws import exponents_of_median
from learnability.studies.multi_index.links import leap_exponents, link_texts

QUANTILES = (0.1, 0.5, 0.9)
_FEWEST = 8  # seeds that must escape for an exponent

Array = NDArray[np.float64]


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """One case for every link of every run; dimensions case, angle, dimension.

    The exponent of a saddle is that of the median over the seeds that escape it at every dimension. Where the law is a
    logarithm it is the rate d(time)/d(log d), the exponent of exp(time).
    """
    angles = max(run.result.sizes["angle"] for run in runs)
    links = [(run, link, text) for run in runs for link, text in enumerate(link_texts(run.target))]
    rows = [_case(run, link, angles, rng) for run, link, _ in links]
    direction = ("case", "angle")

    def column(name: str, dims: Dims, long_name: str, units: str = "1") -> xr.Variable:
        return variable(dims, np.array([row[name] for row in rows]), long_name, units)

    return xr.Dataset(
        {
            "escape_time": column(
                "escape_time",
                (*direction, "quantile", "dimension"),
                "quantiles over seeds of the time at which a direction escapes",
                "flow time",
            ),
            "escaped": column("escaped", (*direction, "dimension"), "fraction of seeds that escape"),
            **exponents(
                [row["last"] for row in rows], "local exponent of the last saddle's median time", "case", "last"
            ),
            **exponents(
                [row["first"] for row in rows], "local exponent of the first saddle's median time", "case", "first"
            ),
            **exponents([row["ratio"] for row in rows], "local exponent of the ratio of both", "case", "ratio"),
            "slope": column("slope", direction, "slope of log median escape time against log dimension, full range"),
            "exponent": column("exponent", direction, "predicted exponent"),
            "predicted_log_rate": column(
                "predicted_log_rate",
                direction,
                "predicted slope against log dimension where the exponent is zero",
                "flow time",
            ),
            "num_variables": column("num_variables", "case", "number of variables of the link"),
            "leap": column("leap", direction, "leap exponent of the direction"),
            "unfinished": column("unfinished", "case", "fraction of runs that used up their steps or diverged"),
            "escaping": column("escaping", direction, "seeds behind the exponent"),
        },
        coords={
            "link": names("case", [text for *_, text in links], "link"),
            "dimension": variable("dimension", runs[0].result["dimension"].values, "dimension d of the data"),
            "quantile": variable("quantile", np.array(QUANTILES), "quantile over seeds"),
        },
        attrs={"flow": _flow(runs[0]), "seeds": runs[0].result.sizes["seed"]},
    )


def _flow(run: Run) -> str:
    return texts(run.result["flow"])[0]


def _case(run: Run, link: int, angles: int, rng: np.random.Generator) -> dict[str, Any]:
    flow = _flow(run)
    one = run.result.isel(link=link, flow=0)
    dimensions = one["dimension"].values.astype(float)
    leaps = leap_exponents(run.target, link)
    predict = theory.joint_exponent if flow == "joint" else theory.planted_exponent
    r = int(run.target["num_variables"][link])
    times = one["escape_time"].transpose("angle", "dimension", "seed").values
    predicted = [max(map(predict, leaps[: k + 1])) if k < len(leaps) else math.nan for k in range(angles)]
    # Starts that never escape stay out; common random numbers freeze the same seeds at every dimension.
    whole = [rows[:, np.isfinite(rows).all(axis=0)].T for rows in times]
    both = np.isfinite(times[[0, r - 1]]).all(axis=(0, 1))
    directions = [
        {
            "escape_time": _quantiles(times[k]),
            "escaped": np.isfinite(times[k]).mean(axis=1),
            "slope": _slope(dimensions, whole[k]),
            "exponent": predicted[k],
            "predicted_log_rate": theory.log_rate(flow, leaps[: k + 1]) if predicted[k] == 0 else math.nan,
            "leap": leaps[k] if k < len(leaps) else 0,
            "escaping": len(whole[k]),
        }
        for k in range(angles)
    ]
    return {
        **{name: [direction[name] for direction in directions] for name in directions[0]},
        "last": _local(dimensions, whole[r - 1], predicted[r - 1] == 0, rng),
        "first": _local(dimensions, whole[0], predicted[0] == 0, rng),
        "ratio": _local(dimensions, (times[r - 1] / times[0])[:, both].T, False, rng),
        "num_variables": r,
        "unfinished": float(np.isin(one["status"].values, (Status.DIVERGED, Status.MAX_STEPS)).mean()),
    }


def _local(dimensions: Array, times: Array, logarithmic: bool, rng: np.random.Generator) -> LocalExponents:
    """The local exponents of the median of ``times`` (seed, dimension); NaN where too few seeds escape."""
    if len(times) < _FEWEST:
        times = np.full((_FEWEST, len(dimensions)), math.nan)
    return exponents_of_median(dimensions, times, logarithmic, rng)


def _slope(dimensions: Array, times: Array) -> float:
    if len(times) < _FEWEST:
        return math.nan
    return float(fit_slope(np.log(dimensions), np.log(np.median(times, axis=0)))[0])


def _quantiles(times: Array) -> Array:
    """Quantiles over the seeds that escape, shape (quantile, dimension)."""
    found = np.full((len(QUANTILES), len(times)), math.nan)
    for i, row in enumerate(times):
        if np.isfinite(row).any():
            found[:, i] = np.quantile(row[np.isfinite(row)], QUANTILES)
    return found
