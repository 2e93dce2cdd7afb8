"""Where uniform targets are lost, and how long the flow takes to the others."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.measuring import if_known
from learnability.results.style import COLOURS, MARKERS, THEORY, log_ticks, new_figure
from learnability.studies.two_parameter.hierarchical.claims import lost_where_the_proof_says
from learnability.studies.two_parameter.series import series

_HATCHES = ("", "///", "", "...")
"""Of the obstacles: two of their colours are alike in a grey print."""


def _classes(points: xr.Dataset) -> Iterator[tuple[str, int, str, np.ndarray]]:
    """Label, place of the colour, hatch and number of lost targets of each class; what two classes share by itself."""
    both = points.swept_and_between.values
    for place, name in enumerate(texts(points.obstacle)):
        lost, shared = points.lost_to.values[:, place], name == "swept region"
        yield name, place, _HATCHES[place % len(_HATCHES)], lost - both if shared else lost
        if shared:
            yield "swept and between fingers", place, "xxx", both


def draw(analyses: Analyses) -> Figure:
    """Lost targets by the first condition of F0 that they violate, those of two classes apart; median flow times."""
    points = series(analyses["learning"], "splitting", "rho", dimension=3)
    figure, ((left, right),) = new_figure(1, 2)
    rho, below = points.rho.values, np.zeros(points.sizes["point"])
    for label, place, hatch, lost in _classes(points):
        above = below + lost / points.targets.values
        look: Any = {"facecolor": COLOURS[place], "hatch": hatch, "edgecolor": "white"}
        left.fill_between(rho, below, above, alpha=0.75, linewidth=0, label=label, **look)
        below = above
    left.set(xlabel="splitting parameter $\\rho$", ylabel="fraction of targets lost", ylim=(0, None))
    share = if_known(lost_where_the_proof_says, analyses)
    where = f"Swept region or valley: {share.estimate:.0%} of the lost targets" if share else "Where targets are lost"
    left.set_title(f"{where}\nat $\\rho$ = {rho[0]:g} [{share.low:.0%}, {share.high:.0%}]" if share else where)
    left.legend(loc="upper left", frameon=True)
    time = points.flow_time_median.values
    right.plot(rho, time, MARKERS[0] + "-", color=COLOURS[0])
    known = np.isfinite(time)
    if known.sum() >= 2:
        slope = np.diff(np.log(time[known][[0, -1]]))[0] / np.diff(np.log(rho[known][[0, -1]]))[0]
        through = time[known][-1] * (rho[known] / rho[known][-1]) ** slope
        right.plot(rho[known], through, **THEORY, label="power law through both ends")
        right.set_title(f"Flow time grows as $\\rho^{{{slope:.1f}}}$")
        right.legend()
    else:
        right.set_title("Flow time")
    right.set(yscale="log", xlabel="splitting parameter $\\rho$", ylabel="median flow time (1/|f|$^2$)")
    for axes in (left, right):
        log_ticks(axes, rho)
    return figure
