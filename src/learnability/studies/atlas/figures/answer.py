"""The figure of a question: escape times of every saddle against the dimension, and success against samples."""

import math
from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.labelled import texts
from learnability.results.style import COLOURS, MARKERS, THEORY, new_figure

_MOST = 4


def draw(analyses: Mapping[str, xr.Dataset]) -> Figure:
    """One row of panels a target (at most four targets are drawn): times, and the measured check where there is one."""
    times = analyses["times"]
    count = min(times.sizes["target"], _MOST)
    figure, axes = new_figure(count, 2, width=4.2, height=3.0)
    for i in range(count):
        for panel, flow in zip(axes[i], ("joint", "planted"), strict=True):
            _escapes(panel, times.isel(target=i).sel(flow=flow), flow)
    figure.suptitle(_title(times), fontsize=9)
    return figure


def _escapes(axes: Axes, one: xr.Dataset, flow: str) -> None:
    """Median and 80% band of the escape time of every direction."""
    dimensions = one["dimension"].values.astype(float)
    drawn = False
    for angle in range(int(one["directions"])):
        low, middle, high = (one["escape_time"].isel(angle=angle, quantile=q).values for q in range(3))
        seen = np.isfinite(middle)
        if not seen.any():
            continue
        drawn = True
        colour = COLOURS[angle % len(COLOURS)]
        top = np.where(np.isfinite(high), high, middle)
        axes.fill_between(dimensions[seen], low[seen], top[seen], color=colour, alpha=0.18, linewidth=0)
        axes.plot(
            dimensions[seen],
            middle[seen],
            MARKERS[angle % len(MARKERS)] + "-",
            color=colour,
            label=f"direction {angle + 1}",
        )
        slope = float(one["predicted"].isel(angle=angle))
        if slope > 0:
            line = middle[seen][-1] * (dimensions[seen] / dimensions[seen][-1]) ** slope
            axes.plot(dimensions[seen], line, **THEORY)
    axes.set(xscale="log", xlabel="dimension d", ylabel="escape time (flow time)")
    share = float(one["trapped"].isel(dimension=0)[0])
    name = {"joint": "link refitted (joint)", "planted": "link known (planted)"}[flow]
    trapped = f"; {share:.0%} of starts trapped" if share > 0 else ""
    axes.set_title(f"{name}{trapped}")
    if drawn:
        axes.set_yscale("log")
        axes.legend()
    else:
        axes.text(0.5, 0.5, "no start learns every direction", ha="center", transform=axes.transAxes)


def _title(times: xr.Dataset) -> str:
    said = []
    for i, text in enumerate(texts(times["target"])[:_MOST]):
        one = times.isel(target=i, dimension=0).sel(flow="joint")
        last = float(one["escape_time"].isel(angle=int(one["directions"]) - 1, quantile=1))
        short = text if len(text) <= 60 else text[:57] + "..."
        d = int(one["dimension"])
        said.append(
            f"{short}: " + (f"learned at time {last:.3g} at d = {d:,}" if math.isfinite(last) else "not learned")
        )
    return "\n".join(said)
