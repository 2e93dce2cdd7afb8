"""Learned fraction and guaranteed measure against the splitting parameter."""

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, MARKERS, THEORY, curve, log_ticks, new_figure
from learnability.studies.two_parameter.series import series


def draw(analyses: Analyses) -> Figure:
    """Learned fraction and mu(F0) against rho; beside it what F0 leaves out, down to rho = 1e-6."""
    analysis = analyses["learning"]
    figure, ((left, right),) = new_figure(1, 2)
    finest = series(analysis, "splitting", "rho", dimension=3)
    for place, d in enumerate((3, 4)):
        points = series(analysis, "splitting", "rho", dimension=d)
        if points.sizes["point"]:
            rho = points.rho.values
            curve(left, rho, points.learned, place, f"learned, d = N = {d}")
            guaranteed = bounds_of(points.guaranteed)[0]
            left.plot(rho, guaranteed, color=COLOURS[place], linestyle=":", marker=".", label=f"$\\mu(F_0)$, d = {d}")
    learned = float(bounds_of(finest.learned)[0][0])
    left.set_title(f"Two parameters learn {learned:.0%} of targets at $\\rho$ = {float(finest.rho[0]):g}")
    left.set(xlabel="splitting parameter $\\rho$", ylabel="fraction of targets", ylim=(0, 1))
    log_ticks(left, finest.rho.values)
    left.legend(loc="lower left")
    _removed(right, analysis)
    return figure


def _removed(axes: Axes, analysis: xr.Dataset) -> None:
    """Proved bounds on 1 - mu(F0), beside what was not learned."""
    rho = analysis.fine_rho.values
    for place, d in enumerate(analysis.fine_dimension.values):
        bound = analysis.removed.values[place]
        label = f"1 - $\\mu(F_0)$, proved, d = N = {d}"
        axes.plot(rho, bound, color=COLOURS[place], linestyle=":", marker=".", label=label)
        points = series(analysis, "splitting", "rho", dimension=int(d))
        if points.sizes["point"]:
            lost = 1 - bounds_of(points.learned)[0].values
            axes.plot(points.rho.values, lost, MARKERS[place], color=COLOURS[place], label=f"not learned, d = {d}")
    axes.plot(rho, analysis.removed.values[0, -1] * rho / rho[-1], **THEORY, label="theory: slope 1")
    axes.set(xscale="log", yscale="log", xlabel="splitting parameter $\\rho$", ylabel="fraction left out")
    axes.set_title(f"$F_0$ leaves out {analysis.removed.values[:, -1].max():.0e} at $\\rho$ = {rho[-1]:.0e}")
    axes.legend(loc="lower right")
