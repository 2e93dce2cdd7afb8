"""Where uniform targets are lost, and how long the flow takes to the others."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.measuring import if_known
from learnability.results.style import COLOURS, MARKERS, THEORY, log_ticks, new_figure
from learnability.studies.two_parameter.hierarchical.claims import lost_where_the_proof_says
from learnability.studies.two_parameter.series import series

_HATCHES = ("", "///", "", "...")
"""Of the obstacles: two of their colours are alike in a grey print."""


def draw(analyses: Analyses) -> Figure:
    """Lost targets by the first condition of F0 that they violate; median flow times."""
    points = series(analyses["learning"], "splitting", "rho", dimension=3)
    figure, ((left, right),) = new_figure(1, 2)
    rho, below = points.rho.values, np.zeros(points.sizes["point"])
    shares = points.lost_to.values / points.targets.values[:, None]
    for place, name in enumerate(texts(points.obstacle)):
        above = below + shares[:, place]
        look: Any = {"facecolor": COLOURS[place], "hatch": _HATCHES[place % len(_HATCHES)], "edgecolor": "white"}
        left.fill_between(rho, below, above, alpha=0.75, linewidth=0, label=name, **look)
        below = above
    left.set(xlabel="splitting parameter $\\rho$", ylabel="fraction of targets", ylim=(0, None))
    share = if_known(lost_where_the_proof_says, analyses)
    said = f"{share.estimate:.0%} of the lost targets: swept region or valley" if share else "Where targets are lost"
    left.set_title(said)
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
