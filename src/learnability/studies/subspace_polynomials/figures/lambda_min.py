"""The smallest eigenvalue of the second phase's kernel against the length of the first phase."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import COLOURS, MARKERS, THEORY, new_figure
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.figures.labels import pretty

RESOLVED_CONDITION = 1e9


def _eigenvalues(axes: Axes, case: xr.Dataset) -> None:
    """lambda_min against T for one and p copies; hollow where it is not resolved."""
    time, p = case["training_time"].values, int(case["used_variables"])
    for copies, label in enumerate(("1 copy", f"{p} copies averaged")):
        value = case["lambda_min"].values[copies]
        resolved = case["scaled_condition"].values[copies] < RESOLVED_CONDITION
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
    averaged = case.sel(copies="p copies")
    power = theory.kernel_exponent(theory.SPANNING_ORDERS[p], int(case["degree"]))
    small = theory.anchored(time, power, float(averaged["lambda_min"][0]))
    axes.plot(time, small, **THEORY, label=f"$T^{{2sn}}$, 2sn = {power}")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("length T of the first phase (flow time)")
    slope = float(averaged["local_slope"][0])
    axes.set_title(f"{pretty(case['polynomial'].item())}: small-T power {slope:.2f}")


def draw(analyses: Analyses) -> Figure:
    """One panel for each target that is trained without its output."""
    analysis = analyses["two_stage"]
    cases = np.flatnonzero(analysis["keep_output"].values == 0)
    figure, axes = new_figure(1, len(cases), width=3.6, height=3.0)
    for axis, case in zip(axes[0], cases, strict=True):
        _eigenvalues(axis, analysis.isel(case=case))
        axis.legend()
    axes[0, 0].set_ylabel(r"$\lambda_{min}$ of the kernel (1)")
    return figure
