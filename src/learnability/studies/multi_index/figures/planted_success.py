"""The success of the planted flow against the dimension and along two scans."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of, texts
from learnability.results.style import COLOURS, curve, new_figure
from learnability.studies.multi_index.figures.text import short


def draw(analyses: Analyses) -> Figure:
    """Planted success against the dimension, the number of ridges and the mixture of harmonics."""
    figure, ((left, middle, right),) = new_figure(1, 3, height=2.8)
    scan, table = analyses["landscape_dimension"], analyses["landscape"]
    _against_dimension(left, scan)
    for axes, family, label in (
        (middle, "rank", "number r of ridges"),
        (right, "mixture", r"weight c of $\mathrm{Re}\,z^5$ beside $\mathrm{Re}\,z^2$"),
    ):
        rows = np.flatnonzero(table["family"].values == family)
        axes.set(xlabel=label, ylim=(-0.03, 1.05))
        if not len(rows):
            axes.set_title("Not part of this scale")
            axes.text(0.5, 0.5, "no such links", ha="center", transform=axes.transAxes)
            continue
        order = rows[np.argsort(table["parameter"].values[rows])]
        for place, flow in enumerate(("joint", "planted")):
            one = table.isel(case=order).sel(flow=flow)
            curve(axes, one["parameter"], one["success"], place, flow)
        axes.set_title(_change(family, bounds_of(one["success"])[0].values))
        if family == "rank":
            axes.set_xticks(one["parameter"].values)
        axes.legend(loc="lower right" if family == "rank" else "center right")
    return figure


def _change(family: str, planted: np.ndarray) -> str:
    if family == "rank":
        return f"More ridges: the planted flow from {planted[0]:.2f} to {planted[-1]:.2f}"
    return f"Mixed harmonics: {planted[0]:.2f} at c = 0, least {planted.min():.2f}"


def _against_dimension(axes: Axes, scan: xr.Dataset) -> None:
    links = texts(scan["link"])
    for position, link in enumerate(dict.fromkeys(links)):
        rows = [i for i, text in enumerate(links) if text == link]
        one = scan.isel(case=rows).sel(flow="planted")
        curve(axes, one["dimension"], one["success"], position, short(link), color=COLOURS[position + 1])
    steepest = float(np.abs(bounds_of(scan["trend"])[0].values).max())
    axes.set(xscale="log", xlabel="dimension d", ylabel="fraction of starts that succeed", ylim=(-0.03, 1.05))
    axes.set_title(
        f"Flat in d: at most {steepest:.3f} a decade" if steepest < 0.02 else f"Not flat in d: {steepest:.3f} a decade"
    )
    axes.legend(loc="upper center", ncols=2)
