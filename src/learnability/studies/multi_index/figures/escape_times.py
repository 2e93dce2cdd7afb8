"""Escape times against the dimension."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator
from matplotlib.transforms import ScaledTranslation

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import COLOURS, DOUBLE, SMALL, THEORY, band
from learnability.studies.multi_index.escape.claims import QUARTIC

_LOOKS = {
    "joint": (COLOURS[0], "o", "joint: median, 10 to 90 %"),
    "planted": (COLOURS[1], "s", "planted: median, 10 to 90 %"),
    "other": (COLOURS[2], "^", "joint, other starts, learners or ReLU networks"),
}
"""Colour, mark and name of who learns."""
_FLOWS = ("joint", "planted")
_OTHERS = ("equator", "two-timescale", "relu-features")
_LINE = 0.062  # of the height of a panel: one line of small type
_LEADER = 0.12  # inches from a panel to its labels
_NAMES = {QUARTIC: "radial, degree 4"}
_WAYS = {
    "equator.halfway": "h3, start $d^{-1/4}$",
    "two-timescale.equal-rates.h2": "h2, equal rates",
    "two-timescale.equal-rates.h3": "h3, equal rates",
    "two-timescale.slow-link.h2": "h2, link at $d^{-2}$",
    "two-timescale.slow-link.h3": "h3, link at $d^{-4}$",
    "relu-features.s2": "h2 + h3 + h4, 16 ReLUs",
    "relu-features.s3": "h3 + h4 + h5, 16 ReLUs",
}


@dataclass(frozen=True)
class _Line:
    """One median with its band (quantile, dimension), its law, and how it is named at its end."""

    times: np.ndarray
    limit: float
    expected: float
    logarithmic: bool
    span: tuple[float, float]
    text: str
    who: str
    style: str = "-"
    dimensions: np.ndarray | None = None
    """Where they are not those of the panel."""


def draw(analyses: Analyses) -> Figure:
    """Exact medians of one direction, other links and learners, and two directions."""
    figure = Figure(figsize=(DOUBLE, 6.2), layout="constrained")
    panels = figure.subplot_mosaic("ac;bb", height_ratios=(2.9, 3.3))
    left, middle, right = (panels[name] for name in "abc")
    exact = analyses["one_direction"]
    lines = _of_one_direction(exact)
    contents = (
        (left, [line for name, line in lines if _is_pure(name)], "One direction, pure links"),
        (middle, [line for name, line in lines if not _is_pure(name)], "Other links, starts and learners"),
        (right, _of_two(analyses), "Two directions"),
    )
    for axes, drawn, title in contents:
        dimensions = exact["dimension"].values if axes is not right else analyses["escape_joint"]["dimension"].values
        _panel(axes, dimensions.astype(float), drawn, title)
    who = [Line2D([], [], color=colour, marker=mark, label=name) for colour, mark, name in _LOOKS.values()]
    first = Line2D([], [], color=_LOOKS["joint"][0], linestyle=":", label="first of two saddles")
    theory = Line2D([], [], label="theory, drawn over the decades that decide", **THEORY)
    figure.legend(handles=[*who, first, theory], loc="outside lower center", ncols=3)
    return figure


def _is_pure(name: str) -> bool:
    return not name.startswith(_OTHERS) and name.rsplit(".", 1)[-1] in {f"s{s}" for s in range(1, 9)}


def _of_one_direction(data: xr.Dataset) -> list[tuple[str, _Line]]:
    lines = []
    for i, name in enumerate(texts(data["case"])):
        one = data.isel(case=i)
        flow = str(one["flow"].item())
        link = str(one["link"].item()).replace("(z1)", "").replace(" beyond degree 1", " - linear")
        lines.append(
            (
                name,
                _Line(
                    one["escape_time"].transpose("quantile", "dimension").values,
                    float(one["exponent_limit"][0]),
                    float(one["expected"]),
                    bool(one["logarithmic"]),
                    tuple(data["exponent_range"].values.tolist()),
                    _WAYS.get(name, link),
                    "other" if name.startswith(_OTHERS) else flow,
                ),
            )
        )
    return lines


def _of_two(analyses: Analyses) -> list[_Line]:
    lines = []
    for flow in _FLOWS:
        data = analyses[f"escape_{flow}"]
        for i, link in enumerate(texts(data["link"])):
            one = data.isel(case=i)
            last = int(one["num_variables"]) - 1
            for which, angle, style in (("first", 0, ":"), ("last", last, "-")):
                if which == "first" and flow == "planted":
                    continue
                exponent = float(one["exponent"][angle])
                rate = float(one["predicted_log_rate"][angle])
                lines.append(
                    _Line(
                        one["escape_time"].isel(angle=angle).transpose("quantile", "dimension").values,
                        float(one[f"{which}_limit"][0]),
                        rate if exponent == 0 else exponent,
                        exponent == 0,
                        tuple(data[f"{which}_range"].values.tolist()),
                        "" if which == "first" else _NAMES.get(link, link.replace("*", "·")),
                        flow,
                        style,
                    )
                )
    return [*lines, *_of_networks(analyses["relu_network"])]


def _of_networks(data: xr.Dataset) -> list[_Line]:
    lines = []
    for i, case in enumerate(texts(data["case"])):
        network, which = case.rsplit(".", 1)
        one = data.isel(case=i)
        if which == "last":
            lines.append(
                _Line(
                    one["escape_time"].transpose("quantile", "dimension").values,
                    float(one["exponent_limit"][0]),
                    float(one["expected"]),
                    bool(one["logarithmic"]),
                    tuple(data["exponent_range"].values.tolist()),
                    f"ReLUs, {network}",
                    "other",
                    dimensions=data["dimension"].values.astype(float),
                )
            )
    return lines


def _panel(axes: Axes, usual: np.ndarray, lines: list[_Line], title: str) -> None:
    labels: list[tuple[float, str, str, float]] = []
    for line in lines:
        dimensions = usual if line.dimensions is None else line.dimensions
        low, median, high = line.times
        colour, mark, _ = _LOOKS[line.who]
        axes.plot(dimensions, median, color=colour, marker=mark, markersize=2.5, linewidth=1.1, linestyle=line.style)
        if np.isfinite(low).all():
            band(axes, dimensions, low, high, colour)
        inside = (dimensions >= line.span[0]) & (dimensions <= line.span[1])
        span = dimensions[inside]
        if span.size and np.isfinite(median).all():
            grown = np.log(span / span[-1]) * line.expected
            axes.plot(span, median[-1] + grown if line.logarithmic else median[-1] * np.exp(grown), **THEORY)
        if line.text:
            value = f"{line.limit:.3f} log d" if line.logarithmic else f"$d^{{{line.limit:.3f}}}$"
            labels.append((float(median[-1]), f"{line.text}: {value}", line.who, float(dimensions[-1])))
    gaps = [abs(line.limit - line.expected) for line in lines if np.isfinite(line.limit)]
    axes.set_title(f"{title}: within {max(gaps):.1g} of theory" if gaps and max(gaps) < 0.01 else title)
    axes.set(xscale="log", yscale="log", xlabel="dimension d", ylabel="escape time (flow time)")
    low_d, high_d = axes.get_xlim()
    axes.set_xticks([t for t in (1e2, 1e4, 1e6, 1e8) if low_d <= t <= high_d])
    axes.xaxis.set_minor_locator(NullLocator())
    _label(axes, labels)


def _label(axes: Axes, labels: list[tuple[float, str, str, float]]) -> None:
    """Texts beside the panel, apart where lines meet, each tied to the end of its line; the axis grows to hold them."""
    bottom, top = np.log10(axes.get_ylim())
    known = sorted(label for label in labels if np.isfinite(label[0]))
    heights: list[float] = []
    for _ in range(3):  # a taller axis has wider gaps
        gap = _LINE * (top - bottom)
        heights = []
        for height, *_ in known:
            heights.append(max(np.log10(height), heights[-1] + gap if heights else bottom + gap / 2))
        top = max([top, *(height + gap / 2 for height in heights[-1:])])
    axes.set_ylim(top=10**top)
    beside = axes.get_yaxis_transform() + ScaledTranslation(_LEADER, 0, axes.figure.dpi_scale_trans)
    for height, (value, text, who, end) in zip(heights, known, strict=True):
        colour = _LOOKS[who][0]
        line = {"arrowstyle": "-", "color": colour, "linewidth": 0.4, "alpha": 0.7, "shrinkA": 2, "shrinkB": 2}
        axes.annotate("", (end, value), (1, 10**height), textcoords=beside, arrowprops=line, annotation_clip=False)
        axes.text(1, 10**height, text, transform=beside, fontsize=SMALL, color=colour, verticalalignment="center")
