"""Room for text: titles and labels break to their panels, and legends leave the data."""

import re
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import AutoLocator, MaxNLocator
from matplotlib.transforms import Bbox, ScaledTranslation

from learnability.results.style import NEUTRAL, SMALL

_WORDS = re.compile(r"(?:[^ \n$]|\$[^$]*\$)+")  # a formula is one word
_TOGETHER = re.compile(r" = (?=\S)")  # and so is d = 20
_CORNERS = ("upper right", "upper left", "lower left", "lower right", "center right", "center left")
_ROUNDS = 4  # a label that breaks changes the room of the others
_STEP = 3.0  # pixels between the points of a line that a legend must not cover


def make_room(figure: Figure, note: str = "") -> None:
    """Lay the figure out: break titles and labels to the room that they have, and move legends off the data.

    A legend stays where it was put if it covers no line, mark or bar there; else it goes to the first free corner, and
    where none is free below its panel. An x axis of integers is labelled at integers. ``note`` stands in small type
    under the whole figure. The layout is final: the figure has no layout engine afterwards.
    """
    FigureCanvasAgg(figure)  # one renderer measures all texts, and remembers them
    for axes in figure.axes:
        _count(axes)
    if note:
        _write_under(figure, note)
    _lay_out(figure)
    _break_all(figure)
    _lay_out(figure)
    moved = [axes for axes in figure.axes if _place_legend(axes)]
    if moved:
        _grow(figure, moved)
        _lay_out(figure)
    for _ in range(_ROUNDS):
        if not _break_all(figure):
            break
        _lay_out(figure)
    with mpl.rc_context({"figure.constrained_layout.use": False}):
        figure.set_layout_engine(None)  # a placeholder ("none") would draw every format twice
    for axes in figure.axes:
        _settle(axes)


def _lay_out(figure: Figure) -> None:
    """Place the panels by what their texts take up; nothing is drawn."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)


def _settle(axes: Axes) -> None:
    """Round the place of a panel, whose last bits depend on where the layout solver's variables lie in memory.

    The names of clips in an SVG are digests of all bits.
    """
    axes.set_position(Bbox(np.round(axes.get_position(original=True).get_points(), 9)))


def _count(axes: Axes) -> None:
    """Ticks at integers on a linear x axis whose data are integers, unless its ticks were chosen or it has bars."""
    lines = [line for line in axes.lines if line.get_transform().contains_branch_seperately(axes.transData)[0]]
    at = np.concatenate([np.empty(0), *(np.asarray(line.get_xdata(), dtype=float) for line in lines)])
    at = at[np.isfinite(at)]
    bars = any(isinstance(container, BarContainer) for container in axes.containers)
    chosen = not isinstance(axes.xaxis.get_major_locator(), AutoLocator)
    if at.size and not chosen and not bars and axes.get_xscale() == "linear" and np.array_equal(at, np.round(at)):
        axes.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))


def _grow(figure: Figure, moved: list[Axes]) -> None:
    """Make the figure taller by the legends that went below their panels, so that no panel shrinks."""
    rows: dict[int, float] = {}
    for axes in moved:
        place, legend = axes.get_subplotspec(), axes.get_legend()
        row = place.rowspan.stop if place is not None else 0
        rows[row] = max(rows.get(row, 0.0), legend.get_window_extent().height if legend is not None else 0.0)
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + sum(rows.values()) / figure.dpi)


def _write_under(figure: Figure, note: str) -> None:
    strip = 1.6 * SMALL / 72 / figure.get_size_inches()[1]
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(rect=(0, strip, 1, 1 - strip))
    figure.text(0.995, 0.2 * strip, note, ha="right", va="bottom", fontsize=SMALL, color=NEUTRAL)


def _break_all(figure: Figure) -> bool:
    """Break what is too long for its room; whether anything changed."""
    changed = False
    for heading in figure.texts:
        if heading.get_text() == figure.get_suptitle():
            changed |= _break(heading, figure.bbox.width - 8)
    shown = [axes for axes in figure.axes if axes.get_visible()]
    around = {axes: axes.get_tightbbox(for_layout_only=True) for axes in shown}
    for axes in shown:
        box = axes.get_window_extent()
        others = [other for them, other in around.items() if them is not axes and other is not None]
        for title in titles(axes):
            changed |= _break(title, _room_of_title(figure, box, others))
        changed |= _break(axes.xaxis.label, box.width)
        changed |= _break(axes.yaxis.label, 1.05 * box.height, upright=True)
    return changed


def titles(axes: Axes) -> list[Text]:
    """The titles of a panel: left, middle and right."""
    return [child for child in axes.get_children() if isinstance(child, Text) and child not in axes.texts]


def _room_of_title(figure: Figure, box: Bbox, others: list[Bbox]) -> float:
    """Pixels from the left end of a panel to the next one on its right, or to the edge of the page."""
    right = figure.bbox.width
    for other in others:
        if other.x0 > box.x0 + 0.5 * box.width and other.y0 < box.y1 < other.y1 + 60:
            right = min(right, other.x0)
    return float(right - box.x0 - 4)


def _break(text: Text, room: float, upright: bool = False) -> bool:
    """Break a text at its spaces so that no line is longer than ``room`` pixels; whether it changed."""
    said = text.get_text()
    if not said.strip():
        return False
    parts = said.split("$")  # words and formulas by turns
    parts[::2] = [_TOGETHER.sub("\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}", part) for part in parts[::2]]
    words = _WORDS.findall("$".join(parts))
    lines = [words[0]]
    for word in words[1:]:
        longer = f"{lines[-1]} {word}"
        if _length(text, longer, upright) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    broken = "\n".join(_balanced(text, words, len(lines), room, upright) or lines)
    text.set_text(broken)
    return broken != said


def _balanced(text: Text, words: list[str], count: int, room: float, upright: bool) -> list[str] | None:
    """As many lines, of about equal length: the narrowest room that needs no more of them."""
    if count != 2:
        return None
    pairs = [(" ".join(words[:cut]), " ".join(words[cut:])) for cut in range(1, len(words))]
    lengths = [max(_length(text, line, upright) for line in pair) for pair in pairs]
    best = int(np.argmin(lengths))
    return list(pairs[best]) if lengths[best] <= room else None


def _length(text: Text, said: str, upright: bool) -> float:
    kept = text.get_text()
    text.set_text(said)
    box = text.get_window_extent()
    text.set_text(kept)
    return float(box.height if upright else box.width)


def _place_legend(axes: Axes) -> bool:
    """Find a free place for the legend; whether it went below the panel."""
    legend: Any = axes.get_legend()
    if legend is None or legend._bbox_to_anchor is not None:  # put outside on purpose
        return False
    points, boxes = drawn(axes)
    first = legend._loc
    for place in (first, *(Legend.codes[name] for name in _CORNERS)):
        legend.set_loc(place)
        if not covers(legend.get_window_extent().padded(2), points, boxes) and _inside(axes, legend):
            return False
    _below(axes, legend)
    return True


def _inside(axes: Axes, legend: Legend) -> bool:
    box, room = legend.get_window_extent(), axes.get_window_extent().padded(3)
    return bool(room.x0 <= box.x0 and box.x1 <= room.x1 and room.y0 <= box.y0 and box.y1 <= room.y1)


def _below(axes: Axes, legend: Any) -> None:
    """Under the label of the x axis, in as many columns as there is room for."""
    labels = [text.get_text() for text in legend.get_texts()]
    known = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    handles: list[Any] = [known[label] for label in labels] if set(labels) <= set(known) else legend.legend_handles
    box = axes.get_window_extent()
    columns = max(1, int(box.width // max(1.0, legend.get_window_extent().width / legend._ncols)))
    label = axes.xaxis.get_tightbbox()
    under = box.y0 - label.y0 if label is not None else 0.0
    title = legend.get_title().get_text()
    legend.remove()
    shift = ScaledTranslation(0, -(under + 2) / axes.figure.dpi, axes.figure.dpi_scale_trans)
    below = axes.legend(
        handles,
        labels,
        title=title,
        loc="upper left",
        ncols=min(columns, len(labels)),
        bbox_to_anchor=(0, 0),
        bbox_transform=axes.transAxes + shift,
        borderaxespad=0,
        borderpad=0.2,
    )
    for text in below.get_texts() if columns == 1 else ():
        _break(text, box.width - 3.5 * SMALL * axes.figure.dpi / 72)


def drawn(axes: Axes) -> tuple[np.ndarray, list[Bbox]]:
    """What a legend must not cover, in pixels: points along lines and marks (n, 2), and boxes of bars and texts."""
    points: list[np.ndarray] = [np.empty((0, 2))]
    for line in axes.lines:
        path = line.get_transform().transform_path(line.get_path())
        joined = line.get_linestyle() not in ("None", "none", "", " ")
        points.append(_along(np.asarray(path.vertices)) if joined else np.asarray(path.vertices))
    for collection in axes.collections:
        if isinstance(collection, PathCollection):
            points.append(np.asarray(collection.get_offset_transform().transform(collection.get_offsets())))
        elif isinstance(collection, LineCollection):
            to_pixels = collection.get_transform()
            points += [_along(np.asarray(to_pixels.transform(part))) for part in collection.get_segments()]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle) and (patch.get_alpha() or 1.0) > 0.5]
    boxes = [bar.get_window_extent() for bar in bars]
    boxes += [text.get_window_extent() for text in axes.texts if text.get_text().strip()]
    found = np.concatenate(points)
    panel = axes.get_window_extent().padded(3)  # what lies outside is cut off
    with np.errstate(invalid="ignore"):
        shown = abs(found - [(panel.x0 + panel.x1) / 2, (panel.y0 + panel.y1) / 2]) <= [
            panel.width / 2,
            panel.height / 2,
        ]
    return found[shown.all(axis=1)], boxes


def _along(vertices: np.ndarray) -> np.ndarray:
    """Points on a broken line, a few pixels apart."""
    vertices = np.asarray(vertices, dtype=float)
    if len(vertices) < 2:
        return vertices
    steps = np.hypot(*np.diff(vertices, axis=0).T)
    parts = [vertices]
    for start, end, step in zip(vertices[:-1], vertices[1:], steps, strict=True):
        if np.isfinite(step) and step > _STEP:
            share = np.linspace(0, 1, min(int(step / _STEP) + 2, 2000))[:, None]
            parts.append(start + share * (end - start))
    return np.concatenate(parts)


def covers(box: Bbox, points: np.ndarray, boxes: list[Bbox]) -> bool:
    """Whether a box lies over something that :func:`drawn` found."""
    inside = (points[:, 0] > box.x0) & (points[:, 0] < box.x1) & (points[:, 1] > box.y0) & (points[:, 1] < box.y1)
    return bool(inside.any() or any(box.overlaps(other) for other in boxes))
