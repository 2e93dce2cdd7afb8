"""The smallest eigenvalue of the second stage's kernel against the length of the first stage."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import COLOURS, MARKERS, THEORY, new_figure
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.figures.labels import pretty

RESOLVED = 0.1


def _kept(analysis: xr.Dataset, polynomial: str) -> xr.Dataset | None:
    """The case of the same target whose first stage keeps the output."""
    for case, text in enumerate(texts(analysis["polynomial"])):
        if text == polynomial and analysis["keep_output"].values[case]:
            return analysis.isel(case=case)
    return None


def _eigenvalues(axes: Axes, case: xr.Dataset, kept: xr.Dataset | None) -> None:
    """lambda_min against T for one and p copies, and with the output kept where float64 resolves it."""
    time, p = case["training_time"].values, int(case["used_variables"])
    for copies, label in enumerate(("1 copy", f"{p} copies averaged")):
        value, power = case["lambda_min"].values[copies], int(case["time_power"][copies])
        axes.plot(time, value, MARKERS[copies] + "-", color=COLOURS[copies], lw=1, label=label)
        if power:
            small = theory.anchored(time, power, float(value[0]))
            axes.plot(time, small, **THEORY, label=None if copies else "$T^k$, exact k")
        if kept is not None:
            resolved = kept["lambda_error"].values[copies] < RESOLVED
            axes.plot(
                time[resolved],
                kept["lambda_min"].values[copies][resolved],
                "x",
                color="#000000",
                ms=4,
                ls="none",
                label=None if copies == 0 else "output kept",
            )
    axes.set(xscale="log", yscale="log", xlabel="length T of the first stage (flow time)")
    powers = " and ".join(str(int(k)) for k in case["time_power"].values)
    axes.set_title(f"{pretty(case['polynomial'].item())}: powers {powers} of T")


def draw(analyses: Analyses) -> Figure:
    """One panel for each target; (4.1) as lines, the first stage with its output kept as crosses."""
    analysis = analyses["two_stage"]
    cases = np.flatnonzero(analysis["keep_output"].values == 0)
    figure, axes = new_figure(1, len(cases), height=3.0)
    for axis, case in zip(axes[0], cases, strict=True):
        one = analysis.isel(case=case)
        _eigenvalues(axis, one, _kept(analysis, str(one["polynomial"].item())))
        axis.legend()
    axes[0, 0].set_ylabel(r"$\lambda_{min}$ of the kernel (1)")
    return figure
