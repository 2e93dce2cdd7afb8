"""Tasks found at a fixed number of neurons."""

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import COLOURS, MARKERS, THEORY
from learnability.studies.ridge_combinations.figures.curves import curve, page_wide


def draw(analyses: Analyses) -> Figure:
    """Tasks found at fixed width, and neurons that settle on one."""
    analysis, other = analyses["coverage"], analyses["coverage_orthonormal"]
    tasks, found = analysis["tasks"].values, analysis["tasks_found"].values[:, 0]
    number, root = float(other["tasks"].values[0]), float(np.sqrt(analysis["dimension"].values[0]))
    figure, axes = page_wide(1, 2)
    first, second = axes[0]
    curve(first, tasks, found, 0, "random directions")
    first.plot(tasks, tasks, label="all tasks", **THEORY)
    curve(second, tasks, analysis["localised"].values[:, 0], 0, "random directions")
    for panel, name in ((first, "tasks_found"), (second, "localised")):
        value, low, high = other[name].values[0, 0]
        error = [[value - low], [high - value]]
        panel.errorbar(
            number, value, error, fmt=MARKERS[1], color=COLOURS[1], capsize=2, label="orthonormal directions"
        )
        panel.axvline(root, color="#777777", linestyle=":", label=r"$M=\sqrt{d}$")
        panel.set(xlabel="number of tasks M")
        panel.set_xticks(tasks)
    first.set(ylabel="tasks with a neuron above 0.9", ylim=(0, None))
    second.set(ylabel="fraction of neurons on one direction", ylim=(0, 1))
    first.set_title(f"{found[0, 0]:.0f} of {tasks[0]} random tasks found, {found[-1, 0]:.0f} of {tasks[-1]}")
    shares = 100 * analysis["localised"].values[[0, -1], 0, 0]
    second.set_title(f"{shares[0]:.0f}% of neurons settle at M = {tasks[0]}, {shares[1]:.0f}% at {tasks[-1]}")
    first.legend(loc="upper left", bbox_to_anchor=(0.08, 1.0))
    second.legend()
    return figure
