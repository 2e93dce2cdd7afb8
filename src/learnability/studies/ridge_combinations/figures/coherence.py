"""Localisation over the coherence, and weak tasks over the number of tasks."""

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import THEORY
from learnability.studies.ridge_combinations.figures.curves import counts_axis, curve, page_wide


def draw(analyses: Analyses) -> Figure:
    """Localisation over the coherence, and shares of weak tasks over M."""
    analysis, width = analyses["coherence"], analyses["width"]
    figure, axes = page_wide(1, 2)
    first, second = axes[0]
    rho = analysis["coherence"].values
    for index, name in enumerate(("flow", "sgd")):
        curve(first, rho, analysis[name].values, index, {"flow": "population flow", "sgd": "SGD"}[name])
    first.axvline(float(analysis["threshold"]), label=r"$(p-2)/(M+p-2)$", **THEORY)
    first.set(xlabel=r"coherence $\langle v_m,v_n\rangle$", ylabel="fraction of neurons above 0.9", ylim=(-0.02, 1.05))
    half = rho[np.argmax(analysis["flow"].values[:, 0] < 0.5)]
    first.set_title(f"Localisation is lost by coherence {half:g}")
    first.legend()
    tasks = width["tasks"].values
    for k, exponent in enumerate(width["strength_exponent"].values):
        slope = width["slope"].values[k, 0]
        curve(second, tasks, width["share"].values[k], k, f"$C_p$ = {exponent:.0f}: slope {slope:.2f}")
        second.plot(tasks, width["expected_share"].values[k], **THEORY)
    second.set(yscale="log", xlabel="number of tasks M", ylabel="share of one weak task")
    counts_axis(second, tasks)
    second.set_title("Weak tasks lose neurons (theory dashed)")
    second.legend()
    return figure
