"""Rank of the Taylor coefficients against the order, by activation."""

import re

import xarray as xr
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import COLOURS, MARKERS, SMALL, THEORY, new_figure, shared_legend
from learnability.studies.subspace_polynomials.figures.labels import pretty

COLUMNS = 3


def _orders(row: xr.Dataset) -> str:
    if int(row["trapped_dimension"]):
        return "reflective: never"
    orders = [int(order) for order in row["spanning_order"].values]
    return "spans at s = " + ", ".join(str(order) if order else "never" for order in orders)


def _features(row: xr.Dataset) -> str:
    """The rank of the features without averaging, and the invariant curve where there is one."""
    rank = f"1 copy: rank {int(row['one_copy'])} of {int(row['features'])}"
    if int(row["trapped_dimension"]) or str(row["curve"].item()) == "none":
        return rank
    return f"{rank}\n{_curve(str(row['curve'].item()))}"


def _curve(text: str) -> str:
    """The equations of an invariant curve in formulas."""
    formula = re.sub("w([0-9])", r"w_\1", text).replace("1/2 ", r"\frac{1}{2}\,")
    return "stays on " + ", ".join(f"${part}$" for part in formula.split(", "))


def draw(analyses: Analyses) -> Figure:
    """One panel for each target; the activations are set apart by a small shift."""
    table = analyses["taylor"]
    names, order = texts(table["target"]), table["order"].values
    rows = -(-len(names) // COLUMNS)
    figure, axes = new_figure(rows, COLUMNS, height=2.1)
    for i, name in enumerate(names):
        axis, row = axes[i // COLUMNS, i % COLUMNS], table.isel(target=i)
        for j, activation in enumerate(texts(table["activation"])):
            shifted = row["rank"].values[j] + 0.09 * (j - 1.5)
            look = {"color": COLOURS[j], "marker": MARKERS[j], "ms": 3, "lw": 1.3}
            axis.step(order, shifted, where="mid", label=activation, **look)
        axis.axhline(int(row["used_variables"]), **THEORY, label="dimension p")
        axis.set_title(f"{_wrapped(name)}\n{_orders(row)}")
        axis.text(0.97, 0.02, _features(row), transform=axis.transAxes, ha="right", va="bottom", fontsize=SMALL)
        axis.set(xlabel="Taylor order s", ylim=(-0.8, 4.5), yticks=range(5))  # room for the text below 0
    for axis in axes.ravel()[len(names) :]:
        axis.remove()
    shared_legend(figure, columns=3)
    figure.legends[0].set_title("activations, in the order of the titles; their lines are set apart")
    for row_of_axes in axes:
        row_of_axes[0].set_ylabel("rank of $q_1..q_s$")
    return figure


def _wrapped(name: str, width: int = 34) -> str:
    """A polynomial's label on lines of about ``width`` characters of its text."""
    lines = [""]
    for word in name.replace(" - ", " + -").split(" + "):
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += (" + " if lines[-1] or len(lines) > 1 else "") + word
    return "\n".join(pretty(line.replace("+ -", "- ")) for line in lines)
