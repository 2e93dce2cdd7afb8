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
from learnability.studies.subspace_polynomials.figures.labels import pretty, with_interval
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
        _power_law(right, free["limit_distance"].isel(target=i), i)
    right.set_ylabel("sup over t of $|L_d - L_\\infty|$ (1)")
    first = free.isel(target=0)
    if "distance_limit" in first:
        right.set_title(
            f"free, {pretty(first['target'].item())}:\npower as d grows {with_interval(first['distance_limit'])}"
        )
    for axis in (left, right):
        axis.legend()
    return figure
