"""What is wrong with a figure, as its renderer measures it."""

import re
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from learnability.results.legible import covers, drawn, titles
from learnability.results.style import SMALL, TEXT, WIDTHS

_SLACK = 1.0  # pixels of 1/100 inch by which boxes of texts may touch
# Labels of axes that count.
_COUNTS = re.compile(r"dimension d|number of|order s$|^degree|stages N|^task$|^neuron,|rank of")
_TALLEST = 9.0  # inches: a page


def faults(figure: Figure) -> list[str]:
    """Every fault of a figure that was laid out: size, type, texts that meet or leave the page, hidden or no data."""
    figure.draw_without_rendering()
    texts = _texts(figure)
    return [
        *_size(figure),
        *_type(texts),
        *_off_the_page(figure, texts),
        *_meeting(texts),
        *_hidden(figure),
        *_empty(figure),
        *_not_whole(figure),
    ]


def _texts(figure: Figure) -> list[tuple[Text, Bbox]]:
    """All visible texts with their boxes; ticks only inside the view."""
    found: list[Text] = list(figure.texts)
    legends = list(figure.legends)
    for axes in figure.axes:
        if not axes.get_visible():
            continue
        found += [*titles(axes), *axes.texts]
        found += [cell.get_text() for table in axes.tables for cell in table.get_celld().values()]
        legends += [axes.get_legend()] if axes.get_legend() else []
        if axes.axison:
            for axis in (axes.xaxis, axes.yaxis):
                ticks = [label for tick in axis._update_ticks() for label in (tick.label1, tick.label2)]  # type: ignore[attr-defined]
                found += [axis.label, axis.offsetText, *ticks]
    for legend in legends:
        found += [*legend.get_texts(), legend.get_title()]
    seen = [text for text in dict.fromkeys(found) if text.get_visible() and text.get_text().strip()]
    return [(text, text.get_window_extent()) for text in seen]


def _size(figure: Figure) -> list[str]:
    width, height = figure.get_size_inches()
    wide = [] if min(abs(width - w) for w in WIDTHS) < 1e-6 else [f"{width:g} inches wide; allowed: {WIDTHS}"]
    return wide + ([f"{height:g} inches tall; a page has {_TALLEST:g}"] if height > _TALLEST else [])


def _type(texts: list[tuple[Text, Bbox]]) -> list[str]:
    return [
        f"{t.get_text()!r} in {t.get_fontsize():g} points" for t, _ in texts if t.get_fontsize() not in (TEXT, SMALL)
    ]


def _off_the_page(figure: Figure, texts: list[tuple[Text, Bbox]]) -> list[str]:
    page = figure.bbox.padded(_SLACK)
    out = [t for t, b in texts if b.x0 < page.x0 or b.x1 > page.x1 or b.y0 < page.y0 or b.y1 > page.y1]
    return [f"{text.get_text()!r} leaves the page" for text in out]


def _meeting(texts: list[tuple[Text, Bbox]]) -> list[str]:
    found = []
    for (one, a), (other, b) in combinations(texts, 2):
        width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        if width > _SLACK and height > _SLACK:
            found.append(f"{one.get_text()!r} meets {other.get_text()!r}")
    return found


def _hidden(figure: Figure) -> list[str]:
    """Legends over lines, marks or bars."""
    found = []
    for axes in figure.axes:
        legend: Legend | None = axes.get_legend()
        if legend is not None and covers(legend.get_window_extent(), *drawn(axes)):
            found.append(f"the legend {[t.get_text() for t in legend.get_texts()]} covers data")
    return found


def _empty(figure: Figure) -> list[str]:
    shown = [axes for axes in figure.axes if axes.get_visible() and axes.axison]
    return [f"panel {axes.get_title(loc='left')!r} is empty" for axes in shown if not _has_content(axes)]


def _has_content(axes: Axes) -> bool:
    return axes.has_data() or bool(axes.texts or axes.tables or axes.images or axes.collections)


def _not_whole(figure: Figure) -> list[str]:
    """Tick labels between the integers on axes that count."""
    found = []
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if _COUNTS.search(axis.label.get_text()) and axis.get_scale() == "linear":
                low, high = sorted(axis.get_view_interval())
                at = [x for x in axis.get_ticklocs() if low <= x <= high]
                if not np.allclose(at, np.round(at)):
                    found.append(f"{axis.label.get_text()!r} is labelled between the integers")
    return found
