"""Predicted steps against the noise of the first layer, and sparse parities beside the literature."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, MARKERS, THEORY, curve, new_figure
from learnability.studies.gradient_hardness.figures.lines import horizon_line, median_times
from learnability.studies.gradient_hardness.theory import SPARSE_PARITY_STEPS


def draw(analyses: Analyses) -> Figure:
    """Predicted steps against the noise of the first layer, and sparse parities beside the literature."""
    figure, axes = new_figure(1, 2)
    _noise_panel(axes[0, 0], analyses["rademacher_threshold"])
    _sparse_panel(axes[0, 1], analyses["sparse_parity"])
    return figure


def _noise_panel(axes: Axes, data: xr.Dataset) -> None:
    levels = data["noise_level"].values
    for number, d in enumerate(data["dimension"].values):
        curve(axes, levels, data["predicted_steps"].sel(dimension=d), number, f"d = {d}")
        axes.axvline(1 / d, **THEORY | {"color": COLOURS[number]}, label=f"$\\sigma=1/d$, d = {d}")
    axes.set_xscale("symlog", linthresh=0.01)
    rise = float(bounds_of(data["rise"])[0].isel(dimension=-1))
    axes.set(
        yscale="log",
        xlabel="noise $\\sigma$ of the first layer",
        ylabel="predicted steps $1/(\\eta\\lambda_v)$",
        xlim=(0, None),
    )
    largest = int(data["dimension"][-1])
    axes.set_title(f"From Rademacher to Gaussian the full parity\ntakes {rise:.1f} decades longer (d = {largest})")
    axes.legend()


def _sparse_title(data: xr.Dataset) -> str:
    case = data.isel(case=int(np.argmax(data["dimension"].values)))
    d, k, steps = int(case["dimension"]), int(case["degree"]), float(bounds_of(case["steps"])[0])
    return f"Sparse parity: {steps:.0f} steps at d = {d}, k = {k}\n(width 1000, batch 32, step size 0.1)"


def _sparse_panel(axes: Axes, data: xr.Dataset) -> None:
    for number, degree in enumerate(np.unique(data["degree"].values)):
        cases = data.isel(case=(data["degree"] == degree).values).sortby("dimension")
        style: dict[str, Any] = {"color": COLOURS[number], "marker": MARKERS[number]}
        shifted = cases.assign(dimension=cases["dimension"] - 0.8 * number)
        median_times(axes, shifted, f"k = {int(degree)}, median of {int(cases['seeds'][0])}", **style)
        known = {d: ends for (d, k), ends in SPARSE_PARITY_STEPS.items() if k == degree}
        for d, (low, high) in known.items():
            axes.plot(
                [d + 0.8 - 0.8 * number] * 2,
                [low, high],
                color=COLOURS[number],
                linestyle="--",
                marker="_",
                linewidth=1,
            )
    axes.plot([], [], **THEORY, marker="_", label="range in the literature")
    horizon_line(axes, float(data["horizon"].max()), vertical=False)
    axes.set(yscale="log", xlabel="input dimension d", ylabel="steps to 99% accuracy")
    axes.set_title(_sparse_title(data))
    axes.legend(loc="lower right")
