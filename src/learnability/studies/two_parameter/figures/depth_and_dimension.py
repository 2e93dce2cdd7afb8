"""Learned fraction and precision against the number of stages, and learned fraction against the dimension."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of, texts
from learnability.results.style import COLOURS, MARKERS, THEORY, curve, new_figure
from learnability.studies.two_parameter.hierarchical.claims import distinct
from learnability.studies.two_parameter.series import series


def draw(analyses: Analyses) -> Figure:
    """Fraction against N, precision against N, fraction against d."""
    analysis = analyses["learning"]
    figure, ((left, middle, right),) = new_figure(1, 3)
    deep, falling = (series(analysis, name, "depth") for name in ("depth", "shrinking"))
    depth = deep.depth.values
    curve(left, depth, deep.learned, 0, f"learned, $\\rho$ = {float(deep.rho[0]):g}")
    _guaranteed(left, depth, deep, 0, "$\\mu(F_0)$, $\\rho$ = " + f"{float(deep.rho[0]):g}")
    _given_f0(left, depth, deep)
    if falling.sizes["point"]:
        label = f"learned, $\\rho_n$ = {float(falling.rho[0]):g} $\\cdot$ {float(falling.shrink[0]):g}$^{{n-1}}$"
        curve(left, falling.depth.values, falling.learned, 1, label)
        _guaranteed(left, falling.depth.values, falling, 1, "$\\mu(F_0)$, $\\rho_n$")
    left.set(xlabel="stages N", ylabel="fraction of targets", ylim=(0, 1.03))
    both = analysis.isel(point=np.isin(texts(analysis.series), ("depth", "shrinking")))
    missed, _, count = distinct(both)
    left.set_title(f"{missed} of {count} targets of $F_0$ missed")
    left.legend(loc="lower left")
    middle.plot(depth, deep.precision, marker=MARKERS[0], color=COLOURS[0], label="$R_N$")
    rate = deep.rho.values[0] ** (1 / (deep.dimension.values[0] - 1))
    middle.plot(depth, deep.precision.values[-1] * rate ** (depth - depth[-1]), **THEORY, label="$\\rho^{N/(d-1)}$")
    middle.set(yscale="log", xlabel="stages N", ylabel="precision $R_N$")
    middle.set_title(f"Precision reaches {float(deep.precision[-1]):.1e}")
    middle.legend()
    wide = series(analysis, "dimension", "dimension")
    d = wide.dimension.values
    curve(right, d, wide.learned, 0, f"learned, $\\rho$ = {float(wide.rho[0]):g}, N = d")
    _given_f0(right, d, wide)
    _guaranteed(right, d, wide, 0, "$\\mu(F_0)$")
    right.set(xlabel="dimension d", ylabel="fraction of targets", ylim=(0, 1.03))
    right.set_title(f"{float(bounds_of(wide.learned)[0][-1]):.0%} learned at d = {d[-1]}, W = 2")
    right.legend(loc="lower left")
    return figure


def _given_f0(axes: Axes, x: np.ndarray, points: xr.Dataset) -> None:
    fraction = bounds_of(points.learned_given_f0)[0]
    axes.plot(x, fraction, color=COLOURS[2], marker=MARKERS[2], label="P(learned | $F_0$)")


def _guaranteed(axes: Axes, x: np.ndarray, points: xr.Dataset, place: int, label: str) -> None:
    """mu(F0) as a dotted curve."""
    value = bounds_of(points.guaranteed)[0].values
    axes.plot(x, value, color=COLOURS[place], linestyle=":", marker=".", label=label)
