"""The success of the planted flow against the dimension and along two scans."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of, texts
from learnability.results.style import COLOURS, curve, new_figure
from learnability.studies.multi_index.figures.text import short
from learnability.studies.multi_index.landscape.analyse import FLAT


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
            curve(axes, one["parameter"], one["success"], place, flow + _ridge(table) * (family == "rank"))
        axes.set_title(_change(family, bounds_of(one["success"])[0].values))
        if family == "rank":
            axes.set_xticks(one["parameter"].values)
            _odd_ridges(axes, table)
        axes.legend(loc="lower right" if family == "rank" else "center right")
    return figure


def _ridge(table: xr.Dataset, family: str = "rank") -> str:
    """The link of one ridge, behind a comma."""
    rows = np.flatnonzero((table["family"].values == family) & (table["parameter"].values == 1))
    return ", " + short(texts(table["link"])[rows[0]]).replace("z1", "z") if len(rows) else ""


def _odd_ridges(axes: Axes, table: xr.Dataset) -> None:
    """The planted success against the number of odd ridges."""
    rows = np.flatnonzero((table["family"].values == "odd") & np.isfinite(table["parameter"].values))
    order = rows[np.argsort(table["parameter"].values[rows])]
    one = table.isel(case=order).sel(flow="planted")
    curve(axes, one["parameter"], one["success"], 2, f"planted{_ridge(table, 'odd')}")


def _change(family: str, planted: np.ndarray) -> str:
    if family == "rank":
        return f"More ridges h2 + h3/2: the planted flow from {planted[0]:.2f} to {planted[-1]:.2f}"
    return f"Mixed harmonics: {planted[0]:.2f} at c = 0, least {planted.min():.2f}"


def _against_dimension(axes: Axes, scan: xr.Dataset) -> None:
    links = texts(scan["link"])
    for position, link in enumerate(dict.fromkeys(links)):
        rows = [i for i, text in enumerate(links) if text == link]
        one = scan.isel(case=rows).sel(flow="planted")
        curve(axes, one["dimension"], one["success"], position, short(link), color=COLOURS[position + 1])
    trend = np.abs(bounds_of(scan["trend"])[0].values)
    steepest, whose = float(trend.max()), short(texts(scan["trended_link"])[int(trend.argmax())])
    axes.set(xscale="log", xlabel="dimension d", ylabel="fraction of starts that succeed", ylim=(-0.03, 1.05))
    axes.set_title(
        f"Flat in d: at most {steepest:.3f} a decade"
        if steepest < FLAT
        else f"Not flat in d: {steepest:.3f} a decade for {whose}"
    )
    axes.legend(loc="upper center", ncols=2)
