"""Learned fraction against the splitting parameter, for several measures."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, THEORY, new_figure
from learnability.studies.two_parameter.figures.bands import fraction_band
from learnability.studies.two_parameter.hierarchical.setting import MEASURE_NAMES
from learnability.studies.two_parameter.series import series, where


def draw(analyses: Mapping[str, xr.Dataset]) -> Figure:
    """Learned fraction, mu(F0) and the product law against rho; other measures beside it."""
    analysis = analyses["learning"]
    figure, ((left, right),) = new_figure(1, 2, width=3.5)
    finest = series(analysis, "splitting", "rho", dimension=3)
    for place, d in enumerate((3, 4)):
        points = series(analysis, "splitting", "rho", dimension=d)
        if points.sizes["point"]:
            rho = points.rho.values
            fraction_band(left, rho, points.learned, place, f"learned, d = N = {d}")
            guaranteed = bounds_of(points.guaranteed)[0]
            left.plot(rho, guaranteed, color=COLOURS[place], linestyle=":", marker=".", label=f"$\\mu(F_0)$, d = {d}")
            left.plot(rho, points.product_law, **THEORY, label="$(1-2.6\\rho)^N$" if not place else None)
    learned = float(bounds_of(finest.learned)[0][0])
    left.set_title(f"Two parameters learn {learned:.0%} of targets at $\\rho$ = {float(finest.rho[0]):g}")
    fraction_band(right, finest.rho.values, finest.learned, 0, "uniform")
    for place, name in enumerate(MEASURE_NAMES[1:], start=1):
        points = series(analysis, "measures", "rho", measure=name)
        if points.sizes["point"]:
            fraction_band(right, points.rho.values, points.learned, place, name.replace("_", " "))
    right.set_title(_other_measures(analysis))
    for axes in (left, right):
        axes.set(xscale="log", xlabel="splitting parameter $\\rho$", ylabel="fraction of targets", ylim=(0, 1))
        _plain_ticks(axes, finest.rho.values)
        axes.legend()
    return figure


def _other_measures(analysis: xr.Dataset) -> str:
    """The finding of the right panel: the worst of the other measures at their smallest rho."""
    points = series(analysis, "measures", "rho")
    if not points.sizes["point"]:
        return "Other measures: none run"
    smallest = where(points, points.rho.values == points.rho.values.min())
    count, worst = smallest.sizes["point"], float(bounds_of(smallest.learned)[0].min())
    return f"{count} other measures: {worst:.0%} or more at $\\rho$ = {float(smallest.rho[0]):g}"


def _plain_ticks(axes: Axes, values: np.ndarray) -> None:
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.set_xticks([], minor=True)
