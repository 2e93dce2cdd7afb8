"""Counted operations of a step, by engine: formulas, no measurement."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import COLOURS, LEVEL, new_figure
from learnability.studies.ridge_combinations import theory

_WIDTH, _BATCH, _TASKS = 64, 256, 16
_RIDGE = 25
"""Operations a byte from which arithmetic bounds a CPU core: an order of magnitude, no property of one machine."""
_STYLES = {"full": "--", "decoupled": "-.", "overlap": (0, (6, 1.5))}


def draw(analyses: Analyses) -> Figure:
    """Roofline of a step, by count: operations and operations a byte, by engine; formulas are not drawn solid."""
    batch = np.geomspace(1, 4096, 40)
    costs = theory.step_cost(batch, width=1024, dimension=1024, tasks=_TASKS)
    dimension = np.geomspace(64, 1e6, 40)
    figure, ((first, second),) = new_figure(1, 2, height=2.8)
    for k, (name, line) in enumerate(_STYLES.items()):
        style: Any = {"color": COLOURS[k], "linestyle": line, "label": f"{name}, formula"}
        first.plot(batch, costs[name] / costs[f"{name}_bytes"], **style)
        count = [float(theory.step_cost(np.array(float(_BATCH)), _WIDTH, int(d), _TASKS)[name]) for d in dimension]
        second.plot(dimension, count, **style)
    first.axhline(_RIDGE, label=f"about {_RIDGE}: below it, memory limits a CPU core", **LEVEL)
    first.set(xscale="log", yscale="log", xlabel="batch size B", ylabel="operations a byte")
    least = max(float((costs[name] / costs[f"{name}_bytes"])[0]) for name in ("full", "decoupled"))
    first.set_title(f"Counted: full and decoupled steps on single samples do {least:.1f} operations a byte")
    second.set(xscale="log", yscale="log", xlabel="dimension d", ylabel="operations a step")
    second.set_title(f"Counted: chains of overlaps do not see the dimension (J = {_WIDTH}, B = {_BATCH}, M = {_TASKS})")
    for panel in (first, second):
        panel.legend()
    return figure
