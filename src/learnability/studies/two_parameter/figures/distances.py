"""P(distance <= eps) of elementary models and of the hierarchical map."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.labelled import bounds_of, texts
from learnability.results.style import COLOURS, THEORY, new_figure
from learnability.studies.two_parameter.series import series


def draw(analyses: Mapping[str, xr.Dataset]) -> Figure:
    """P(distance <= eps): power laws of elementary models, plateau of the hierarchical map."""
    elementary, learning = analyses["elementary"], analyses["learning"]
    figure, ((axes, slopes),) = new_figure(1, 2, height=3.0)
    names, eps = texts(elementary.family), elementary.eps.values
    for i in range(len(names)):
        curve, w = bounds_of(elementary.near)[0].values[i], int(elementary.parameters.values[i])
        shown = curve > 0
        label = f"elementary, W = {w}" if list(elementary.parameters.values).index(w) == i else None
        axes.plot(eps[shown], curve[shown], color=COLOURS[3 if w == 1 else 1], linewidth=0.8, alpha=0.8, label=label)
    for w, start in ((1, 0.3), (2, 0.9)):
        axes.plot(eps, start * eps ** (3 - w), **THEORY, label="theory: slope d - W" if w == 1 else None)
    points = series(learning, "depth", "depth")
    for i in range(points.sizes["point"]):
        shade = 0.35 + 0.65 * (i + 1) / points.sizes["point"]
        depth = int(points.depth.values[i])
        ends = i in (0, points.sizes["point"] - 1)
        label = f"hierarchical, N = {depth}" if ends else None
        axes.plot(eps, points.near.values[i], color=COLOURS[0], alpha=shade, linewidth=1.2, label=label)
    axes.set(
        xscale="log", yscale="log", xlabel="distance $\\varepsilon$", ylabel="P(final distance $\\leq \\varepsilon$)"
    )
    axes.set(ylim=(1e-4, 1.5))
    axes.legend(loc="lower right", frameon=True)
    if points.sizes["point"]:
        value = float(points.isel(point=-1).near.sel(eps=1e-4, method="nearest"))
        axes.set_title(f"{value:.0%} of targets within 1e-4 with N = {int(points.depth.values[-1])} stages")
    _slopes(slopes, elementary, names)
    return figure


def _slopes(axes: Axes, elementary: xr.Dataset, names: list[str]) -> None:
    at = np.arange(len(names))
    value, low, high = (part.values for part in bounds_of(elementary.exponent))
    axes.errorbar(value, at, xerr=[value - low, high - value], fmt="o", color=COLOURS[1], capsize=2)
    axes.plot(elementary.predicted.values, at, "|", color=THEORY["color"], markersize=12, label="d - W")
    axes.set_yticks(at, [name.replace("_", " ") for name in names])
    axes.set(xlabel="exponent of P(distance $\\leq \\varepsilon$)", xlim=(0, 3))
    inside = int(((low <= elementary.predicted.values) & (high >= elementary.predicted.values)).sum())
    axes.set_title(f"d - W within the interval for {inside} of {len(names)}")
    axes.legend(loc="center right")
