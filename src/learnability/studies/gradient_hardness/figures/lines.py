"""Lines and marks that several figures share."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, MARKERS, SMALL, THEORY
from learnability.studies.gradient_hardness.settings import INITIALIZATIONS


def look(initialization: str) -> dict[str, Any]:
    """Colour and marker of an initialisation, the same in every figure."""
    number = INITIALIZATIONS.index(initialization)
    return {"color": COLOURS[number], "marker": MARKERS[number]}


def horizon_line(axes: Axes, horizon: float, vertical: bool, label: str = "horizon", at: float = 0.55) -> None:
    """The number of steps after which a run is censored; ``at``: where along a horizontal line its label stands."""
    line = axes.axvline if vertical else axes.axhline
    line(horizon, **THEORY | {"linestyle": ":"})
    if vertical:
        axes.text(
            horizon,
            0.98,
            label,
            ha="right",
            va="top",
            fontsize=SMALL,
            rotation=90,
            transform=axes.get_xaxis_transform(),
        )
    else:
        # In the middle by default: curves meet the line at small dimensions, and censored runs stand at large ones.
        axes.text(at, horizon, label, ha="center", va="bottom", fontsize=SMALL, transform=axes.get_yaxis_transform())


def median_times(
    axes: Axes, cases: xr.Dataset, label: str, filled: bool = True, above: float = 5.0, **style: Any
) -> None:
    """Medians with their intervals; one beyond the horizon as an open triangle on it, with the censored runs.

    The number of these stands ``above`` points over the mark, in its colour. Where no median was reached, the legend
    has the triangle.
    """
    d, horizon = cases["dimension"].values, cases["horizon"].values
    steps, low, high = (part.values for part in bounds_of(cases["steps"]))
    seen, high = np.isfinite(steps), np.where(np.isfinite(high), high, horizon)
    errors = np.stack((steps[seen] - low[seen], high[seen] - steps[seen]))
    face = style["color"] if filled else "white"
    if seen.any():
        axes.errorbar(d[seen], steps[seen], errors, markerfacecolor=face, linewidth=1.2, label=label, **style)
    if (~seen).any():
        axes.plot(
            d[~seen],
            horizon[~seen],
            linestyle="",
            marker="^",
            markersize=7,
            markerfacecolor="white",
            color=style["color"],
            label=None if seen.any() else label,
        )
    rows = zip(d, np.where(seen, high, horizon), cases["solved"].values, cases["seeds"].values, strict=True)
    for x, y, solved, total in rows:
        if solved < total:
            text = f"{int(total - solved)}/{int(total)}"
            place: Any = {"textcoords": "offset points", "ha": "center", "fontsize": SMALL}
            axes.annotate(text, (x, y), (0, above), color=style["color"], **place)
