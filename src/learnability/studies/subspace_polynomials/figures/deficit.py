"""How far below the floor the loss is at t = 5, against the dimension; and the distance from the limit."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.measuring import if_known
from learnability.results.style import COLOURS, MARKERS, THEORY, new_figure
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.figures.against_dimension import errorbars
from learnability.studies.subspace_polynomials.figures.labels import pretty
from learnability.studies.subspace_polynomials.flow.claims import nearer_to_the_limit
from learnability.studies.subspace_polynomials.trapped_part.claims import slowest


def _power_law(axes: Axes, values: xr.DataArray, shade: int = 0) -> None:
    errorbars(axes, values, fmt=MARKERS[shade] + "-", color=COLOURS[shade], label=pretty(values["target"].item()))
    axes.set_yscale("log")


def draw(analyses: Analyses) -> Figure:
    """The deficit of trapped targets beside two powers of d, and the distance of each free target from its limit."""
    held, flow = analyses["trapped_part"], analyses["finite_dimension"]
    d = held["dimension"].values
    figure, ((left, right),) = new_figure(1, 2, height=2.8)
    for i in range(held.sizes["target"]):
        _power_law(left, held["deficit"].isel(target=i).rename(dimension="finite_dimension"), i)
    start = float(held["deficit"].isel(bound=0).max("target")[0])
    for exponent, line, text in (
        (theory.NECESSARY_EXPONENT, "--", "bound, slope -1/2"),
        (theory.OBSERVED_EXPONENT, ":", "slope -1"),
    ):
        left.plot(d, theory.anchored(d, exponent, start), **THEORY | {"linestyle": line}, label=text)
    left.set_ylabel("floor - least trapped part of L, t up to 5 (1)")
    found = if_known(slowest, analyses)
    said = (
        f": powers as d grows {found.estimate:.2f} [{found.low:.2f}, {found.high:.2f}] or below"
        if found
        else " targets"
    )
    left.set_title(f"trapped{said}")
    free = flow.isel(target=np.flatnonzero(flow["trapped_dimension"].values == 0))
    for i in range(free.sizes["target"]):
        _power_law(right, free["mean_field_distance"].isel(target=i), i)
    right.set_ylabel("sup over t of |mean of $L_d - L_\\infty$| (1)")
    near = if_known(nearer_to_the_limit, analyses)
    if near:
        at = f"{near.estimate:.2g} [{near.low:.2g}, {near.high:.2g}]"
        right.set_title(f"free, {pretty(theory.STAIRCASES[2])}: distance at\nthe largest d, over the least, {at}")
    for axis in (left, right):
        axis.legend()
    return figure
