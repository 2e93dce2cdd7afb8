"""Tasks found at a fixed number of neurons."""

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import COLOURS, LEVEL, MARKERS, THEORY, curve, log_ticks, new_figure
from learnability.studies.ridge_combinations.localisation.claims import expected_misses


def draw(analyses: Analyses) -> Figure:
    """Share of the tasks found, beside independent draws of the localised neurons, and how many those are."""
    analysis, other = analyses["coverage"], analyses["coverage_orthonormal"]
    tasks, found = analysis["tasks"].values, analysis["found"].values[:, 0]
    number, root = float(other["tasks"].values[0]), float(np.sqrt(analysis["dimension"].values[0]))
    figure, ((first, second),) = new_figure(1, 2, height=2.8)
    curve(first, tasks, found, 0, "random directions")
    first.plot(tasks, 1 - analysis["expected_missed"].values[:, 0], label="independent draws", **THEORY)
    first.plot(number, 1 - float(other["expected_missed"][0, 0]), "x", color="black")
    curve(second, tasks, analysis["neurons_near"].values[:, 0], 0, "random directions")
    for panel, name in ((first, "found"), (second, "neurons_near")):
        value, low, high = other[name].values[0, 0]
        error = [[value - low], [high - value]]
        panel.errorbar(
            number, value, error, fmt=MARKERS[1], color=COLOURS[1], capsize=2, label="orthonormal directions"
        )
        log_ticks(panel, tasks)
        panel.axvline(root, label=r"$M=\sqrt{d}$", **LEVEL)
        panel.set(xlabel="number of tasks M")
    first.set(ylabel="share of the tasks found", ylim=(0, 1.05))
    top = max(float(of["neurons_near"].max()) for of in (analysis, other))
    second.set(ylabel="neurons above 0.9", ylim=(0, 1.1 * top))
    expected, enough = expected_misses(analysis, -1)
    if enough:
        beyond = (1 - found[-1, 0]) / expected
        first.set_title(f"M = {tasks[-1]}: {beyond:.2f} times as many tasks missed\nas by independent draws")
    else:
        first.set_title(
            f"M = {tasks[-1]}: {100 * found[-1, 0]:.3g}% of the tasks found,\nnearly all by independent draws"
        )
    near = analysis["neurons_near"].values[-1, 0, 0], other["neurons_near"].values[0, 0, 0]
    second.set_title(
        f"M = {tasks[-1]}: {near[0]:.0f} neurons find a random direction,\n{near[1]:.0f} an orthonormal one"
    )
    first.legend(loc="lower left")
    second.legend()
    return figure
