"""Exponents of the number of samples, measured against predicted: one panel a method, one point a target."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of, texts
from learnability.results.style import COLOURS, MARKERS, THEORY, new_figure, shared_legend
from learnability.studies.atlas.methods import LABEL, in_a_list

_COLUMNS = 3
_SPREAD = 0.34
_LOWEST, _HIGHEST = -0.1, 5.1
"""Where the arrow of an interval without that end stands."""


def draw(analyses: Analyses) -> Figure:
    """Points spread sideways inside one predicted exponent; colour and sign are those of the generative leap."""
    data = analyses["exponents"]
    methods = texts(data["method"])
    rows = -(-len(methods) // _COLUMNS)
    figure, axes = new_figure(rows, _COLUMNS, height=2.6)
    for panel in axes.ravel()[len(methods) :]:
        panel.set_axis_off()
    for panel, method in zip(axes.ravel(), methods, strict=False):
        _panel(panel, data.sel({"method": method}), method)
    shared_legend(figure, columns=6)
    figure.suptitle(_title(data))
    return figure


def _panel(axes: Axes, one: xr.Dataset, method: str) -> None:
    middle, low, high = (part.values for part in bounds_of(one["exponent"]))
    predicted, leap = one["predicted"].values, one["generative_leap"].values
    expected = one["expected"].values
    seen = np.isfinite(middle) & np.isfinite(predicted)
    at = predicted.copy()
    laws = np.unique(predicted[seen])
    for number, value in enumerate(laws):
        group = np.flatnonzero(seen & (predicted == value))
        order = group[np.argsort(leap[group], kind="stable")]
        half = min(_SPREAD, *(0.45 * np.diff(laws)[max(number - 1, 0) : number + 1]), _SPREAD)
        at[order] += np.linspace(-half, half, len(order)) * min(1.0, len(order) / 6)
        # The law of all these points, as wide as they are spread: their place inside it means nothing.
        label = "theory" if number == 0 else None
        law = float(expected[group].mean())
        axes.plot([value - half - 0.04, value + half + 0.04], [law, law], **THEORY, label=label, zorder=3)
    for k in sorted(set(leap[seen].tolist())):
        group = seen & (leap == k)
        ends = np.stack((middle - np.maximum(low, _LOWEST), np.minimum(high, _HIGHEST) - middle))[:, group]
        axes.errorbar(
            at[group], middle[group], yerr=ends, fmt=MARKERS[k - 1], color=COLOURS[k - 1], markersize=3,
            markerfacecolor="white", markeredgewidth=0.8, linewidth=0.8, label=f"generative leap {k}",
        )  # fmt: skip
        for edge, out, mark in ((_HIGHEST, np.isinf(high), "^"), (_LOWEST, np.isinf(low), "v")):
            axes.plot(at[group & out], np.full((group & out).sum(), edge), mark, color=COLOURS[k - 1], markersize=3)
    known = np.isfinite(predicted)
    left_out = ((int((known & ~seen).sum()), "not at this scale"), (int((~known).sum()), "have no law"))
    axes.set(xlabel="predicted exponent", ylabel="measured exponent", ylim=(-0.2, _HIGHEST + 0.1))
    if seen.any():
        axes.set(xlim=(laws[0] - 0.6, laws[-1] + 0.6), xticks=laws)
    said = ", ".join(f"{count} {why}" for count, why in left_out if count)
    axes.set_title(f"{LABEL[method]}: {int(seen.sum())} targets" + (f" ({said})" if said else ""))


def _title(data: xr.Dataset) -> str:
    said = []
    for method in texts(data["method"]):
        offset = np.abs(bounds_of(data["offset"].sel({"method": method}))[0].values)
        if np.isfinite(offset).any():
            said.append(f"{in_a_list(method)} {np.nanmax(offset):.2f}")
    if not said:
        return "Measured over expected exponents"
    return "Largest mean offset of a law from what is expected: " + ", ".join(said)
