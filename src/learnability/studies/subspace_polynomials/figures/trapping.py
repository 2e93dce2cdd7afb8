"""Loss and the trapped part of the weights for reflective and free targets; online SGD on a free one."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import THEORY, curve, new_figure, ordered, shared_legend
from learnability.studies.subspace_polynomials.figures.labels import pretty


def _dimension_label(dimension: float) -> str:
    return "$d = \\infty$" if np.isinf(dimension) else f"d = {int(dimension)}"


def _curves(axes: Axes, curves: xr.DataArray) -> None:
    """Median and 10-90% band of (dimension, time, bound) for each dimension; the limit in black."""
    time = curves["time"].values
    shades = ordered(int(np.isfinite(curves["dimension"].values).sum()))[::-1]
    for i, dimension in enumerate(curves["dimension"].values):
        colour = "#000000" if np.isinf(dimension) else shades[i]
        curve(axes, time, curves[i], i, _dimension_label(dimension), color=colour, marker="", linewidth=1.2)
    axes.set_xlabel("flow time")


def _sgd_markers(row: np.ndarray, sgd: xr.Dataset, names: list[str]) -> None:
    """Online SGD, and the flow at the dimension of its runs."""
    for place, name in enumerate(texts(sgd["target"])):
        if name in names:
            axes, run = row[names.index(name)], sgd.isel(target=place, bound=0)
            time, median = run["time"].values, run["sgd_loss"].values
            axes.plot(time[::3], median[::3], "x", color="#000000", ms=4, label="SGD")
            axes.plot(time, run["flow_loss"].values, color="#000000", lw=0.7, ls=":", label="its flow, at the d of SGD")


def draw(analyses: Analyses) -> Figure:
    """One row for each target: its loss, and beside it the part of the weights that is trapped or learned."""
    flow, sgd = analyses["finite_dimension"], analyses["online_sgd"]
    names = texts(flow["target"])
    figure, axes = new_figure(len(names), 2, height=1.9)
    for j, name in enumerate(names):
        target = flow.isel(target=j)
        trapped = int(target["trapped_dimension"])
        _curves(axes[j, 0], target["loss"])
        if trapped:
            axes[j, 0].axhline(float(target["floor"]), **THEORY, label="floor")
        kind = "reflective: held longer at larger d" if trapped else "free: no floor"
        axes[j, 0].set_title(f"{pretty(name)}\n{kind}")
        _curves(axes[j, 1], target["trapped_norm" if trapped else "learnable_norm"])
        axes[j, 1].set_title("trapped part $|w_{S^*}|$" if trapped else "learned part $|w_{W^*}|$")
        if trapped:
            axes[j, 1].set_yscale("symlog", linthresh=1e-3)
        axes[j, 0].set_ylabel("population loss (1)")
        axes[j, 1].set_ylabel("r.m.s. over particles (1)")
    _sgd_markers(axes[:, 0], sgd, names)
    shared_legend(figure, columns=5)
    return figure
