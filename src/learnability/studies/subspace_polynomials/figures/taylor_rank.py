"""Rank of the Taylor coefficients against the order, by activation."""

import xarray as xr
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import COLOURS, MARKERS, THEORY, new_figure
from learnability.studies.subspace_polynomials.figures.labels import pretty

COLUMNS = 4


def _orders(row: xr.Dataset) -> str:
    if int(row["trapped_dimension"]):
        return "reflective: never"
    orders = [int(order) for order in row["spanning_order"].values]
    return "spans at s = " + ", ".join(str(order) if order else "never" for order in orders)


def draw(analyses: Analyses) -> Figure:
    """One panel for each target; the activations are set apart by a small shift."""
    table = analyses["taylor"]
    names, order = texts(table["target"]), table["order"].values
    figure, axes = new_figure(-(-len(names) // COLUMNS), COLUMNS, width=2.5, height=2.2)
    for i, name in enumerate(names):
        axis, row = axes[i // COLUMNS, i % COLUMNS], table.isel(target=i)
        for j, activation in enumerate(texts(table["activation"])):
            shifted = row["rank"].values[j] + 0.09 * (j - 1.5)
            axis.step(order, shifted, where="mid", color=COLOURS[j], label=activation, lw=1.3)
            axis.plot(order, shifted, MARKERS[j], color=COLOURS[j], ms=3)
        axis.axhline(int(row["used_variables"]), **THEORY)
        axis.set_title(f"{pretty(name)}\n{_orders(row)}", fontsize=7)
        axis.set_xlabel("Taylor order s")
        axis.set_ylim(0.5, 4.5)
    for axis in axes.ravel()[len(names) :]:
        axis.axis("off")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    axes.ravel()[-1].legend(handles, labels, loc="center", title="dashed: dimension p")
    axes[0, 0].set_ylabel("rank of $q_1..q_s$")
    return figure
