"""Exponents of the number of samples, measured against predicted: one panel a method, one point a target."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of, texts
from learnability.results.style import COLOURS, MARKERS, THEORY, new_figure, shared_legend
from learnability.studies.atlas.methods import LABEL

_COLUMNS = 3
_SPREAD = 0.34


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
        axes.plot([value - half - 0.04, value + half + 0.04], [value, value], **THEORY, label=label)
    for k in sorted(set(leap[seen].tolist())):
        group = seen & (leap == k)
        below, above = (np.nan_to_num(np.abs(middle - end), posinf=0.0)[group] for end in (low, high))
        axes.errorbar(
            at[group], middle[group], yerr=[below, above], fmt=MARKERS[k - 1], color=COLOURS[k - 1],
            linewidth=0.8, label=f"generative leap {k}",
        )  # fmt: skip
    unmeasured = int((np.isfinite(predicted) & ~seen).sum())
    axes.set(xlabel="predicted exponent", ylabel="measured exponent", xlim=(0.4, 4.6), ylim=(-0.2, 5.2))
    axes.set_xticks(range(1, 5))
    said = f"{LABEL[method]}: {int(seen.sum())} targets"
    axes.set_title(said + (f" ({unmeasured} not at this scale)" if unmeasured else ""))


def _title(data: xr.Dataset) -> str:
    said = []
    for method in texts(data["method"]):
        offset = float(data["offset"].sel({"method": method})[0])
        if np.isfinite(offset):
            said.append(f"{LABEL[method]} {round(offset, 2) + 0.0:+.2f}")  # a negative zero loses its sign
    if not said:
        return "Measured over predicted exponents"
    return "Mean of measured less predicted exponents: " + ", ".join(said)
