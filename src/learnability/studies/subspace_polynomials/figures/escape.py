"""Escape time against the dimension for leaps 2 and 3."""

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import COLOURS, LEVEL, THEORY, new_figure
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.figures.against_dimension import errorbars
from learnability.studies.subspace_polynomials.figures.labels import with_interval


def draw(analyses: Analyses) -> Figure:
    """Leap 2 beside a straight line in log d, leap 3 beside the power 1/2, which its local exponents stay below."""
    figure, ((left, right),) = new_figure(1, 2, height=2.8)
    two, three = (analyses[name].isel(target=0) for name in ("escape_leap_2", "escape_leap_3"))
    for axis, analysis, colour in ((left, two, COLOURS[0]), (right, three, COLOURS[1])):
        errorbars(axis, analysis["escape_time"], fmt="o-", color=colour, label="median, 95% interval")
    left.set_ylabel("time until the loss is 0.9 of its floor (flow time)")
    d, times = two["finite_dimension"].values, two["escape_time"].isel(bound=0).values
    slope = np.polyfit(np.log(d), times, 1)
    left.plot(d, np.polyval(slope, np.log(d)), **LEVEL, label="fitted line in log d")
    left.set_title(f"leap 2, $z_1 z_2$: + {slope[0] * np.log(4):.2f} for each factor 4 in d")
    d, times = three["finite_dimension"].values, three["escape_time"].isel(bound=0).values
    power = theory.anchored(d[::-1], theory.escape_exponent(3), times[-1])
    right.plot(d[::-1], power, **THEORY, label="slope 1/2 through the last")
    right.set_yscale("log", base=2)
    right.set_title(f"leap 3, $He_3$: power {with_interval(three['escape_limit'])} as d grows")
    for axis in (left, right):
        axis.legend()
    return figure
