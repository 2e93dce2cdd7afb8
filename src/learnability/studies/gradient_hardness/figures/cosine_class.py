"""The variance of the gradient over the cosine class, and packings of it, against the dimension."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, MARKERS, band, new_figure
from learnability.studies.gradient_hardness.figures.lines import theory_line


def draw(analyses: Analyses) -> Figure:
    """log variance of the gradient and log of the packing number against d."""
    data = analyses["orthonormal_classes"]
    figure, axes = new_figure(1, 2)
    left, right = axes[0]
    d = data["dimension"].values
    for number, (model, label) in enumerate((("cosine", "$\\cos(2\\pi\\theta\\cdot x)$"), ("relu", "one ReLU neuron"))):
        values = data[f"log_variance_{model}"].values
        left.plot(d, values, color=COLOURS[number], marker=MARKERS[number], label=label)
        rate = float(data[f"saddle_{model}"])
        name = f"saddle: {rate:.3f} per dimension"
        theory_line(left, d, values[-1] + rate * (d - d[-1]), name, color=COLOURS[number])
    left.set(xlabel="input dimension d", ylabel="ln variance of the gradient")
    left.set_title(
        f"The variance over the cosine class falls\nas $e^{{{float(data['variance_rate_cosine']):.3f}\\,d}}$"
    )
    left.legend()
    _packing_panel(right, data)
    return figure


def _packing_panel(axes: Axes, data: xr.Dataset) -> None:
    small, limit = data["packing_dimension"].values, float(data.attrs["packing_limit"])
    found = [np.exp(rate.values * small) for rate in bounds_of(data["packing_rate"])]
    axes.semilogy(small, found[0], color=COLOURS[2], marker="^", label="greedy packing")
    band(axes, small, found[1], found[2], COLOURS[2])
    axes.axhline(limit, color="#999999", linewidth=0.8)
    axes.text(2, limit, "limit of the search", va="bottom", fontsize=7)
    grid = np.linspace(2, small[-1], 50)
    cap, union = float(data["cap_rate"]), float(data["union_rate"])
    theory_line(axes, grid, np.exp(cap * grid), f"caps: $e^{{{cap:.3f}\\,d}}$")
    theory_line(axes, grid, np.exp(union * grid), f"union bound: $e^{{{union:.3f}\\,d}}$", linestyle="-.")
    theory_line(axes, grid, 0.5 * np.exp(np.sqrt(grid) / 4), "printed: $\\frac{1}{2}e^{\\sqrt{d}/4}$", linestyle=":")
    axes.set(xlabel="input dimension d", ylabel="number n of cosine neurons", ylim=(0.5, 500 * limit))
    plane = int(data["planar_sq_dimension"])
    axes.set_title(f"SQ dimension: at least {found[0][-1]:.0f} at d = {small[-1]},\nexactly {plane} at d = 2")
    axes.legend(loc="upper left", ncols=2, fontsize=7)
