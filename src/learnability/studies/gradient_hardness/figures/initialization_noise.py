"""Predicted steps against the noise of the first layer, and the steps of sparse parities against d."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, MARKERS, THEORY, curve, new_figure
from learnability.studies.gradient_hardness.figures.lines import horizon_line, median_times


def draw(analyses: Analyses) -> Figure:
    """Predicted steps against the noise of the first layer, and the steps of sparse parities against d."""
    figure, axes = new_figure(1, 2)
    _noise_panel(axes[0, 0], analyses["rademacher_threshold"])
    _sparse_panel(axes[0, 1], analyses["sparse_parity"])
    return figure


def _noise_panel(axes: Axes, data: xr.Dataset) -> None:
    levels = data["noise_level"].values
    for number, d in enumerate(data["dimension"].values):
        curve(axes, levels, data["predicted_steps"].sel(dimension=d), number, f"d = {d}")
        axes.axvline(d**-0.5, **THEORY | {"color": COLOURS[number]}, label=f"$\\sigma=1/\\sqrt{{d}}$, d = {d}")
    axes.set_xscale("symlog", linthresh=0.01)
    rise = float(bounds_of(data["rise"])[0].isel(dimension=-1))
    axes.set(
        yscale="log",
        xlabel="noise $\\sigma$ of the first layer",
        ylabel="predicted steps $1/(\\eta\\lambda_v)$",
        xlim=(-0.0015, 1.4 * levels[-1]),
    )
    largest = int(data["dimension"][-1])
    change = float(bounds_of(data["rate_change"].sel(noise_level=1.0))[0])
    smallest = int(data["dimension"][0])
    rate = f"; log/d {change:.2f} times that at {smallest}" if np.isfinite(change) else ""
    axes.set_title(f"From Rademacher to Gaussian: {rise:.1f} decades\nlonger at d = {largest}{rate}")
    axes.legend()


def _sparse_title(data: xr.Dataset) -> str:
    growth = bounds_of(data["growth"])[0].values
    known = np.nonzero(np.isfinite(growth))[0]
    if known.size:
        degree = int(data["degree"][known[0]])
        return f"{degree}-sparse parity: the steps grow as $d^{{{growth[known[0]]:.1f}}}$"
    case = data.isel(case=int(np.argmax(data["dimension"].values)))
    d, k, steps = int(case["dimension"]), int(case["degree"]), float(bounds_of(case["steps"])[0])
    return f"Sparse parity: {steps:.0f} steps at d = {d}, k = {k}"


def _sparse_panel(axes: Axes, data: xr.Dataset) -> None:
    for number, degree in enumerate(np.unique(data["degree"].values)):
        cases = data.isel(case=(data["degree"] == degree).values).sortby("dimension")
        style: dict[str, Any] = {"color": COLOURS[number], "marker": MARKERS[number]}
        shifted = cases.assign(dimension=cases["dimension"] - 0.8 * number)
        median_times(axes, shifted, f"k = {int(degree)}, median of {int(cases['seeds'][0])}", **style)
        d, first = cases["dimension"].values, float(bounds_of(cases["steps"])[0][0])
        if d.size > 1 and np.isfinite(first):
            label, grid = f"$d^{int(degree)}$ from the first", np.linspace(d[0], d[-1], 50)
            axes.plot(grid, first * (grid / d[0]) ** degree, **THEORY | {"color": COLOURS[number]}, label=label)
    horizon_line(axes, float(data["horizon"].max()), vertical=False)
    axes.set(yscale="log", xlabel="input dimension d", ylabel="steps to 99% accuracy")
    axes.set_title(_sparse_title(data))
    axes.legend(loc="lower right")
