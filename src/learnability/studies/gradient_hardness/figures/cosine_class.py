"""The variance of the gradient over the cosine class, and packings of it, against the dimension."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, MARKERS, THEORY, new_figure


def draw(analyses: Analyses) -> Figure:
    """log variance of the gradient and log of the packing number against d."""
    data = analyses["orthonormal_classes"]
    figure, ((left, right),) = new_figure(1, 2)
    d = data["dimension"].values
    for number, (model, label) in enumerate((("cosine", "$\\cos(2\\pi\\theta\\cdot x)$"), ("relu", "one ReLU neuron"))):
        values = data[f"log_variance_{model}"].values
        left.plot(d, values, color=COLOURS[number], marker=MARKERS[number], label=label)
        rate = float(data[f"saddle_{model}"])
        name = f"saddle: {rate:.3f} per dimension"
        left.plot(d, values[-1] + rate * (d - d[-1]), **THEORY | {"color": COLOURS[number]}, label=name)
    left.set(xlabel="input dimension d", ylabel="ln variance of the gradient")
    fitted = float(bounds_of(data["variance_rate_cosine"])[0])
    left.set_title(f"The variance over the cosine class falls\nas $e^{{{fitted:.3f}\\,d}}$")
    left.legend()
    _packing_panel(right, data)
    return figure


def _packing_panel(axes: Axes, data: xr.Dataset) -> None:
    small, found = data["packing_dimension"].values, data["largest_packing"].values
    capped = data["largest_capped"].values > 0
    axes.semilogy(small[~capped], found[~capped], color=COLOURS[2], marker="^", label="largest packing found")
    if capped.any():
        label = "search stopped at its limit: at least"
        axes.plot(
            small[capped],
            found[capped],
            linestyle="",
            marker="^",
            markersize=7,
            markerfacecolor="white",
            color=COLOURS[2],
            label=label,
        )
    d = data["dimension"].values.astype(float)
    shown = d <= max(10, small[-1])
    for name, number, label in (
        ("log_sq_bound", 0, "proved by caps, N(0, I)"),
        ("log_sq_bound_sphere", 1, "the same on the sphere"),
        ("log_lecture_bound", 4, "the lecture's, $t=d^{-1/4}$"),
    ):
        values = np.exp(data[name].values[shown])
        look: Any = {"color": COLOURS[number], "marker": MARKERS[number], "markersize": 2.5}
        axes.plot(d[shown], values, linestyle="-.", label=label, **look)
    union = float(data["union_rate"])
    grid = np.linspace(2, d[shown][-1], 50)
    axes.plot(grid, np.exp(union * grid), **THEORY, label=rf"union bound, t fixed: $e^{{{union:.3f}\,d}}$")
    axes.set(xlabel="input dimension d", ylabel="number n of cosine neurons", ylim=(0.8, None))
    plane, last = int(data["planar_sq_dimension"]), small[~capped][-1]
    axes.plot(2, plane, "*", color="black", markersize=6, markerfacecolor="none", zorder=4, label="exact, d = 2")
    size = found[~capped][-1]
    axes.set_title(f"SQ dimension: at least {size:.0f} at d = {last},\nexactly {plane} at d = 2")
    axes.legend(loc="upper left")
