"""The closure's table, the two independent checks, and a slice of the Grassmannian."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import COLOURS, MARKERS, NEUTRAL, SMALL, new_figure
from learnability.studies.subspace_polynomials.diagnosis.analyse import NONZERO, ZERO
from learnability.studies.subspace_polynomials.figures.labels import pretty


def _table(axes: Axes, table: xr.Dataset) -> None:
    """Dimension of S* by target and activation; a frame where one of the checks disagrees."""
    trapped, used = table["trapped_dimension"].values, table["used_variables"].values
    share = trapped / used[:, None]
    axes.imshow(share, cmap="Blues", vmin=0, vmax=2.0, aspect="auto")
    agree = table["agree"].values.min(0)
    for i, j in np.ndindex(*trapped.shape):
        text = f"{trapped[i, j]}" + ("" if agree[i, j] else " !")
        axes.text(j, i, text, ha="center", va="center", fontsize=SMALL)
    axes.set_xticks(range(trapped.shape[1]), [text.replace(", ", ",\n") for text in texts(table["activation_class"])])
    axes.set_yticks(range(len(used)), [pretty(name) for name in texts(table["target"])])
    axes.set_xlabel("class of the activation")
    axes.grid(False)
    wrong = int((table["agree"] == 0).sum())
    verdict = "three methods agree everywhere" if wrong == 0 else f"{wrong} of {table['agree'].size} checks disagree"
    axes.set_title(f"dim S*: {verdict}")


def _residuals(axes: Axes, table: xr.Dataset) -> None:
    """Residuals and defects where the closure says reflective, and where it says not."""
    groups = [
        ("residual\non S*", table["residual"]),
        ("search\non S*", table["search_at"]),
        ("residual\nlarger", table["residual_larger"]),
        ("search\nlarger", table["search_above"]),
    ]
    offsets = np.linspace(-0.25, 0.25, table["agree"][0].size)
    for x, (_, values) in enumerate(groups):
        for rotated, (colour, marker) in enumerate(zip(COLOURS, MARKERS, strict=False)):
            if rotated < values.sizes["rotated"]:
                points = np.maximum(values.values[rotated].ravel(), 1e-34)
                label = ("coordinate", "rotated")[rotated] if x == 0 else None
                axes.plot(x + offsets, points, marker, color=colour, ms=3, label=label, ls="none", alpha=0.7)
    axes.set_yscale("log")
    axes.axhspan(ZERO, NONZERO, color="0.9", zorder=0)
    between = float(np.sqrt(ZERO * NONZERO))
    axes.text(1.5, between, "neither zero nor positive", ha="center", va="center", fontsize=SMALL, color=NEUTRAL)
    axes.set_xticks(range(4), [text for text, _ in groups])
    axes.set_ylabel("residual or defect (1)")
    low = float(table["residual"].max())
    high = min(float(table["residual_larger"].min()), float(table["search_above"].min()))
    axes.set_title(f"on S* at most {low:.0e}, on larger at least {high:.2g}")
    axes.legend(loc="center right")


def _slice(axes: Axes, figure: Figure, table: xr.Dataset, rotated: int) -> None:
    values = np.maximum(table["slice_defect"].values[rotated], 1e-4)
    angle = table["angle"].values
    image = axes.pcolormesh(angle, angle, values.T, norm=LogNorm(1e-4, 1), cmap="viridis", rasterized=True)
    look: Any = {"ls": "none", "color": "white", "markeredgecolor": "black", "mew": 0.5, "clip_on": False}
    axes.plot([-45], [-45], marker="X", ms=7, label="$S^*$", **look)
    at = np.array([-90, 0, 90])
    axes.plot(*map(np.ravel, np.meshgrid(at, at)), marker="o", ms=3, label="spanned by two of $e_1..e_4$", **look)
    axes.legend(loc="upper left")
    axes.set(xlabel="angle of the vector in $(e_1, e_2)$ (degree)", ylabel="angle in $(e_3, e_4)$ (degree)")
    least = float(table["slice_defect"].values[rotated].min())
    axes.set_title(("coordinates" if not rotated else "rotated") + f": zero ({least:.0e}) at the cross only")
    axes.grid(False)
    figure.colorbar(image, ax=axes, label="defect (1)", shrink=0.9)


def draw(analyses: Analyses) -> Figure:
    """Four panels, or two where no target has the four variables of the slice."""
    table = analyses["reflective_table"]
    rows = 2 if "slice_defect" in table else 1
    figure, axes = new_figure(rows, 2, height=3.2)
    _table(axes[0, 0], table)
    _residuals(axes[0, 1], table)
    for rotated in range(table.sizes["rotated"] if rows == 2 else 0):
        _slice(axes[1, rotated], figure, table, rotated)
    return figure
