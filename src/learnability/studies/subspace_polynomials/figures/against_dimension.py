"""Estimates with their intervals against the dimension."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from learnability.results.labelled import bounds_of


def errorbars(axes: Axes, values: xr.DataArray, **style: Any) -> None:
    """The values (finite_dimension, bound) against d, which is logarithmic to base 2."""
    middle, low, high = (part.values for part in bounds_of(values))
    spread = [np.abs(low - middle), np.abs(high - middle)]
    axes.errorbar(values["finite_dimension"].values, middle, yerr=spread, capsize=2, **style)
    axes.set_xscale("log", base=2)
    axes.set_xlabel("dimension d")
