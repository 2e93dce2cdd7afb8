"""The staircase over time."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, MARKERS, NEUTRAL, THEORY, band, new_figure
from learnability.studies.multi_index.figures.text import power_of_ten

_WIDTHS = (0.9, 1.2, 1.6, 2.0, 2.4)


def draw(analyses: Analyses) -> Figure:
    """Cosines and loss of the joint flow against log time, several dimensions."""
    data = analyses["staircase"]
    figure, ((left, right),) = new_figure(1, 2, height=2.8)
    time = data["time"].values
    shown = data["dimension"].values[:: max(1, data.sizes["dimension"] // 3)][-3:]
    for i, dimension in enumerate(shown):
        one = data.sel(dimension=dimension)
        for k in range(data.sizes["angle"]):
            low, middle, high = one["cosine"].isel(angle=k).transpose("quantile", "time").values
            left.plot(time, middle, color=COLOURS[k], linewidth=_WIDTHS[i], linestyle=("-", "-.", ":")[i % 3])
            half = int(np.argmax(middle >= 0.5))  # a mark half-way up tells the directions apart without colour
            if middle[half] >= 0.5:
                left.plot(time[half], middle[half], marker=MARKERS[k], color=COLOURS[k])
            band(left, time, low, high, COLOURS[k])
        low, middle, high = one["loss"].transpose("quantile", "time").values
        right.plot(time, middle, color=COLOURS[6], linewidth=_WIDTHS[i], linestyle=("-", "-.", ":")[i % 3])
        band(right, time, low, high, NEUTRAL)
    for height in data["predicted_plateau"].dropna("saddle").values:
        right.axhline(height, **THEORY)
    _label_staircase(data, left, right, shown)
    return figure


def _label_staircase(data: xr.Dataset, left: Axes, right: Axes, shown: np.ndarray) -> None:
    largest = data.isel(dimension=-1)
    heights = ", ".join(f"{h:.2f}" for h in bounds_of(largest["plateau"])[0].values[:-1])
    left.set(xscale="log", xlabel="time (flow time)", ylabel=r"cosine $\lambda_k$ of the principal angle")
    left.set_title("Directions are learned one after another")
    directions = [
        Line2D([], [], color=COLOURS[k], marker=MARKERS[k], label=f"direction {k + 1}")
        for k in range(data.sizes["angle"])
    ]
    left.legend(handles=directions, loc="upper left")
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
