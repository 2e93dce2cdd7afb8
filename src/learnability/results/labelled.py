"""Labelled variables of artifacts, and the one form in which an estimate and its interval stand in them.

Every variable carries ``units`` and ``long_name``. Names (of links, methods, families) are coordinates of text, so that
``dataset.sel(link="h3(z1)")`` works. An estimate has a last dimension ``bound`` with the entries ``estimate``, ``low``
and ``high``, and says in its attribute ``interval`` what the interval is.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from learnability.statistics.asymptotics import LocalExponents

Dims = str | Sequence[str]

BOUND = "bound"
BOUNDS = ("estimate", "low", "high")


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
