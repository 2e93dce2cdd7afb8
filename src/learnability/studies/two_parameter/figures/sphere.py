"""Learned and other targets on embedded spheres."""

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import COLOURS, THEORY, new_figure


def draw(analyses: Analyses) -> Figure:
    """Learned and other targets on the largest sphere and on one inside a box of the coarser F0."""
    analysis = analyses["spheres"]
    chosen = [0, int(np.flatnonzero(analysis.in_box.values)[-1])] if analysis.in_box.values.any() else [0]
    figure, (panels,) = new_figure(1, len(chosen), height=2.3)
    for axes, i in zip(panels, chosen, strict=True):
        # Lambert's equal-area projection of the upper and lower half-spheres side by side.
        tried = analysis.is_tried.values[:, i]
        x, y, z = analysis.direction.values[tried].T
        scale = 1 / np.sqrt(1 + np.abs(z))
        shift = np.where(z >= 0, -1.1, 1.1)
        learned = analysis.is_learned.values[tried, i]
        for mask, colour, marker, label in (
            (learned, COLOURS[0], ".", "learned"),
            (~learned, COLOURS[1], "x", "not learned"),
        ):
            axes.plot((x * scale + shift)[mask], (y * scale)[mask], marker, color=colour, markersize=3, label=label)
        angle = np.linspace(0, 2 * np.pi, 200)
        for centre in (-1.1, 1.1):
            axes.plot(centre + np.cos(angle), np.sin(angle), **THEORY)
        axes.set(aspect="equal", xticks=[], yticks=[], xlabel="upper and lower half-sphere, equal areas")
        axes.spines[:].set_visible(False)
        count, where = int(analysis.counterexamples[i]), "in one box" if analysis.in_box.values[i] else "in the cube"
        axes.set_title(f"Radius {float(analysis.radius[i]):.2g} {where}: {count} of {len(learned)} not learned")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=2, borderaxespad=2.2)
    return figure
