"""Escape times against the dimension."""

from collections.abc import Mapping

import xarray as xr
from matplotlib.figure import Figure

from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, band, new_figure


def draw(analyses: Mapping[str, xr.Dataset]) -> Figure:
    """The measured median with its band, and the predicted slope (dashed)."""
    analysis = analyses["escape"]
    figure, axes = new_figure()
    ax = axes[0, 0]
    dimension = analysis["dimension"].values
    middle, low, high = (part.values for part in bounds_of(analysis["escape_time"]))
    ax.loglog(dimension, middle, "o-", color=COLOURS[0], label="measured, median and deciles")
    band(ax, dimension, low, high, COLOURS[0])
    slope = float(analysis["predicted_slope"])
    ax.loglog(dimension, middle[-1] * (dimension / dimension[-1]) ** slope, "k--", label=f"slope {slope:g}")
    ax.set(xlabel="dimension d", ylabel="escape time (flow time)")
    ax.set_title(f"Escape times grow as d^{float(bounds_of(analysis['slope'])[0]):.2f}")
    ax.legend()
    return figure
