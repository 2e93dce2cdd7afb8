"""Figures of two-stage training."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.style import COLOURS, MARKERS, THEORY, band, house_style, new_figure
from learnability.studies.subspace_polynomials import theory

Analyses = Mapping[str, xr.Dataset]
RESOLVED_CONDITION = 1e9
NAMES = {2: "$z_1 + z_1 z_2$", 3: "$z_1 + z_1 z_2 + z_1 z_2 z_3$"}
SPANNING_ORDERS = {2: 2, 3: 4}


def _cases(stage: xr.Dataset, keep_output: int = 0) -> list[int]:
    return [int(i) for i in np.flatnonzero(stage["keep_output"].values == keep_output)]


def _eigenvalues(axes: Axes, stage: xr.Dataset, case: int) -> str:
    """lambda_min against T for one and p copies; hollow where it is not resolved. Returns the title."""
    time, p = stage["training_time"].values, int(stage["used_variables"][case])
    for copies, label in enumerate(("1 copy", f"{p} copies averaged")):
        value = stage["lambda_min"].values[case, copies]
        resolved = stage["scaled_condition"].values[case, copies] < RESOLVED_CONDITION
        axes.plot(time, value, color=COLOURS[copies], lw=1)
        axes.plot(time[resolved], value[resolved], MARKERS[copies], color=COLOURS[copies], label=label)
        if not resolved.all():
            axes.plot(
                time[~resolved],
                value[~resolved],
                MARKERS[copies],
                color=COLOURS[copies],
                markerfacecolor="white",
                linestyle="none",
                label=f"{label}, not resolved",
            )
    power = theory.kernel_exponent(SPANNING_ORDERS[p], int(stage["degree"][case]))
    anchor = float(stage["lambda_min"].values[case, 1, 0])
    axes.plot(time, theory.anchored(time, power, anchor), **THEORY, label=f"$T^{{2sn}}$, 2sn = {power}")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("length T of the first stage (flow time)")
    slope = float(stage["local_slope"].values[case, 1, 0])
    return f"{NAMES[p]}: small-T power {slope:.2f}"


def lambda_min(analyses: Analyses) -> Figure:
    """The smallest eigenvalue of the second stage's kernel against the length of the first stage."""
    with house_style():
        stage = analyses["two_stage"]
        cases = _cases(stage)
        figure, axes = new_figure(1, len(cases), width=3.6, height=3.0)
        for axis, case in zip(axes[0], cases, strict=True):
            axis.set_title(_eigenvalues(axis, stage, case))
            axis.legend()
        axes[0, 0].set_ylabel(r"$\lambda_{min}$ of the kernel (1)")
        return figure


def _decay_curves(axes: Axes, stage: xr.Dataset, case: int) -> str:
    """L(t)/L(0) by quadrature, sampled band and bound, for one and p copies. Returns the title."""
    time, p = stage["curve_times"].values[case][1:], int(stage["used_variables"][case])
    for copies, label in enumerate(("1 copy", f"{p} copies")):
        loss = stage["loss"].values[case, copies]
        axes.plot(time, loss[1:] / loss[0], color=COLOURS[copies], label=label)
        low, _, high = stage["sampled_loss"].values[case, :, copies]
        band(axes, time, low[1:] / loss[0], high[1:] / loss[0], COLOURS[copies])
        bound = stage["bound"].values[case, copies]
        axes.plot(time, bound[1:] / loss[0], color=COLOURS[copies], ls="--", lw=1, label=f"bound, {label}")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(1e-6, 2)
    axes.set_xlabel("time of the second stage (flow time)")
    one, many = stage["time_to"].values[case, :, 1]
    faster = "sooner" if one < many else "later"
    return f"{NAMES[p]}: 1% {faster} without averaging\n({one:.3g} against {many:.3g})"


def decay(analyses: Analyses) -> Figure:
    """The loss of the second stage with its bound, with and without averaging."""
    with house_style():
        stage = analyses["two_stage"]
        cases = _cases(stage)
        figure, axes = new_figure(1, len(cases), width=3.6, height=3.0)
        for axis, case in zip(axes[0], cases, strict=True):
            axis.set_title(_decay_curves(axis, stage, case))
            axis.legend()
        axes[0, 0].set_ylabel("L(t) / L(0)")
        return figure
