"""Learned fraction and precision against the number of stages, and learned fraction against the dimension."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, MARKERS, THEORY, new_figure
from learnability.studies.two_parameter.figures.bands import fraction_band
from learnability.studies.two_parameter.series import series


def draw(analyses: Mapping[str, xr.Dataset]) -> Figure:
    """Fraction against N, precision against N, fraction against d."""
    analysis = analyses["learning"]
    figure, ((left, middle, right),) = new_figure(1, 3, width=2.9)
    deep, falling = (series(analysis, name, "depth") for name in ("depth", "shrinking"))
    depth = deep.depth.values
    fraction_band(left, depth, deep.learned, 0, f"$\\rho$ = {float(deep.rho[0]):g}")
    left.plot(depth, deep.product_law, **THEORY, label="$\\prod(1-2.6\\rho_n)$")
    _given_f0(left, depth, deep)
    if falling.sizes["point"]:
        label = f"$\\rho_n$ = {float(falling.rho[0]):g} $\\cdot$ {float(falling.shrink[0]):g}$^{{n-1}}$"
        fraction_band(left, falling.depth.values, falling.learned, 1, label)
        left.plot(falling.depth.values, falling.product_law, **THEORY)
    left.set(xlabel="stages N", ylabel="fraction of targets", ylim=(0, 1.03))
    left.set_title(f"All of $F_0$, a product of the rest (d = {int(deep.dimension[0])})")
    left.legend(loc="lower left")
    middle.plot(depth, deep.precision, marker=MARKERS[0], color=COLOURS[0], label="$R_N$")
    rate = deep.rho.values[0] ** (1 / (deep.dimension.values[0] - 1))
    middle.plot(depth, deep.precision.values[-1] * rate ** (depth - depth[-1]), **THEORY, label="$\\rho^{N/(d-1)}$")
    middle.set(yscale="log", xlabel="stages N", ylabel="precision $R_N$")
    middle.set_title(f"Precision reaches {float(deep.precision[-1]):.1e}")
    middle.legend()
    wide = series(analysis, "dimension", "dimension")
    d = wide.dimension.values
    fraction_band(right, d, wide.learned, 0, f"learned, $\\rho$ = {float(wide.rho[0]):g}, N = d")
    _given_f0(right, d, wide)
    right.plot(d, wide.product_law, **THEORY, label="$(1-2.6\\rho)^d$")
    right.set(xlabel="dimension d", ylabel="fraction of targets", ylim=(0, 1.03))
    right.set_title(f"{float(bounds_of(wide.learned)[0][-1]):.0%} learned at d = {d[-1]}, W = 2")
    right.legend(loc="lower left")
    return figure


def _given_f0(axes: Axes, x: np.ndarray, points: xr.Dataset) -> None:
    fraction = bounds_of(points.learned_given_f0)[0]
    axes.plot(x, fraction, color=COLOURS[2], marker=MARKERS[2], label="P(learned | $F_0$)")
