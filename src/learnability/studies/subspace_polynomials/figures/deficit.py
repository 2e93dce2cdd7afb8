"""How far below the floor the loss is at t = 5, against the dimension; and the distance from the limit."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import COLOURS, MARKERS, THEORY, new_figure
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.figures.against_dimension import errorbars
from learnability.studies.subspace_polynomials.figures.labels import pretty, with_interval


def _power_law(axes: Axes, values: xr.DataArray, shade: int = 0) -> None:
    errorbars(axes, values, fmt=MARKERS[shade] + "-", color=COLOURS[shade], label=pretty(values["target"].item()))
    axes.set_yscale("log")


def draw(analyses: Analyses) -> Figure:
    """The deficit of z1 z2 beside two powers of d, and the distance of each free target from its limit."""
    flow = analyses["finite_dimension"]
    d, names = flow["finite_dimension"].values, texts(flow["target"])
    figure, axes = new_figure(1, 2, width=3.4, height=2.8)
    trapped = flow.isel(target=names.index("z1*z2") if "z1*z2" in names else 0)
    _power_law(axes[0, 0], trapped["deficit"])
    start = float(trapped["deficit"][0, 0])
    for exponent, line, text in (
        (theory.NECESSARY_EXPONENT, "--", "bound, slope -1/2"),
        (theory.OBSERVED_EXPONENT, ":", "slope -1"),
    ):
        axes[0, 0].plot(d, theory.anchored(d, exponent, start), **THEORY | {"linestyle": line}, label=text)
    axes[0, 0].set_ylabel("floor - min L, t up to 5 (1)")
    axes[0, 0].set_title(f"trapped, $z_1 z_2$: power {with_interval(trapped['deficit_slope'])}")
    free = flow.isel(target=np.flatnonzero(flow["trapped_dimension"].values == 0))
    for i in range(free.sizes["target"]):
        _power_law(axes[0, 1], free["limit_distance"].isel(target=i), i)
    axes[0, 1].set_ylabel("sup over t of $|L_d - L_\\infty|$ (1)")
    first = free.isel(target=0)
    axes[0, 1].set_title(f"free, {pretty(first['target'].item())}: power {with_interval(first['limit_slope'])}")
    for axis in axes[0]:
        axis.legend()
    return figure
