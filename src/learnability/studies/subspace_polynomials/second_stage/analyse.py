"""The loss of two-stage SGD beside its limit and the stated bound, and its rate, by dimension."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.results.contract import Run
from learnability.results.labelled import STUDENT_IN_LOGS, estimate, mean_over_seeds, slope_over_seeds, variable
from learnability.statistics.intervals import mean_interval
from learnability.studies.subspace_polynomials.estimates import median_band
from learnability.studies.subspace_polynomials.second_stage.setting import SecondStageSetting

Array = NDArray[np.float64]

#: The rate is that between these two fractions of the loss at the start.
FROM, TO = 0.3, 0.1


def _crossing(times: Array, log_loss: Array, level: float) -> Array:
    """The time at which each row of log L falls below a level, by linear interpolation; NaN if never."""
    found = np.full(len(log_loss), np.nan)
    for i, row in enumerate(log_loss):
        below = np.flatnonzero(row < level)
        if below.size and below[0]:
            k = below[0]
            found[i] = times[k - 1] + (times[k] - times[k - 1]) * (row[k - 1] - level) / (row[k - 1] - row[k])
    return found


def rates(times: Array, loss: Array) -> Array:
    """``-d log L / dt`` of each seed (seed, time) between two fractions of L(0); NaN where the lower is not reached."""
    with np.errstate(invalid="ignore", divide="ignore"):
        log_loss = np.log(loss / loss[:, :1])
    start, end = (_crossing(times, log_loss, float(np.log(level))) for level in (FROM, TO))
    return np.asarray(np.log(FROM / TO) / (end - start))


def _over_bound(times: Array, loss: Array, bound: Array) -> xr.Variable:
    """L(t) / (L(0) exp(-2 lambda_min t)) at every saved t > 0, of the loss (seed, dimension, time)."""
    ratio = (loss / loss[..., :1] / bound)[..., times > 0]
    return estimate(
        ("dimension", "later_time"),
        *mean_interval(ratio, 1 - 0.05 / ratio[0].size, logarithmic=True),
        "L over the stated bound, geometric mean over seeds",
        f"{STUDENT_IN_LOGS}, all times and dimensions together",
    )


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Bands, limits and bounds by dimension; the loss over the stated bound, and the rate over the limit's."""
    runs = sorted(runs, key=lambda run: run.setting_as(SecondStageSetting).dimension)
    settings, results = [run.setting_as(SecondStageSetting) for run in runs], [run.result for run in runs]
    dimension = np.array([setting.dimension for setting in settings], dtype=float)
    times = results[0]["time"].values
    loss = np.stack([result["loss"].values for result in results], axis=1)
    limit, bound = (np.stack([r[name].values for r in results]) for name in ("limit_loss", "limit_bound"))
    per_seed = np.stack([rates(times, loss[:, j]) for j in range(len(runs))], axis=1)
    text = "rate from 30% to 10% of L(0), geometric mean over seeds"
    rate = mean_over_seeds("dimension", per_seed, text, "1/flow time", logarithmic=True)
    limit_rate = rates(times, limit)
    found = {
        "loss": median_band(("dimension", "time"), loss, "loss of the network"),
        "limit_loss": variable(("dimension", "time"), limit, "loss in the limit of many neurons and samples"),
        "limit_bound": variable(("dimension", "time"), bound, "L(0) exp(-2 lambda_min t)"),
        "over_bound": _over_bound(times, loss, bound / bound[:, :1]),
        "rate": rate,
        "limit_rate": variable("dimension", limit_rate, "the same in the limit", "1/flow time"),
        "rate_over_limit": estimate(
            "dimension",
            *mean_interval(per_seed / limit_rate, logarithmic=True),
            "rate over that of the limit, geometric mean over seeds",
            STUDENT_IN_LOGS,
        ),
        "final_loss": mean_over_seeds(
            "dimension", loss[..., -1] / loss[..., 0], "L/L(0) at the end, geometric mean over seeds", logarithmic=True
        ),
        "outside": variable(
            "dimension", [float(r["outside"].mean()) for r in results], "mean |w_perp|^2 after the first stage"
        ),
        "copies": variable((), settings[0].copies, "averaged copies"),
    }
    if len(runs) >= 2 and np.isfinite(per_seed).all():
        found["rate_slope"] = slope_over_seeds(dimension, per_seed, rng, "power of d in the rate", "geometric mean")
    return xr.Dataset(
        found,
        coords={
            "dimension": variable("dimension", dimension, "input dimension"),
            "time": variable("time", times, "time of the second stage", "flow time"),
            "later_time": variable(
                "later_time", times[times > 0], "time of the second stage after its start", "flow time"
            ),
        },
        attrs={"seeds": loss.shape[0]},
    )
