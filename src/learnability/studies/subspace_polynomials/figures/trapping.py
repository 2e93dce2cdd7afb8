"""Loss and the trapped part of the weights for reflective and free targets; online SGD on a free one."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of, texts
from learnability.results.style import COLOURS, THEORY, band, new_figure
from learnability.studies.subspace_polynomials.figures.labels import pretty


def _dimension_label(dimension: float) -> str:
    return "$d = \\infty$" if np.isinf(dimension) else f"d = {int(dimension)}"


def _curves(axes: Axes, curves: xr.DataArray) -> None:
    """Median and 10-90% band of (dimension, time, bound) for each dimension; the limit in black."""
    time = curves["time"].values
    shades = [COLOURS[i] for i in (4, 1, 3, 2, 0)]
    for i, dimension in enumerate(curves["dimension"].values):
        median, low, high = (part.values for part in bounds_of(curves[i]))
        colour = "#000000" if np.isinf(dimension) else shades[i % len(shades)]
        axes.plot(time, median, color=colour, label=_dimension_label(dimension), lw=1.2)
        band(axes, time, low, high, colour)
    axes.set_xlabel("flow time")


def _sgd_markers(row: np.ndarray, sgd: xr.Dataset, names: list[str]) -> None:
    """Online SGD and its own flow at d of the SGD runs."""
    for place, name in enumerate(texts(sgd["target"])):
        if name in names:
            axes, run = row[names.index(name)], sgd.isel(target=place, bound=0)
            time, median = run["time"].values, run["sgd_loss"].values
            axes.plot(time[::3], median[::3], "x", color="#000000", ms=4, label="SGD, d = 64")
            axes.plot(time, run["flow_loss"].values, color="#000000", lw=0.7, ls=":")
            axes.legend(fontsize=6.5)


def draw(analyses: Analyses) -> Figure:
    """One column for each target: its loss above, the part of the weights that is trapped or learned below."""
    flow, sgd = analyses["finite_dimension"], analyses["online_sgd"]
    names = texts(flow["target"])
    figure, axes = new_figure(2, len(names), width=3.1, height=2.5)
    for j, name in enumerate(names):
        target = flow.isel(target=j)
        trapped = int(target["trapped_dimension"])
        _curves(axes[0, j], target["loss"])
        if trapped:
            axes[0, j].axhline(float(target["floor"]), **THEORY, label="floor")
        kind = "reflective: held longer at larger d" if trapped else "free: no floor"
        axes[0, j].set_title(f"{pretty(name)}\n{kind}")
        _curves(axes[1, j], target["trapped_norm" if trapped else "learnable_norm"])
        axes[1, j].set_title("trapped part $|w_{S^*}|$" if trapped else "learned part $|w_{W^*}|$")
        if trapped:
            axes[1, j].set_yscale("symlog", linthresh=1e-3)
    axes[0, 0].set_ylabel("population loss (1)")
    axes[1, 0].set_ylabel("r.m.s. over particles (1)")
    _sgd_markers(axes[0], sgd, names)
    axes[0, -1].legend(fontsize=6.5)
    return figure
