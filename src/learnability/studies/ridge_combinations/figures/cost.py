"""Counted operations of a step, by engine."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import COLOURS, MARKERS, THEORY
from learnability.studies.ridge_combinations import theory
from learnability.studies.ridge_combinations.figures.curves import page_wide


def draw(analyses: Analyses) -> Figure:
    """Roofline of a step, by count: operations and operations a byte, by engine."""
    batch = np.geomspace(1, 4096, 40)
    costs = theory.step_cost(batch, width=1024, dimension=1024, tasks=16)
    dimension = np.geomspace(64, 1e6, 40)
    figure, axes = page_wide(1, 2)
    first, second = axes[0]
    for k, name in enumerate(("full", "decoupled", "overlap")):
        style: Any = {"color": COLOURS[k], "marker": MARKERS[k], "markevery": 6, "label": name}
        first.plot(batch, costs[name] / costs[f"{name}_bytes"], **style)
        line = [float(theory.step_cost(np.array(256.0), 64, int(d), 16)[name]) for d in dimension]
        second.plot(dimension, line, **style)
    first.axhline(25, label="ridge of a CPU core, about", **THEORY)
    first.set(xscale="log", yscale="log", xlabel="batch size", ylabel="operations a byte")
    first.set_title("Single samples are bound by memory")
    second.set(xscale="log", yscale="log", xlabel="dimension d", ylabel="operations a step (J=64, B=256)")
    second.set_title("Overlap engines do not see the dimension")
    for panel in (first, second):
        panel.legend()
    return figure
