"""Analysis of finite samples: success, and the empirical time beside that of the population flow."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.results.contract import Run
from learnability.results.labelled import estimate, names, share, variable
from learnability.results.status import Status
from learnability.statistics.intervals import mean_interval
from learnability.statistics.scaling import slope_weights
from learnability.studies.multi_index.samples.setting import SamplesSetting
from learnability.studies.multi_index.samples.train import SUCCESS

FITS = ("all degrees", "degree s alone")

FEWEST = 3
"""Dimensions at one n / d^(s-1) that a change with the dimension needs."""

Array = NDArray[np.float64]


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """By fit, dimension and number of samples. Runs out of steps are neither successes nor failures."""
    by_fit = {FITS[int(run.setting_as(SamplesSetting).alone)]: run for run in runs}
    fits = [fit for fit in FITS if fit in by_fit]
    first = by_fit[fits[0]].result
    dims = ("fit", "dimension", "multiple")
    rows = [by_fit[fit].result.transpose("dimension", "multiple", "seed") for fit in fits]
    cosines = np.stack([row["cosine"].values for row in rows])
    succeeded = cosines >= SUCCESS
    undecided = (np.stack([row["status"].values for row in rows]) == Status.MAX_STEPS) & ~succeeded
    times = np.where(succeeded, np.stack([row["time"].values for row in rows]), math.inf)
    seeds = cosines.shape[-1]
    wins, left = succeeded.sum(axis=-1), undecided.sum(axis=-1)
    ratio = np.median(times, axis=-1) / first["population_time"].values[:, None]
    return xr.Dataset(
        {
            "success": share(dims, wins, seeds, "fraction with a cosine of 0.8", unresolved=left),
            "successes": variable(dims, wins, "seeds with a cosine of 0.8"),
            "undecided": variable(dims, left, "seeds out of steps"),
            "time_ratio": variable(
                dims,
                np.where(np.isfinite(ratio), ratio, math.nan),
                "median time to the cosine 0.8 over that of the population flow; NaN where fewer than half arrive",
            ),
            "num_samples": first["num_samples"],
            **_changes(first, succeeded, undecided),
        },
        coords={
            "fit": names("fit", fits, "degrees of the link that are fitted"),
            "dimension": first["dimension"],
            "multiple": first["multiple"],
        },
        attrs={"seeds": seeds, "exponent": int(by_fit[fits[0]].target["information_exponent"][0])},
    )


def _changes(first: xr.Dataset, succeeded: NDArray[np.bool_], undecided: NDArray[np.bool_]) -> dict[str, xr.Variable]:
    """How the share of successes changes with d: from (fit, dimension, multiple, seed), nothing where they are few.

    With ``share = F(log n - p log d)`` the change for each doubling of d at ``n = C d^(s-1/2)`` is positive for
    ``p < s - 1/2``, negative beyond. It is the mean over log C (trapezoidal) of the slope in log d at C, plus half of
    the mean slope in log n, which is that between the ends: then flat ends of F weigh in both alike.
    """
    dimensions, multiples = first["dimension"].values, first["multiple"].values
    if len(dimensions) < FEWEST or len(multiples) < 2:
        return {}
    steps = np.diff(np.log2(multiples))
    mean = (np.append(steps, 0) + np.append(0, steps)) / (2 * steps.sum())
    rise = np.zeros(len(multiples))
    rise[[0, -1]] = -1 / steps.sum(), 1 / steps.sum()
    with_d = slope_weights(np.log2(dimensions))[:, None] * mean
    with_n = np.repeat(rise[None] / len(dimensions), len(dimensions), axis=0)
    rows = (
        ("change_with_d", with_d, "n = C d^(s-1)"),
        ("change_between", with_d + with_n / 2, "n = C d^(s-1/2)"),
    )
    found = {
        name: estimate(
            "fit",
            *_combined(weights, succeeded, undecided),
            f"change of the success for each doubling of d at {path}",
            "95% Student over seeds, whatever the runs out of steps would have done",
        )
        for name, weights, path in rows
    }
    gain = _combined(with_n, succeeded, undecided)
    long_name = "change of the success for each doubling of n at one dimension"
    return {**found, "change_with_n": estimate("fit", *gain, long_name, "95% Student over seeds, both ways")}


def _combined(weights: Array, succeeded: NDArray[np.bool_], undecided: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
    """(estimate, low, high) of the weighted sum of shares over cells (dimension, multiple), by fit.

    A seed, whose samples are nested and whose start is the same for all numbers of samples, is one value. Undecided
    runs are left out of the estimate; in the ends they succeed where, and only where, that is the worst.
    """
    cell = (1, 2)

    def ends(at_worst: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
        won = succeeded | (undecided & at_worst[None, ..., None])
        found: tuple[Array, Array, Array] = mean_interval((weights[None, ..., None] * won).sum(axis=cell).T)
        return found

    with np.errstate(invalid="ignore"):
        resolved = succeeded.sum(axis=-1) / (~undecided | succeeded).sum(axis=-1)
    return (weights * resolved).sum(axis=cell), ends(weights < 0)[1], ends(weights > 0)[2]
