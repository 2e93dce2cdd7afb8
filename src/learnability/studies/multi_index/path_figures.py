"""Figures over time: the staircase, and escape times against the dimension."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from learnability.results.style import COLOURS, MARKERS, THEORY, band, new_figure

_WIDTHS = (0.9, 1.2, 1.6, 2.0, 2.4)


def power_of_ten(value: float) -> str:
    """10^k as text where value is one, else the number."""
    exponent = np.log10(value)
    return f"$10^{{{exponent:.0f}}}$" if abs(exponent - round(exponent)) < 1e-9 else f"{value:g}"


def staircase(analyses: Mapping[str, xr.Dataset]) -> Figure:
    """Cosines and loss of the joint flow against log time, several dimensions."""
    data = analyses["staircase"]
    figure, ((left, right),) = new_figure(1, 2, width=3.9, height=2.8)
    time = data["time"].values
    shown = data["dimension"].values[:: max(1, data.sizes["dimension"] // 3)][-3:]
    for i, dimension in enumerate(shown):
        one = data.sel(dimension=dimension)
        for k in range(data.sizes["angle"]):
            low, middle, high = one["cosine"].isel(angle=k).transpose("quantile", "time").values
            left.plot(time, middle, color=COLOURS[k], linewidth=_WIDTHS[i], linestyle=("-", "-.", ":")[i % 3])
            band(left, time, low, high, COLOURS[k])
        low, middle, high = one["loss"].transpose("quantile", "time").values
        right.plot(time, middle, color=COLOURS[6], linewidth=_WIDTHS[i], linestyle=("-", "-.", ":")[i % 3])
        band(right, time, low, high, COLOURS[7])
    for height in data["predicted_plateau"].dropna("saddle").values:
        right.axhline(height, **THEORY)
    _label_staircase(data, left, right, shown)
    return figure


def _label_staircase(data: xr.Dataset, left: Axes, right: Axes, shown: np.ndarray) -> None:
    largest = data.isel(dimension=-1)
    heights = ", ".join(f"{h:.2f}" for h in largest["plateau"].isel(bound=0).values[:-1])
    left.set(xscale="log", xlabel="time (flow time)", ylabel=r"cosine $\lambda_k$ of the principal angle")
    left.set_title("Directions are learned one after another")
    colours = [Line2D([], [], color=COLOURS[k], label=f"direction {k + 1}") for k in range(data.sizes["angle"])]
    left.legend(handles=colours, loc="upper left")
    right.set(xscale="log", xlabel="time (flow time)", ylabel=r"loss / ($\|f\|^2/2$)")
    right.set_title(f"Plateaus at {heights} for d = {power_of_ten(float(largest['dimension']))}")
    lines = [
        Line2D(
            [],
            [],
            color=COLOURS[6],
            linestyle=("-", "-.", ":")[i % 3],
            linewidth=_WIDTHS[i],
            label=f"d = {power_of_ten(d)}",
        )
        for i, d in enumerate(shown.tolist())
    ]
    theory = Line2D([], [], label="theory: loss left by what is learned", **THEORY)
    right.legend(handles=[*lines, theory], loc="upper right")


def escape_times(analyses: Mapping[str, xr.Dataset]) -> Figure:
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
    slope = float(one["asymptotic_slope"][last, 0])
    text = f"s = {leap}: log d" if exponent == 0 else f"s = {leap}: slope {slope:.3f}"
    return (abs(slope - exponent) if exponent > 0 else np.nan), middle[-1], text
