"""Estimates over seeds with their bootstrap interval, as labelled variables. The seed is the unit, never the neuron."""

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from learnability.results.labelled import Dims, estimate
from learnability.statistics.intervals import bootstrap
from learnability.statistics.scaling import bootstrap_slope

_INTERVAL = "95% percentile bootstrap over seeds"


def over_seeds(
    statistic: Callable[..., Any],
    dims: Dims,
    values: np.ndarray,
    rng: np.random.Generator,
    long_name: str,
    units: str = "1",
    smooth: bool | None = None,
) -> xr.Variable:
    """``statistic`` (which takes ``axis``, as ``np.mean`` does) of ``values`` (seed, ...); ``dims`` are its own.

    ``smooth`` is to be asked for where the statistic takes a median of its own.
    """
    # A time that was never reached is infinite, and quantiles between two infinite ones are NaN: no warning is due.
    with np.errstate(invalid="ignore"):
        return estimate(dims, *bootstrap(statistic, values, rng, smooth=smooth), long_name, _INTERVAL, units)


def slope_over_seeds(
    x: np.ndarray, values: np.ndarray, rng: np.random.Generator, long_name: str, statistic: str = "median"
) -> xr.Variable:
    """The slope of log ``statistic`` of ``values`` (seed, x) against log x."""
    with np.errstate(invalid="ignore"):
        return estimate((), *bootstrap_slope(x, values, rng, statistic=statistic), long_name, _INTERVAL)
