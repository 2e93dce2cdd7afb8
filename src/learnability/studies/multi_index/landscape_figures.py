"""Figures of where flows end."""

import json
from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.studies.multi_index.landscape_analysis import FAMILIES
from learnability.studies.multi_index.path_figures import power_of_ten
from learnability.results.style import COLOURS, MARKERS, band, new_figure

_SCANS = (FAMILIES.index("rank"), FAMILIES.index("mixture"))
_JOINT, _PLANTED = 0, 1
_PARTS = (
    ("success", "reaches the target", "#E8E8E8", ""),
    ("frozen", "frozen at the equator", COLOURS[0], ""),
    ("wrong_frame", "subspace found, wrong frame", COLOURS[4], "///"),
    ("rank_deficient", "rank-deficient", COLOURS[1], "..."),
    ("unfinished", "unfinished", COLOURS[6], ""),
)
_SHORTEST = 44


def short(link: str) -> str:
    """A link's text for an axis: numbers of at most three digits, cut when long."""
    words = []
    for word in link.split("*"):
        parts = [f"{float(p):.3g}" if _is_long_number(p) else p for p in word.split(" ")]
        words.append(" ".join(parts))
    text = "·".join(words)
    return text if len(text) <= _SHORTEST else text[: _SHORTEST - 1] + "…"


def _is_long_number(text: str) -> bool:
    return len(text) > 5 and text.replace(".", "", 1).replace("-", "", 1).isdigit()


def planted_split(analyses: Mapping[str, xr.Dataset]) -> Figure:
    """How the planted flow ends, link by link, with the joint flow's success beside it."""
    whole = analyses["landscape"]
    rows = [i for i in range(whole.sizes["case"]) if int(whole["family"][i]) not in _SCANS][::-1]
    data = whole.isel(case=rows)
    links = [json.loads(whole.attrs["links"])[i] for i in rows]
    figure, ((axes,),) = new_figure(1, 1, width=7.0, height=max(2.4, 0.21 * len(rows) + 1.3))
    place = np.arange(len(rows))
    left = np.zeros(len(rows))
    for name, label, colour, hatch in _PARTS:
        width = data[name].sel(flow=_PLANTED).values
        look = {"color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.4, "height": 0.74}
        axes.barh(place, width, left=left, label=f"planted: {label}", **look)
        left += width
    joint = data["success"].sel(flow=_JOINT)
    axes.plot(joint, place, "k|", markersize=8, markeredgewidth=2, label="joint: reaches the target")
    families = [FAMILIES[int(f)].replace("_", " ") for f in data["family"].values]
    names = [f"{short(link)}   [{family}]" for link, family in zip(links, families, strict=True)]
    axes.set_yticks(place, names, fontsize=6.5)
    axes.set(xlabel="fraction of starts", xlim=(0, 1.01), ylim=(-0.6, len(rows) - 0.4))
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside lower center", ncols=3)
    trapped = int((data["success_high"].sel(flow=_PLANTED) < 0.99).sum())
    dimension = power_of_ten(float(data["dimension"][0]))
    stuck = f"the planted flow is trapped for {trapped} of {len(rows)} links"
    least = float(joint.min())
    share = "every start" if least == 1 else f"at least {100 * least:.1f} % of the starts"
    axes.set_title(f"d = {dimension}: {stuck},\nthe joint flow succeeds from {share}")
    return figure


def planted_success(analyses: Mapping[str, xr.Dataset]) -> Figure:
    """Planted success against the dimension, the number of ridges and the mixture of harmonics."""
    figure, ((left, middle, right),) = new_figure(1, 3, width=2.9, height=2.8)
    scan, table = analyses["landscape_dimension"], analyses["landscape"]
    _against_dimension(left, scan)
    for axes, family, label in (
        (middle, "rank", "number r of ridges"),
        (right, "mixture", r"weight c of $\mathrm{Re}\,z^5$ beside $\mathrm{Re}\,z^2$"),
    ):
        rows = np.flatnonzero(table["family"].values == FAMILIES.index(family))
        axes.set(xlabel=label, ylim=(-0.03, 1.05))
        if not len(rows):
            axes.text(0.5, 0.5, "not part of this scale", ha="center", transform=axes.transAxes)
            continue
        order = rows[np.argsort(table["parameter"].values[rows])]
        for flow, colour, name in ((_JOINT, COLOURS[0], "joint"), (_PLANTED, COLOURS[1], "planted")):
            one = table.isel(case=order).sel(flow=flow)
            axes.plot(one["parameter"], one["success"], color=colour, marker=MARKERS[flow], label=name)
            band(axes, one["parameter"].values, one["success_low"].values, one["success_high"].values, colour)
        planted = table["success"].sel(flow=_PLANTED).values[order]
        axes.set_title(_change(family, planted))
        if family == "rank":
            axes.set_xticks(table["parameter"].values[order])
        axes.legend(loc="lower right" if family == "rank" else "center right")
    return figure


def _change(family: str, planted: np.ndarray) -> str:
    if family == "rank":
        return f"More ridges: {planted[0]:.2f} to {planted[-1]:.2f}"
    return f"Mixing: {planted[0]:.2f}, least {planted.min():.2f}"


def _against_dimension(axes: Axes, scan: xr.Dataset) -> None:
    links = json.loads(scan.attrs["links"])
    for position, link in enumerate(dict.fromkeys(links)):
        rows = [i for i, text in enumerate(links) if text == link]
        one = scan.isel(case=rows).sel(flow=_PLANTED)
        colour = COLOURS[position + 1]
        axes.plot(one["dimension"], one["success"], color=colour, marker=MARKERS[position], label=short(link))
        band(axes, one["dimension"].values, one["success_low"].values, one["success_high"].values, colour)
    steepest = float(np.abs(scan["trend"].values[:, 0]).max())
    axes.set(xscale="log", xlabel="dimension d", ylabel="planted success", ylim=(-0.03, 1.05))
    axes.set_title(
        f"Flat in d: at most {steepest:.3f} a decade" if steepest < 0.02 else f"Up to {steepest:.3f} a decade"
    )
    axes.legend(loc="upper center", ncols=2, fontsize=6.5)
