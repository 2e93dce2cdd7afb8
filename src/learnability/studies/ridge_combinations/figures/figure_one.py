"""The paper's Figure 1."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import COLOURS, DOUBLE, LEVEL, curve


def _area(count: int) -> float:
    """The area of a mark, in square points: 9 up to 400 points, smaller in a crowd."""
    return 9 * min(1.0, (400 / count) ** 0.5)


def _scatter(axes: Axes, points: np.ndarray, index: int, title: str) -> None:
    axes.scatter(points[:, 0], points[:, 1], s=_area(len(points)), color=COLOURS[index], alpha=0.6, linewidths=0)
    axes.set(xlim=(-1.08, 1.08), ylim=(-1.08, 1.08), xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    axes.set(xlabel=r"$\langle w,v_1\rangle$", ylabel=r"$\langle w,v_2\rangle$")
    axes.set_aspect("equal")
    axes.set_title(title)


def draw(analyses: Analyses) -> Figure:
    """The paper's Figure 1: overlaps with two tasks before and after, the NTK control, and what became of whom."""
    analysis = analyses["figure_one"]
    share, normalised = (100 * float(v) for v in analysis["localised"].values[:, -1, 0])
    control = 100 * float(analysis["control"].values[-1, 0])
    figure = Figure(figsize=(DOUBLE, 4.9), layout="constrained")
    axes = figure.subplot_mosaic("aabbcc;dddeee")
    _scatter(axes["a"], analysis["scatter"].values[0], 6, "Before: no direction stands out")
    _scatter(axes["b"], analysis["scatter"].values[1], 0, f"After: {share:.0f}% on one direction")
    _scatter(axes["c"], analysis["control_scatter"].values[1], 1, f"NTK scaling: {control:.0f}%")
    samples = analysis["samples"].values / 1e6
    for k, name in enumerate((r"$\mathrm{He}_3$ labels", r"$h_3$ labels")):
        curve(axes["d"], samples, analysis["localised"].values[k], k, name)
    axes["d"].set(xlabel=r"samples / $10^6$", ylabel="fraction on one direction")
    axes["d"].set_ylim(-0.01, max(0.05, 1.1 * float(analysis["localised"].values[..., 2].max())))
    axes["d"].legend(loc="upper left")
    axes["d"].set_title(rf"In $10^6$ samples $\mathrm{{He}}_3$: {share:.0f}%, $h_3$: {normalised:.0f}%")
    largest = np.abs(analysis["scatter"].values[1]).max(1)
    area = _area(len(largest))
    axes["e"].scatter(analysis["bias"].values, largest, s=area, color=COLOURS[0], linewidths=0, alpha=0.7)
    axes["e"].axhline(0.9, label="localised: above 0.9", **LEVEL)
    axes["e"].set(xlabel="bias b of the neuron", ylabel="largest overlap at the end")
    axes["e"].set(xlim=(-1.05, 1.05), xticks=(-1, -0.5, 0, 0.5, 1))
    axes["e"].set_ylim(0, 1.3)
    axes["e"].legend(loc="upper center")
    axes["e"].set_title(r"Slow where $\alpha_3(b)\propto -b\,\varphi(b)$ is small")
    return figure
