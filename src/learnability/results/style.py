"""One look for all figures: three widths, two sizes of type, measurement solid, theory dashed, legible in grey."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

# Inches in print: one column of a journal's page, one and a half, both.
SINGLE, ONE_AND_A_HALF, DOUBLE = 3.4, 5.2, 7.0
WIDTHS = (SINGLE, ONE_AND_A_HALF, DOUBLE)

# Points in print: titles and axes; ticks, legends and labels in the data.
TEXT, SMALL = 8.0, 7.0

# Hues of Okabe and Ito at lightness L* of 41, 54, 27, 48, 61, 34, 0 and 20: six apart at least, so that a grey print
# keeps them apart, and none too light for a line on white (contrast 3 at least).
COLOURS = ("#0063AA", "#E34F00", "#004A31", "#B84696", "#C38800", "#6A2CB0", "#000000", "#532700")
NEUTRAL = "#777777"
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
THEORY: dict[str, Any] = {"linestyle": "--", "linewidth": 1.0, "color": "#444444"}
LEVEL: dict[str, Any] = {"linestyle": ":", "color": NEUTRAL}
"""A level or a bound to compare with that is no theory of what is drawn."""

STYLE: Any = {
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "font.size": TEXT,
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "axes.titlesize": TEXT,
    "axes.titlelocation": "left",
    "axes.labelsize": TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.5,
    "figure.titlesize": TEXT,
    "legend.fontsize": SMALL,
    "legend.title_fontsize": SMALL,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "legend.labelspacing": 0.3,
    "legend.columnspacing": 1.2,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.5,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "svg.hashsalt": "learnability",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


@contextmanager
def house_style() -> Iterator[None]:
    """The house style, for the duration of one figure."""
    with mpl.rc_context(STYLE):
        yield


def new_figure(
    rows: int = 1, columns: int = 1, width: float | None = None, height: float = 2.5
) -> tuple[Figure, np.ndarray]:
    """A figure of ``rows`` x ``columns`` panels; axes as a 2-D array.

    ``width``: inches of the whole figure, one of ``WIDTHS``; one column of the page for one panel a row, else both.
    ``height``: inches of one row.
    """
    wide = width if width is not None else SINGLE if columns == 1 else DOUBLE
    figure = Figure(figsize=(wide, height * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def band(axes: Axes, x: Sequence[float] | np.ndarray, low: np.ndarray, high: np.ndarray, colour: str) -> None:
    """The band of a measurement (quantiles or an interval)."""
    axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)


def curve(axes: Axes, x: ArrayLike, values: ArrayLike, place: int, label: str, **look: Any) -> None:
    """A measurement (x, bound) as a line with its band; ``place`` chooses colour and marker, ``look`` changes them."""
    estimate, low, high = np.moveaxis(np.asarray(values), -1, 0)
    style = {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)], **look}
    axes.plot(x, estimate, label=label, **style)
    band(axes, np.asarray(x), low, high, style["color"])


def log_ticks(axes: Axes, values: np.ndarray) -> None:
    """A logarithmic x axis with plain numbers at ``values``, and ticks nowhere else."""
    axes.set_xscale("log")
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.set_xticks([], minor=True)


def shared_legend(figure: Figure, columns: int | None = None) -> None:
    """One legend below all panels, with every label once; in one row unless ``columns`` says otherwise."""
    pairs = [pair for axes in figure.axes for pair in zip(*axes.get_legend_handles_labels(), strict=True)]
    handles = {label: handle for handle, label in pairs}
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=columns or len(handles))


def ordered(count: int) -> list[str]:
    """``count`` colours from dark to light for an ordered quantity, such as the dimension; contrast 3 on white."""
    return [mpl.colors.to_hex(mpl.colormaps["viridis"](at)) for at in np.linspace(0.0, 0.58, max(count, 1))]
