"""The figure of a question: escape times of every saddle, and what algorithms learn from n samples."""

import math

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of, texts
from learnability.results.style import COLOURS, MARKERS, THEORY, band, log_ticks, new_figure
from learnability.studies.atlas.answer import called, learned_together, number
from learnability.studies.atlas.methods import LABEL

COLOUR = dict(zip(LABEL, COLOURS, strict=False))
MARKER = dict(zip(LABEL, MARKERS, strict=False))
_MOST = 4


def draw(analyses: Analyses) -> Figure:
    """One block of panels a target (at most four are drawn): times, and below them the check if there is one."""
    times, check = analyses["times"], analyses.get("check")
    count, per_target = min(times.sizes["target"], _MOST), 1 if check is None else 2
    figure, axes = new_figure(count * per_target, 2 if check is None else 3, height=3.1)
    for i in range(count):
        row = axes[i * per_target]
        whose = _short(texts(times["target"])[i]) + ": " if count > 1 else ""
        for panel, flow in zip(row, ("joint", "planted"), strict=False):
            _escapes(panel, times.isel(target=i).sel(flow=flow), flow, whose)
        if check is not None:
            _exponents(row[2], check.isel(target=i))
            dimensions = check.sizes["dimension"]
            for j, panel in enumerate(axes[i * per_target + 1]):
                if j < dimensions:
                    # With more dimensions than panels, the largest are drawn.
                    _success(panel, check.isel(target=i, dimension=max(dimensions - 3, 0) + j))
                else:
                    panel.set_axis_off()
    figure.suptitle(_title(times))
    return figure


def _escapes(axes: Axes, one: xr.Dataset, flow: str, whose: str) -> None:
    """Median and 80% band of the escape time of every direction; those learned together are one line."""
    dimensions = one["dimension"].values.astype(float)
    drawn = False
    for group in learned_together(one):
        angle = group[-1]
        low, middle, high = (one["escape_time"].isel(angle=angle, quantile=q).values for q in range(3))
        seen = np.isfinite(middle)
        if not seen.any():
            continue
        drawn = True
        colour = COLOURS[group[0] % len(COLOURS)]
        band(axes, dimensions[seen], low[seen], np.where(np.isfinite(high), high, middle)[seen], colour)
        marker = MARKERS[group[0] % len(MARKERS)]
        axes.plot(dimensions[seen], middle[seen], f"{marker}-", color=colour, label=called(group))
        slope = float(one["predicted"].isel(angle=angle))
        if slope > 0:
            axes.plot(dimensions[seen], middle[seen][-1] * (dimensions[seen] / dimensions[seen][-1]) ** slope, **THEORY)
    axes.set(xscale="log", xlabel="dimension d", ylabel="escape time (flow time)")
    share = float(one["trapped"].isel(dimension=0)[0])
    name = {"joint": "link refitted (joint)", "planted": "link known (planted)"}[flow]
    axes.set_title(whose + name + (f"; {share:.0%} of starts trapped" if share > 0 else ""))
    if drawn:
        axes.set_yscale("log")
        axes.legend()
    else:
        why = "most starts never escape" if int(one["directions"]) else "no flow was run: the cut keeps too little"
        axes.text(0.5, 0.5, why, ha="center", transform=axes.transAxes)


def _success(axes: Axes, one: xr.Dataset) -> None:
    """Share of seeds that learn against n, with exact binomial bars.

    Bars of shares of 0 and 1 are the same for every method and every n: dotted lines tell where they end.
    """
    counts = one["num_samples"].values
    for method in texts(one["method"]):
        middle, low, high = (x.values for x in bounds_of(one["learned"].sel({"method": method})))
        ran = np.isfinite(middle)
        if ran.any():
            inside = ran & (middle > 0) & (middle < 1)
            axes.vlines(counts[inside], low[inside], high[inside], color=COLOUR[method], alpha=0.5, linewidth=1.2)
            for ends in (high[ran & (middle == 0)], low[ran & (middle == 1)]):
                if len(ends):
                    axes.axhline(float(ends[0]), color="0.45", linestyle=":", linewidth=0.8, zorder=0)
            axes.plot(counts[ran], middle[ran], f"{MARKER[method]}-", color=COLOUR[method], label=LABEL[method])
    axes.set(xscale="log", xlabel="samples n", ylabel="share of seeds that learn", ylim=(-0.03, 1.03))
    axes.set_title(f"d = {int(one['dimension'])}, {int(one['seeds'])} seeds")


def _exponents(axes: Axes, one: xr.Dataset) -> None:
    """Samples for half of the seeds against d, with the predicted slope dashed.

    The legend is that of the shares, too: a method that never reached half of the seeds is named with the others.
    """
    dimensions = one["dimension"].values.astype(float)
    for method in texts(one["method"]):
        samples = one["samples"].sel({"method": method}).values
        seen = np.isfinite(samples)
        if not seen.any():
            if np.isfinite(one["learned"].sel({"method": method}).values).any():
                name = f"{LABEL[method]}: not reached"
                axes.plot([], [], f"{MARKER[method]}-", color=COLOUR[method], label=name)
            continue
        axes.plot(dimensions[seen], samples[seen], f"{MARKER[method]}-", color=COLOUR[method], label=LABEL[method])
        # The theorem on kernel ridge is about its loss, not the subspace.
        slope = math.nan if method == "kernel_ridge" else float(one["predicted"].sel({"method": method}))
        if math.isfinite(slope):
            line = samples[seen][0] * (dimensions[seen] / dimensions[seen][0]) ** slope
            axes.plot(dimensions[seen], line, **THEORY | {"color": COLOUR[method]})
    axes.set(yscale="log", xlabel="dimension d", ylabel="samples for half of the seeds")
    log_ticks(axes, dimensions)
    axes.minorticks_off()
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.set_title("measured; predicted exponents dashed")


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _title(times: xr.Dataset) -> str:
    """What is learned when; with several targets, whose names are those of their panels, how many are learned."""
    names, last = texts(times["target"]), []
    for i in range(len(names)):
        one = times.isel(target=i, dimension=0).sel(flow="joint")
        last.append(float(one["escape_time"].isel(angle=int(one["directions"]) - 1, quantile=1)))
    d = f"d = {int(times['dimension'][0]):,}"
    if len(names) > 1:
        learned = sum(map(math.isfinite, last))
        drawn = f"; {_MOST} are drawn" if len(names) > _MOST else ""
        return f"{learned} of {len(names)} targets are learned at {d}, the link refitted{drawn}"
    if not int(times.isel(target=0)["directions"]):
        return f"{_short(names[0])}: no times, since its variance lies above the degree of the flows"
    found = f"learned at flow time {number(last[0])} at {d}" if math.isfinite(last[0]) else "not learned"
    return f"{_short(names[0])}: {found}"
