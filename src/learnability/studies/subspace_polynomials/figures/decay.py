"""The loss of the second stage with its bound, with and without averaging, and two-stage SGD beside it."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, MARKERS, curve, new_figure
from learnability.studies.subspace_polynomials.figures.labels import pretty, with_interval


def _curves(axes: Axes, case: xr.Dataset) -> None:
    """L(t)/L(0) in the limit and the bound, for one and p copies."""
    time, p = case["curve_times"].values[1:], int(case["used_variables"])
    for copies, label in enumerate(("1 copy", f"{p} copies")):
        loss, bound = (case[name].values[copies] for name in ("loss", "loss_bound"))
        axes.plot(time, loss[1:] / loss[0], color=COLOURS[copies], marker=MARKERS[copies], markevery=0.12, label=label)
        axes.plot(time, bound[1:] / loss[0], color=COLOURS[copies], ls="--", lw=1, label=f"bound, {label}")
    axes.set(xscale="log", yscale="log", ylim=(1e-6, 2), xlabel="time of the second stage (flow time)")
    one, many = case["time_to"].sel(fraction=0.01).values
    axes.set_title(f"{pretty(case['polynomial'].item())}: 1% at t = {one:.3g}\n(1 copy) and {many:.3g} ({p} copies)")


def _sgd(axes: Axes, averaged: xr.Dataset, single: xr.Dataset) -> None:
    """Two-stage SGD at each dimension, and without averaging at one, beside the limits."""
    for j, d in enumerate(averaged["dimension"].values):
        _sgd_band(axes, averaged.isel(dimension=j), (1, 3, 2, 4)[j % 4], f"2 copies, d = {d:g}")
    _sgd_band(axes, single.isel(dimension=0), 0, f"1 copy, d = {single['dimension'].values[0]:g}")
    for run in (averaged, single):
        limit = run["limit_loss"].isel(dimension=0).values
        axes.plot(run["time"].values, limit / limit[0], color="#000000", lw=0.8, ls=":")
    axes.set(yscale="log", ylim=(1e-3, 2), xlabel="time of the second stage (flow time)")
    title = "two-stage SGD, $z_1 + z_1 z_2$ (dotted: limit)"
    if "rate_slope" in averaged:
        last = averaged.isel(dimension=-1)
        rate = with_interval(last["rate_over_limit"])
        title += f";\nat d = {last['dimension'].item():g} the rate is {rate} of the limit's"
    axes.set_title(title)


def _sgd_band(axes: Axes, run: xr.Dataset, place: int, label: str) -> None:
    start = bounds_of(run["loss"])[0].values[0]
    curve(axes, run["time"].values, run["loss"] / start, place, label, linewidth=1.2, markevery=0.12)


def draw(analyses: Analyses) -> Figure:
    """One panel for each target under (4.1), and one with two-stage SGD."""
    analysis = analyses["two_stage"]
    cases = np.flatnonzero(analysis["keep_output"].values == 0)
    figure, axes = new_figure(1, len(cases) + 1, height=3.0)
    for axis, case in zip(axes[0], cases, strict=False):
        _curves(axis, analysis.isel(case=case))
        axis.legend()
    _sgd(axes[0, -1], analyses["second_stage"], analyses["second_stage_one_copy"])
    axes[0, -1].legend()
    axes[0, 0].set_ylabel("L(t) / L(0)")
    return figure
