"""One look for all figures: theory dashed, measurement solid with its band, one colour a quantity, legible in grey."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe-Ito colours in an order whose lightness also differs, so that a grey print keeps them apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
THEORY: dict[str, Any] = {"linestyle": "--", "linewidth": 1.0, "color": "#444444"}

STYLE: Any = {
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "figure.constrained_layout.use": True,
    "font.size": 8.5,
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "svg.hashsalt": "learnability",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


@contextmanager
def house_style() -> Iterator[None]:
    """The house style, for the duration of one figure."""
    with mpl.rc_context(STYLE):
        yield


def new_figure(rows: int = 1, columns: int = 1, width: float = 3.4, height: float = 2.6) -> tuple[Figure, np.ndarray]:
    """A figure of ``rows`` x ``columns`` panels, each about ``width`` x ``height`` inches; axes as a 2-D array."""
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def band(axes: Axes, x: Sequence[float] | np.ndarray, low: np.ndarray, high: np.ndarray, colour: str) -> None:
    """The band of a measurement (quantiles or an interval)."""
    axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
