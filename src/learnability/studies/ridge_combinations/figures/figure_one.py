"""The paper's Figure 1."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import COLOURS, DOUBLE, LEVEL, curve
from learnability.studies.ridge_combinations.alignments import localised_only, top_two


def _area(count: int) -> float:
    """The area of a mark, in square points: 9 up to 400 points, smaller in a crowd."""
    return 9 * min(1.0, (400 / count) ** 0.5)


def _scatter(axes: Axes, points: np.ndarray, tasks: list[int], index: int, title: str) -> None:
    points = points[:, tasks]
    axes.scatter(points[:, 0], points[:, 1], s=_area(len(points)), color=COLOURS[index], alpha=0.6, linewidths=0)
    axes.set(xlim=(-1.08, 1.08), ylim=(-1.08, 1.08), xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    first, second = (rf"$\langle w,v_{{{task + 1}}}\rangle$" for task in tasks)
    axes.set(xlabel=first, ylabel=second)
    axes.set_aspect("equal")
    axes.set_title(title)


def draw(analyses: Analyses) -> Figure:
    """The paper's Figure 1: overlaps with two tasks before and after, the NTK control, and what became of whom."""
    analysis = analyses["figure_one"]
    share, normalised = (100 * float(v) for v in analysis["localised"].values[:, -1, 0])
    control = 100 * float(analysis["control"].values[-1, 0])
    figure = Figure(figsize=(DOUBLE, 4.9), layout="constrained")
    axes = figure.subplot_mosaic("aabbcc;dddeee")
    start, end = analysis["scatter"].values
    ntk, after = analysis["control_scatter"].values[1], np.abs(end)
    tasks = np.argsort((after > 0.9).sum(0), kind="stable")[::-1][:2].tolist()  # the tasks that most neurons end on
    seeds, here = int(analysis.attrs["seeds"]), 100 * float(localised_only(*top_two(after)).mean())
    mean = "" if seeds == 1 else f"\n(mean of {seeds} seeds, here {here:.0f}%)"
    _scatter(axes["a"], start, tasks, 6, f"Before: no direction stands out\n({len(start)} neurons)")
    _scatter(axes["b"], end, tasks, 0, f"After: {share:.0f}% on one direction{mean}")
    _scatter(axes["c"], ntk, tasks, 1, f"NTK scaling: {control:.0f}% on one direction\n({len(ntk)} neurons)")
    samples = analysis["samples"].values / 1e6
    for k, name in enumerate((r"$\mathrm{He}_3$ labels", r"$h_3$ labels")):
        curve(axes["d"], samples, analysis["localised"].values[k], k, name)
    axes["d"].set(xlabel=r"samples / $10^6$", ylabel="fraction on one direction")
    axes["d"].set_ylim(-0.01, max(0.05, 1.1 * float(analysis["localised"].values[..., 2].max())))
    axes["d"].legend(loc="upper left")
    axes["d"].set_title(rf"In $10^6$ samples $\mathrm{{He}}_3$: {share:.0f}%, $h_3$: {normalised:.0f}%")
    largest = after.max(1)
    area = _area(len(largest))
    axes["e"].scatter(analysis["bias"].values, largest, s=area, color=COLOURS[0], linewidths=0, alpha=0.7)
    axes["e"].axhline(0.9, label="0.9: on one direction if the second is below 0.3", **LEVEL)
    axes["e"].set(xlabel="bias b of the neuron", ylabel="largest overlap at the end")
    axes["e"].set(xlim=(-1.05, 1.05), xticks=(-1, -0.5, 0, 0.5, 1))
    axes["e"].set_ylim(0, 1.3)
    axes["e"].legend(loc="upper center")
    axes["e"].set_title(r"Slow where $\alpha_3(b)\propto -b\,\varphi(b)$ is small")
    return figure
