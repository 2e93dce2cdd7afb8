"""The paper's Figure 4: the flow trapped on the curve (sin w, sin sqrt2 w)."""

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import COLOURS, MARKERS, NEUTRAL, THEORY, new_figure


def draw(analyses: Analyses) -> Figure:
    """The flow trapped on the curve (sin w, sin sqrt2 w)."""
    picture = analyses["pictures"]
    figure, ((axes,),) = new_figure(1, 1, height=3.2)
    axes.plot(
        picture.curve[:, 0],
        picture.curve[:, 1],
        color=NEUTRAL,
        linewidth=0.6,
        label="$(\\sin w, \\sin\\sqrt{2}\\,w)$",
    )
    path, target = picture.trapped_path.values, picture.figure_4_target.values
    axes.plot(path[:, 0], path[:, 1], color=COLOURS[1], linewidth=2, label="gradient flow from w = 0")
    axes.plot(*path[-1], marker=MARKERS[1], color=COLOURS[1], linestyle="none", label="trapped here")
    axes.plot(*target, marker="*", markersize=9, color="black", linestyle="none", label="target")
    axes.set(xlabel="$f_1$", ylabel="$f_2$", aspect="equal")
    far, near = float(picture.trapped_distance), float(picture.nearest_distance)
    axes.plot(*np.stack([path[-1], target], axis=1), **THEORY, label=f"distance left: {far:.2f}")
    axes.set_title(f"Trapped at {far:.2f}; the curve passes at {near:.3f}")
    axes.legend(loc="upper left", frameon=True)
    return figure
