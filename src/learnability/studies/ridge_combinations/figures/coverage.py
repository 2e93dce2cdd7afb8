"""Tasks missed at a fixed number of neurons."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import COLOURS, LEVEL, MARKERS, THEORY, curve, log_ticks, new_figure
from learnability.studies.ridge_combinations.localisation.claims import expected_misses


def draw(analyses: Analyses) -> Figure:
    """Share of the tasks missed, beside independent draws of the localised neurons, and how many those are."""
    analysis, other = analyses["coverage"], analyses["coverage_orthonormal"]
    tasks, found = analysis["tasks"].values, analysis["found"].values[:, 0]
    missed = 1 - found[:, [0, 2, 1]]
    number, root = float(other["tasks"].values[0]), float(np.sqrt(analysis["dimension"].values[0]))
    figure, ((first, second),) = new_figure(1, 2, height=2.8)
    some = missed[:, 0] > 0
    _errorbar(first, tasks[some], missed[some], 0, "random directions")
    if not some.all():
        look: Any = {"color": COLOURS[0], "markerfacecolor": "white", "label": "none missed: upper end of the interval"}
        first.plot(tasks[~some], missed[~some, 2], "v", **look)
    fine = np.geomspace(tasks[0], tasks[-1], 60)
    near = np.interp(np.log(fine), np.log(tasks), analysis["neurons_near"].values[:, 0, 0])
    first.plot(fine, (1 - 1 / fine) ** near, label="independent draws", **THEORY)
    curve(second, tasks, analysis["neurons_near"].values[:, 0], 0, "random directions")
    # Of the same number of tasks, the marks of both stand side by side.
    aside = number * 1.06
    _errorbar(first, np.array([aside]), 1 - other["found"].values[0, :, [0, 2, 1]].T, 1, "orthonormal directions")
    _errorbar(second, np.array([aside]), other["neurons_near"].values[0], 1, "orthonormal directions")
    alone = float(other["expected_missed"][0, 0])
    first.plot(aside * 1.06, alone, "x", color=THEORY["color"], label="independent draws, orthonormal")
    for panel in (first, second):
        log_ticks(panel, tasks)
        panel.axvline(root, label=r"$M=\sqrt{d}$", **LEVEL)
        panel.set(xlabel="number of tasks M")
    most = max(float(missed[:, 2].max()), 1 - float(other["found"].values[0, 0, 1]))
    first.set(ylabel="share of the tasks missed", yscale="log", ylim=(1e-3, max(0.3, 1.3 * most)))
    top = max(float(of["neurons_near"].max()) for of in (analysis, other))
    second.set(ylabel="neurons above 0.9", ylim=(0, 1.1 * top))
    expected, enough = expected_misses(analysis, -1)
    if enough:
        beyond = (1 - found[-1, 0]) / expected
        first.set_title(f"M = {tasks[-1]}: {beyond:.2f} times as many tasks missed\nas by independent draws")
    else:
        share = f"{100 * missed[-1, 0]:.3g}% of the tasks missed"
        first.set_title(f"M = {tasks[-1]}: {share},\n{100 * expected:.2g}% by independent draws")
    near = analysis["neurons_near"].values[-1, 0, 0], other["neurons_near"].values[0, 0, 0]
    second.set_title(
        f"M = {tasks[-1]}: {near[0]:.0f} neurons find a random direction,\n{near[1]:.0f} an orthonormal one"
    )
    first.legend(loc="upper left")
    second.legend()
    return figure


def _errorbar(axes: Axes, x: np.ndarray, values: np.ndarray, place: int, label: str) -> None:
    """Values (x, bound) with their intervals, apart from each other."""
    middle, low, high = np.asarray(values).T
    errors = np.stack((middle - low, high - middle))
    axes.errorbar(x, middle, errors, fmt=MARKERS[place], color=COLOURS[place], capsize=2, label=label)
