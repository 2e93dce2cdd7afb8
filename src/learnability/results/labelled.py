"""Labelled variables of artifacts, and the one form in which an estimate and its interval stand in them.

Every variable carries ``units`` and ``long_name``. Names (of links, methods, families) are coordinates of text, so that
``dataset.sel(link="h3(z1)")`` works. An estimate has a last dimension ``bound`` with the entries ``estimate``, ``low``
and ``high``, and says in its attribute ``interval`` what the interval is.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from learnability.statistics.asymptotics import LocalExponents
from learnability.statistics.intervals import bootstrap, clopper_pearson, mean_interval, supremum_interval, wilson
from learnability.statistics.scaling import Statistic, log_slope

Dims = str | Sequence[str]

BOUND = "bound"
BOUNDS = ("estimate", "low", "high")
OVER_SEEDS = "95% bootstrap over seeds"
"""What the interval of an estimate over seeds is. The seed is the unit, never the neuron."""
STUDENT = "95% Student over seeds"
STUDENT_IN_LOGS = "95% Student over seeds, in logarithms"
"""What the interval of a mean over seeds is: a bootstrap of the mean of few seeds is too narrow."""
_SLOPES: dict[str, str] = {"median": OVER_SEEDS, "mean": STUDENT, "geometric mean": STUDENT_IN_LOGS}

_OF_SHARES = {"Clopper-Pearson": clopper_pearson, "Wilson": wilson}


def variable(dims: Dims, values: ArrayLike, long_name: str, units: str = "1", **attributes: Any) -> xr.Variable:
    """``values`` over ``dims`` with the attributes that every variable has, and what else is given."""
    return xr.Variable(dims, np.asarray(values), {"units": units, "long_name": long_name, **attributes})


def names(dim: str, texts: Sequence[str], long_name: str) -> xr.Variable:
    """A coordinate of text along ``dim``, stored as the Zarr type ``string``."""
    return xr.Variable(dim, np.array(list(texts), dtype=np.dtypes.StringDType()), {"long_name": long_name})


def estimate(
    dims: Dims, values: ArrayLike, low: ArrayLike, high: ArrayLike, long_name: str, interval: str, units: str = "1"
) -> xr.Variable:
    """An estimate with its interval over ``dims``; ``interval`` says what it is (``95% Wilson``, ``deciles``, ...)."""
    over = (dims,) if isinstance(dims, str) else tuple(dims)
    stacked = np.stack(np.broadcast_arrays(*(np.asarray(part, dtype=float) for part in (values, low, high))), axis=-1)
    return variable((*over, BOUND), stacked, long_name, units, interval=interval)


def share(
    dims: Dims,
    successes: ArrayLike,
    trials: ArrayLike,
    long_name: str,
    method: Literal["Clopper-Pearson", "Wilson"] = "Clopper-Pearson",
    unresolved: ArrayLike | None = None,
) -> xr.Variable:
    """``successes`` over ``trials``, which are independent, with their 95% interval; NaN without trials.

    The estimate leaves ``unresolved`` trials out, and the interval holds whatever they are: its lower end is that of
    ``successes``, its upper end that of all of both. So does :func:`learnability.results.measuring.share`.
    """
    k, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    ends, text = _OF_SHARES[method], f"95% {method}" + ("" if unresolved is None else ", both ways")
    left_out = np.asarray(0 if unresolved is None else unresolved)
    with np.errstate(invalid="ignore", divide="ignore"):
        return estimate(dims, k / (n - left_out), ends(k, n)[0], ends(k + left_out, n)[1], long_name, text)


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

    A mean has Student's interval, as :func:`mean_over_seeds` gives it, everything else a bootstrap's. ``smooth`` is to
    be asked for where the statistic takes a median of its own.
    """
    if statistic is np.mean:
        return mean_over_seeds(dims, values, long_name, units)
    # A time that was never reached is infinite, and quantiles between two infinite ones are NaN: no warning is due.
    with np.errstate(invalid="ignore"):
        return estimate(dims, *bootstrap(statistic, values, rng, smooth=smooth), long_name, OVER_SEEDS, units)


def mean_over_seeds(
    dims: Dims, values: np.ndarray, long_name: str, units: str = "1", logarithmic: bool = False
) -> xr.Variable:
    """The mean over seeds of ``values`` (seed, ...) with Student's interval; ``dims`` are its own.

    ``logarithmic``: the geometric mean, for ratios and other positive numbers that vary by factors.
    """
    text = STUDENT_IN_LOGS if logarithmic else STUDENT
    return estimate(dims, *mean_interval(values, logarithmic=logarithmic), long_name, text, units)


def supremum_over_seeds(dims: Dims, values: np.ndarray, long_name: str, units: str = "1") -> xr.Variable:
    """``sup_t |mean over seeds|`` of ``values`` (seed, ..., t); ``dims`` are those between."""
    return estimate(dims, *supremum_interval(values), long_name, f"{STUDENT}, all times together", units)


def slope_over_seeds(
    x: np.ndarray, values: np.ndarray, rng: np.random.Generator, long_name: str, statistic: Statistic = "median"
) -> xr.Variable:
    """The slope of log ``statistic`` of ``values`` (seed, x) against log x."""
    with np.errstate(invalid="ignore"):
        return estimate((), *log_slope(x, values, rng, statistic), long_name, _SLOPES[statistic])


def exponents(
    found: LocalExponents | Sequence[LocalExponents], long_name: str, dim: str = "", name: str = "exponent"
) -> dict[str, xr.Variable]:
    """Local exponents by decade and their limit, alone or over ``dim``, as four variables of an analysis.

    ``<name>_local`` (window, bound) with its ``<name>_middle`` (window), ``<name>_limit`` (bound) and ``<name>_range``
    (range_end); :func:`~learnability.results.measuring.limit_exponent` reads them. All must rest on the same x.
    """
    several = [found] if isinstance(found, LocalExponents) else list(found)
    dims = (dim,) if dim else ()

    def over(rows: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack(rows) if dim else rows[0]

    local = over([np.stack([one.slope, one.low, one.high], axis=-1) for one in several])
    limit = over([np.array([one.limit, one.limit_low, one.limit_high]) for one in several])
    interval = "95% interval of every decade"
    extrapolated = f"95% interval, widened to other corrections than {several[0].correction} and to a shorter range"
    return {
        f"{name}_local": variable((*dims, "window", BOUND), local, f"{long_name}, by decade", interval=interval),
        f"{name}_middle": variable("window", several[0].middle, "geometric middle of the decade"),
        f"{name}_limit": variable((*dims, BOUND), limit, f"{long_name}, limit", interval=extrapolated),
        f"{name}_range": variable("range_end", several[0].limit_range, "what the limit rests on: from, to"),
    }


def with_bounds(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset with the coordinate of the dimension ``bound`` where it has one."""
    if BOUND not in dataset.dims or BOUND in dataset.coords:
        return dataset
    return dataset.assign_coords({BOUND: names(BOUND, BOUNDS, "the estimate and the ends of its interval")})


def bounds_of(values: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """(estimate, low, high) of a variable with the dimension ``bound``."""
    estimate_, low, high = (values.isel({BOUND: i}, drop=True) for i in range(3))
    return estimate_, low, high


def texts(coordinate: xr.DataArray) -> list[str]:
    """The entries of a coordinate of text."""
    return [str(text) for text in coordinate.values]
