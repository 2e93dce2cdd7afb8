"""Escape times against the dimension."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, MARKERS, THEORY, band, new_figure


def draw(analyses: Mapping[str, xr.Dataset]) -> Figure:
    """Median escape times with quantile bands, joint and planted, one variable left and two right."""
    figure, ((left, right),) = new_figure(1, 2, width=4.2, height=3.6)
    gaps = []
    labels: dict[Axes, list[tuple[float, str, str]]] = {left: [], right: []}
    for name, colour in (("escape_joint", COLOURS[0]), ("escape_planted", COLOURS[1])):
        data = analyses[name]
        for case in range(data.sizes["case"]):
            one = data.isel(case=case)
            axes = left if int(one["num_variables"]) == 1 else right
            gap, height, text = _draw_escape(axes, one, colour)
            gaps.append(gap)
            labels[axes].append((height, text, colour))
    worst = max(gap for gap in gaps if np.isfinite(gap))
    left.set_title(f"One direction: exponents within {worst:.2g} of theory" if worst < 0.05 else "One direction")
    right.set_title("Two directions: the last saddle sets the pace")
    for axes in (left, right):
        axes.set(xscale="log", yscale="log", xlabel="dimension d", ylabel="escape time (flow time)")
        low, high = axes.get_xlim()
        axes.set_xlim(low, high * 60)
        axes.set_xticks([t for t in axes.get_xticks() if low <= t <= high])
        axes.xaxis.set_minor_locator(NullLocator())
        _label_lines(axes, labels[axes], high)
    flows = [
        Line2D([], [], color=c, marker="o", label=f"{n}: median, band 10 to 90 %")
        for n, c in (("joint", COLOURS[0]), ("planted", COLOURS[1]))
    ]
    theory = Line2D([], [], label="theory (exact median, or slope)", **THEORY)
    left.legend(handles=[*flows, theory], loc="upper left")
    return figure


def _label_lines(axes: Axes, labels: list[tuple[float, str, str]], x: float) -> None:
    """Texts at the ends of lines, moved apart where lines meet."""
    bottom, top = np.log10(axes.get_ylim())
    gap, last = 0.042 * (top - bottom), -np.inf
    for height, text, colour in sorted(labels):
        last = max(np.log10(height), last + gap)
        axes.text(x, 10**last, text, fontsize=7, color=colour, verticalalignment="center")


def _draw_escape(axes: Axes, one: xr.Dataset, colour: str) -> tuple[float, float, str]:
    """Draw the last saddle of one link: (distance of its exponent from theory, height of the line's end, its label)."""
    last = int(one["num_variables"]) - 1
    dimensions = one["dimension"].values.astype(float)
    low, middle, high = one["escape_time"].isel(angle=last).transpose("quantile", "dimension").values
    exponent, leap = float(one["exponent"][last]), int(one["leap"][last])
    axes.plot(dimensions, middle, color=colour, marker=MARKERS[leap % len(MARKERS)])
    band(axes, dimensions, low, high, colour)
    exact = one["exact_median"].values
    if np.isfinite(exact).all():
        axes.plot(dimensions, exact, **THEORY)
    elif exponent > 0:
        axes.plot(dimensions, middle[-1] * (dimensions / dimensions[-1]) ** exponent, **THEORY)
    slope = float(bounds_of(one["asymptotic_slope"])[0][last])
    text = f"s = {leap}: log d" if exponent == 0 else f"s = {leap}: slope {slope:.3f}"
    return (abs(slope - exponent) if exponent > 0 else np.nan), middle[-1], text
