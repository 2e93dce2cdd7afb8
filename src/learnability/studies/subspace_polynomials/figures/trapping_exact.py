"""Reflective targets at d = infinity: the loss above its floor, and the largest trapped weight."""

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import COLOURS, MARKERS, new_figure
from learnability.studies.subspace_polynomials.figures.labels import pretty


def draw(analyses: Analyses) -> Figure:
    """The loss above its floor on the left, the largest trapped weight of any particle on the right."""
    flow = analyses["trapping_exact"]
    time, median = flow["time"].values, flow.isel(dimension=0, bound=0)
    loss, trapped = median["loss"].values, median["trapped_norm_max"].values
    figure, axes = new_figure(1, 2, width=3.6, height=2.8)
    for i, name in enumerate(texts(flow["target"])):
        excess = loss[i] - float(flow["floor"][i])
        style = {"color": COLOURS[i], "marker": MARKERS[i], "markevery": (3 * i, 12), "label": pretty(name)}
        axes[0, 0].plot(time, excess, **style)
        axes[0, 1].plot(time, np.maximum(trapped[i], 1e-18), **style)
    axes[0, 0].set_yscale("symlog", linthresh=1e-3)
    axes[0, 0].set_ylabel("loss above the floor (1)")
    axes[0, 1].set_yscale("log")
    axes[0, 1].set_ylim(1e-18, 1e-6)
    axes[0, 1].set_ylabel("largest $|w_{S^*}|$ of a particle; 0 drawn at 1e-18", fontsize=7)
    for axis in axes[0]:
        axis.set_xlabel("flow time")
    least = float((loss - flow["floor"].values[:, None]).min())
    axes[0, 0].set_title(f"d = ∞: never below the floor (least excess {least:.0e})")
    axes[0, 1].set_title(f"$w_{{S^*}}$ stays at {trapped.max():.0e} or below")
    axes[0, 1].legend(loc="center right")
    return figure
