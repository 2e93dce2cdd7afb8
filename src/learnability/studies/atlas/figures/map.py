"""What each method needs over the plane of both leaps: the measured exponent in every cell, the law beside it."""

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import SMALL, new_figure
from learnability.studies.atlas import theory
from learnability.studies.atlas.methods import LABEL, in_a_list

_HIGHEST = 4
_COLUMNS = 3
_LIMITS = 0.75, 3.25


def draw(analyses: Analyses) -> Figure:
    """One panel for every method that has a leap of its own, and one with the number of targets."""
    data = analyses["exponents"]
    methods = [method for method in texts(data["method"]) if method in theory.OWN_LEAP]
    panels = len(methods) + 1
    columns = 2 if panels == 4 else _COLUMNS  # at the scale smoke: no row with one panel
    figure, axes = new_figure(-(-panels // columns), columns, height=2.6)
    flat = axes.ravel()
    for panel, method in zip(flat, methods, strict=False):
        _panel(panel, data, method)
    _targets(flat[len(methods)], data)
    for panel in flat[panels:]:
        panel.set_axis_off()
    figure.suptitle(_title(data, methods))
    return figure


def _panel(axes: Axes, data: xr.Dataset, method: str) -> None:
    one = data.sel({"method": method})
    measured, predicted = one["exponent"].values[..., 0], one["predicted"].values
    colours = mpl.colormaps["viridis"]
    for (s, k), group in _cells(data).items():
        laws, found = predicted[group], measured[group]
        seen = np.isfinite(found)
        law = theory.law(method, s if theory.OWN_LEAP[method] == "correlational" else k)
        if seen.any():
            mean = float(found[seen].mean())
            shade = np.clip((mean - _LIMITS[0]) / (_LIMITS[1] - _LIMITS[0]), 0, 1)
            colour, text = colours(shade), "white" if shade < 0.6 else "black"
            part = "" if seen.all() else f"\n{int(seen.sum())} of {len(group)}"
            said = f"{mean:.2f}\nlaw {law:g}{part}"
        else:
            colour, text = "0.92", "0.3"
            said = f"law {law:g}" if np.isfinite(laws).any() else "no law"
        _cell(axes, s, k, colour, said, text)
    _frame(axes, f"{LABEL[method]} (theory: {'s' if theory.OWN_LEAP[method] == 'correlational' else 'k'} decides)")


def _targets(axes: Axes, data: xr.Dataset) -> None:
    for (s, k), group in _cells(data).items():
        _cell(axes, s, k, "white", str(len(group)), "black")
    _frame(axes, "number of targets")


def _cells(data: xr.Dataset) -> dict[tuple[int, int], np.ndarray]:
    """The places of the targets by (correlational, generative) leap."""
    leaps = list(zip(data["leap"].values.tolist(), data["generative_leap"].values.tolist(), strict=True))
    return {pair: np.flatnonzero([other == pair for other in leaps]) for pair in sorted(set(leaps)) if min(pair) > 0}


def _cell(axes: Axes, s: int, k: int, colour: object, said: str, text: str) -> None:
    square = mpl.patches.Rectangle((s - 0.48, k - 0.48), 0.96, 0.96, facecolor=colour, edgecolor="0.6", linewidth=0.5)
    axes.add_patch(square)
    axes.text(s, k, said, ha="center", va="center", fontsize=SMALL, color=text)


def _frame(axes: Axes, title: str) -> None:
    ticks = range(1, _HIGHEST + 1)
    axes.set(
        xlim=(0.45, _HIGHEST + 0.55), ylim=(0.45, _HIGHEST + 0.55), xticks=ticks, yticks=ticks, aspect="equal",
        xlabel="correlational leap s", ylabel="generative leap k", title=title,
    )  # fmt: skip
    axes.grid(False)


def _title(data: xr.Dataset, methods: list[str]) -> str:
    said = []
    for method in methods:
        preference = float(data["preference"].sel({"method": method}).values[0])
        if np.isfinite(preference):
            said.append(f"{in_a_list(method)} {preference:.2f}")
    if not said:
        return "Mean measured exponents over both leaps"
    return "Coefficient of the method's own leap, less that of the other (theory: 1): " + ", ".join(said)
