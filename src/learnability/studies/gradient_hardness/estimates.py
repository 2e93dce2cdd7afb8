"""Estimates over the seeds of a setting."""

from typing import Literal

import numpy as np
import xarray as xr

from learnability.results.labelled import estimate, mean_over_seeds, over_seeds, variable
from learnability.statistics.asymptotics import LocalExponents

EXTRAPOLATED = "limits under other corrections and without the last value of the range"


def labelled(values: xr.DataArray, label: str) -> xr.Variable:
    """The values over their own dimensions."""
    return variable(_dims(values), values.values, label)


def averaged(
    values: xr.DataArray, rng: np.random.Generator, label: str, statistic: Literal["mean", "median"] = "mean"
) -> xr.Variable:
    """The mean over the seeds with Student's interval, or the median with a bootstrap's, over the other dimensions."""
    first = values.transpose("seed", ...)
    dims, label = _dims(first)[1:], f"{statistic} {label}"
    if statistic == "mean":
        return mean_over_seeds(dims, first.values, label)
    return over_seeds(np.median, dims, first.values, rng, label)


def _dims(values: xr.DataArray) -> tuple[str, ...]:
    return tuple(str(dim) for dim in values.dims)


def extrapolated(found: LocalExponents, label: str) -> xr.Variable:
    """The limit of local exponents of exact values; its interval is what other corrections and a shorter range give."""
    return estimate((), found.limit, found.limit_low, found.limit_high, label, EXTRAPOLATED)
