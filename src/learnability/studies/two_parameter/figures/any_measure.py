"""Measures without a density: what cuts at fixed places lose, and what cuts chosen by the measure keep."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of, texts
from learnability.results.style import COLOURS, DOUBLE, MARKERS, THEORY
from learnability.studies.two_parameter.series import series, where

_MARKS = ((COLOURS[0], ".", "learned"), (COLOURS[1], "x", "not learned"))
_SHOWN = ("plane", "cantor", "sphere")


def draw(analyses: Analyses) -> Figure:
    """Targets in two coordinates, learned or lost, for both ways to cut; learned fractions of all measures."""
    analysis = analyses["learning"]
    points = series(analysis, "measures", "rho")
    names = [name for name in _SHOWN if name in texts(points.measure)]
    figure = Figure(figsize=(DOUBLE, 6.4), layout="constrained")
    grid = figure.add_gridspec(3, max(len(names), 1), height_ratios=(1, 1, 1.25))
    for column, name in enumerate(names):
        for row, cuts in enumerate(("even", "chosen")):
            axes = figure.add_subplot(grid[row, column])
            chosen = _of(points, name, cuts)
            if chosen.sizes["point"]:
                _cloud(axes, chosen.isel(point=-1), name, cuts)
            else:
                axes.set_axis_off()
                axes.set_title(f"{name}, {cuts}: not run")
    _fractions(figure.add_subplot(grid[2, :]), points)
    marks = [Line2D([], [], color=colour, marker=mark, linestyle="", label=label) for colour, mark, label in _MARKS]
    figure.legend(handles=marks, title="targets in the clouds", loc="outside upper left", ncols=2, alignment="left")
    return figure


def _of(points: xr.Dataset, name: str, cuts: str) -> xr.Dataset:
    """The maps of one measure with one kind of cuts."""
    return where(points, (np.array(texts(points.measure)) == name) & (np.array(texts(points.cuts)) == cuts))


def _cloud(axes: Axes, point: xr.Dataset, name: str, cuts: str) -> None:
    """The first targets of one map in the coordinates along and across its first split."""
    x, y = point.shown.values.T
    learned = point.shown_learned.values.astype(bool)
    along, across = (2, 1) if name == "plane" else (0, 1)
    if name == "plane":
        x = point.shown_third.values
    for mask, (colour, marker, _) in zip((learned, ~learned), _MARKS, strict=True):
        axes.plot(x[mask], y[mask], marker, color=colour, markersize=2.5, markeredgewidth=0.6)
    value = float(bounds_of(point.learned)[0])
    axes.set(xlabel=f"$f_{along + 1}$", ylabel=f"$f_{across + 1}$", aspect="equal", xticks=[0, 1], yticks=[0, 1])
    axes.grid(False)
    axes.set_title(f"{name}, {cuts} cuts, $\\rho$ = {float(point.rho):g}:\n{value:.0%} learned")


def _fractions(axes: Axes, points: xr.Dataset) -> None:
    """Learned fractions at each rho, measure by measure, and what chosen cuts keep of any measure."""
    chosen = where(points, np.array(texts(points.cuts)) == "chosen")
    even = where(points, np.array(texts(points.cuts)) == "even")
    names = list(dict.fromkeys(texts(chosen.measure)))
    rhos = np.unique(chosen.rho.values)[::-1]
    for place, rho in enumerate(rhos):
        part = where(chosen, np.isclose(chosen.rho.values, rho))
        at = [names.index(name) for name in texts(part.measure)]
        value, low, high = (bound.values for bound in bounds_of(part.learned))
        axes.errorbar(
            value, at, xerr=[value - low, high - value], fmt=MARKERS[place], color=COLOURS[place], capsize=2,
            label=f"chosen cuts, $\\rho$ = {rho:g}",
        )  # fmt: skip
        kept = float(part.kept_of_any.values[0])
        look = THEORY | {"color": COLOURS[place], "linestyle": ("--", "-.", ":")[place % 3]}
        axes.axvline(kept, **look, label=f"kept of any measure, $\\rho$ = {rho:g}")
    if even.sizes["point"]:
        coarse = where(even, np.isclose(even.rho.values, rhos[0]))
        shown = [
            (names.index(n), v)
            for n, v in zip(texts(coarse.measure), coarse.learned.values[:, 0], strict=True)
            if n in names
        ]
        axes.plot(
            [v for _, v in shown],
            [i for i, _ in shown],
            "x",
            color=COLOURS[6],
            label=f"even cuts, $\\rho$ = {rhos[0]:g}",
        )
    axes.set_yticks(np.arange(len(names)), [name.replace("_", " ") for name in names])
    axes.set(xlabel="learned fraction", xlim=(-0.03, 1.03))
    least = float(where(chosen, np.isclose(chosen.rho.values, rhos[-1])).learned.values[:, 0].min())
    axes.set_title(f"Cuts by the measure: {least:.0%} or more at $\\rho$ = {rhos[-1]:g}")
    axes.legend(loc="lower left", frameon=True, framealpha=1.0, edgecolor="none")
