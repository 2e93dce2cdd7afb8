"""Estimates over the seeds of a setting, and growth rates in the dimension."""

from typing import Literal

import numpy as np
import xarray as xr

from learnability.results.labelled import over_seeds, variable


def labelled(values: xr.DataArray, label: str) -> xr.Variable:
    """The values over their own dimensions."""
    return variable(_dims(values), values.values, label)


def averaged(
    values: xr.DataArray, rng: np.random.Generator, label: str, statistic: Literal["mean", "median"] = "mean"
) -> xr.Variable:
    """The mean or the median over the dimension ``seed`` with its bootstrap interval, over the other dimensions."""
    first, reduce = values.transpose("seed", ...), np.median if statistic == "median" else np.mean
    return over_seeds(reduce, _dims(first)[1:], first.values, rng, f"{statistic} {label}")


def _dims(values: xr.DataArray) -> tuple[str, ...]:
    return tuple(str(dim) for dim in values.dims)


def mean_interval(values: np.ndarray, confidence: float = 0.95) -> tuple[float, float, float]:
    """(mean, low, high) of independent seeds by Student's t; without ends for a single seed."""
    from scipy.special import stdtrit

    mean = float(np.mean(values))
    if values.size < 2:
        return mean, -np.inf, np.inf
    half = float(stdtrit(values.size - 1, (1 + confidence) / 2) * np.std(values, ddof=1) / np.sqrt(values.size))
    return mean, mean - half, mean + half


def upper_half(values: np.ndarray) -> np.ndarray:
    """Where the values are at least their median, boolean: fits leave out the small dimensions."""
    return values >= np.median(values)


def upper_slope(x: np.ndarray, y: np.ndarray) -> float:
    """Least-squares slope of y against x on the upper half of x; NaN for a single point."""
    upper = upper_half(x)
    return float(np.polyfit(x[upper], y[upper], 1)[0]) if upper.sum() > 1 else np.nan
