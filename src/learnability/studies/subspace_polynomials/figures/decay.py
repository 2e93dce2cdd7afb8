"""The loss of the second phase with its bound, with and without averaging."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, band, new_figure
from learnability.studies.subspace_polynomials.figures.labels import pretty


def _curves(axes: Axes, case: xr.Dataset) -> None:
    """L(t)/L(0) by quadrature, sampled band and bound, for one and p copies."""
    time, p = case["curve_times"].values[1:], int(case["used_variables"])
    for copies, label in enumerate(("1 copy", f"{p} copies")):
        loss, bound = (case[name].values[copies] for name in ("loss", "loss_bound"))
        axes.plot(time, loss[1:] / loss[0], color=COLOURS[copies], label=label)
        _, low, high = (part.values for part in bounds_of(case["sampled_loss"][copies]))
        band(axes, time, low[1:] / loss[0], high[1:] / loss[0], COLOURS[copies])
        axes.plot(time, bound[1:] / loss[0], color=COLOURS[copies], ls="--", lw=1, label=f"bound, {label}")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(1e-6, 2)
    axes.set_xlabel("time of the second phase (flow time)")
    one, many = case["time_to"].sel(fraction=0.01).values
    faster = "sooner" if one < many else "later"
    title = f"{pretty(case['polynomial'].item())}: 1% {faster} without averaging"
    axes.set_title(f"{title}\n({one:.3g} against {many:.3g})")


def draw(analyses: Analyses) -> Figure:
    """One panel for each target that is trained without its output."""
    analysis = analyses["two_stage"]
    cases = np.flatnonzero(analysis["keep_output"].values == 0)
    figure, axes = new_figure(1, len(cases), width=3.6, height=3.0)
    for axis, case in zip(axes[0], cases, strict=True):
        _curves(axis, analysis.isel(case=case))
        axis.legend()
    axes[0, 0].set_ylabel("L(t) / L(0)")
    return figure
