"""A measured fraction as a curve with its interval."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, MARKERS, band


def fraction_band(axes: Axes, x: np.ndarray, fraction: xr.DataArray, place: int, label: str) -> None:
    """A fraction (point, bound) against ``x``, with its band; ``place`` chooses colour and marker."""
    value, low, high = (part.values for part in bounds_of(fraction))
    axes.plot(x, value, marker=MARKERS[place], color=COLOURS[place], label=label)
    band(axes, x, low, high, COLOURS[place])
