"""P(distance <= eps) of elementary models and of the hierarchical map."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of, texts
from learnability.results.style import COLOURS, MARKERS, NEUTRAL, SMALL, THEORY, new_figure, ordered
from learnability.studies.two_parameter.series import series

_ELEMENTARY = {1: COLOURS[3], 2: COLOURS[1]}
_STYLES = {1: ":", 2: "-"}
_MARKS = {1: MARKERS[1], 2: MARKERS[0]}
"""Colours, lines and marks of the elementary models, by their number of parameters."""
_LOWEST = 1e-4
_MOST = 3.0


def draw(analyses: Analyses) -> Figure:
    """P(distance <= eps): power laws of elementary models, the slow fall of the hierarchical map."""
    elementary, learning = analyses["elementary"], analyses["learning"]
    figure, ((axes, slopes),) = new_figure(1, 2, height=3.6)
    names, eps = texts(elementary.family), elementary.eps.values
    for i in range(len(names)):
        curve, w = bounds_of(elementary.near)[0].values[i], int(elementary.parameters.values[i])
        shown = curve > 0
        label = f"elementary, W = {w}" if list(elementary.parameters.values).index(w) == i else None
        style: Any = {"color": _ELEMENTARY[w], "linestyle": _STYLES[w], "linewidth": 0.8 if w > 1 else 1.1}
        axes.plot(eps[shown], curve[shown], alpha=0.8, label=label, **style)
    for w, start in ((1, 0.3), (2, 0.9)):
        axes.plot(eps, start * eps ** (3 - w), **THEORY, label="theory: slope d - W" if w == 1 else None)
    axes.set(
        xscale="log", yscale="log", xlabel="distance $\\varepsilon$", ylabel="P(final distance $\\leq \\varepsilon$)"
    )
    axes.set(xlim=(0.1 * eps[0], 1.5 * eps[-1]), ylim=(_LOWEST, 1.5))
    points = series(learning, "depth", "depth")
    _hierarchical(axes, points)
    axes.legend(loc="lower right")
    if points.sizes["point"]:
        value = float(bounds_of(points.near)[0].isel(point=-1).sel(eps=1e-4, method="nearest"))
        rho, stages = float(points.rho.values[-1]), int(points.depth.values[-1])
        others = float(bounds_of(elementary.near)[0].sel(eps=1e-4, method="nearest").max())
        axes.set_title(
            f"{_learned(learning)}{value:.0%} of targets\nwithin 1e-4 at $\\rho$ = {rho:g}, N = {stages},\n"
            f"{others:.1%} by elementary models"
        )
    _slopes(slopes, elementary, names)
    return figure


def _learned(learning: xr.Dataset) -> str:
    """What the hierarchical map learns at the least splitting parameter."""
    finest = series(learning, "splitting", "rho", dimension=3)
    if not finest.sizes["point"]:
        return ""
    return f"{float(bounds_of(finest.learned)[0][0]):.0%} learned at $\\rho$ = {float(finest.rho[0]):g}, "


def _hierarchical(axes: Axes, points: xr.Dataset) -> None:
    """One line for each number of stages, dark to light, with its number where it leaves the panel."""
    depths, colours = points.depth.values.astype(int), ordered(points.sizes["point"])
    near = bounds_of(points.near)[0].values
    for i, depth in enumerate(depths):
        curve, eps = near[i], points.eps.values
        label = f"hierarchical, N = {depths[0]} to {depths[-1]}" if i == 0 and len(depths) > 1 else None
        axes.plot(eps, np.where(curve > 0, curve, 0.5 * _LOWEST), color=colours[i], linewidth=1.2, label=label)
        above = np.flatnonzero(curve > 2 * _LOWEST)
        if not above.size:
            continue
        # A line that falls is named at its foot, one that does not before its left end; neighbours at other heights.
        foot, odd = above[0] > 0, bool(i % 2)
        place = (eps[above[0]], _LOWEST * (2.4 if odd else 1.2)) if foot else (eps[0], curve[0])
        axes.annotate(
            f"N = {depth}" if i in (0, len(depths) - 1) else str(depth),
            place,
            (3 if foot else -2, 0),
            textcoords="offset points",
            ha="left" if foot else "right",
            va="bottom" if foot or odd else "top",
            color=colours[i],
            fontsize=SMALL,
        )


def _slopes(axes: Axes, elementary: xr.Dataset, names: list[str]) -> None:
    at = np.arange(len(names))
    value, low, high = (part.values for part in bounds_of(elementary.exponent))
    predicted = elementary.predicted.values
    hit = (low <= predicted) & (high >= predicted)
    for w, colour in _ELEMENTARY.items():
        chosen = elementary.parameters.values == w
        seen, beyond = chosen & (value <= _MOST), chosen & (high > _MOST)
        axes.hlines(at[chosen], low[chosen], np.minimum(high, _MOST)[chosen], color=colour, linewidth=1.3)
        for ends, there in ((low, chosen), (high, chosen & ~beyond)):
            axes.plot(ends[there], at[there], "|", color=colour, markersize=5)
        if beyond.any():  # too few targets come near, and none at all where there is no mark
            axes.plot(np.full(beyond.sum(), _MOST), at[beyond], ">", color=colour, clip_on=False)
        look: Any = {"marker": _MARKS[w], "color": colour, "linestyle": "none"}
        axes.plot(value[seen & hit], at[seen & hit], label=f"fit, W = {w}", **look)
        axes.plot(value[seen & ~hit], at[seen & ~hit], markerfacecolor="white", zorder=3, **look)
    if not hit.all():
        label = "open: d - W outside the interval"
        axes.plot([], [], "o", color=NEUTRAL, markerfacecolor="white", label=label)
    d = int((predicted + elementary.parameters.values)[0])
    label = f"theory: d - W, d = {d}"
    axes.plot(predicted, at, "|", color=THEORY["color"], markersize=12, label=label)
    axes.set_yticks(at, [name.replace("_", " ") for name in names])
    axes.set(xlabel="exponent of P(distance $\\leq \\varepsilon$)", xlim=(0, _MOST))
    axes.set_title(f"d - W within the interval for {int(hit.sum())} of {len(names)}")
    axes.legend(loc="upper right")
