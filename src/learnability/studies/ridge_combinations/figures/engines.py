"""The SGD engines and the population flow."""

from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import THEORY
from learnability.studies.ridge_combinations.figures.curves import curve, page_wide


def draw(analyses: Analyses) -> Figure:
    """Mean largest alignment by engine, and by step size beside the population flow."""
    analysis = analyses["engines"]
    time = analysis["flow_time"].values
    time = time / time[-1]
    figure, axes = page_wide(1, 2)
    first, second = axes[0]
    for k, name in enumerate(texts(analysis["engine"])):
        curve(first, time, analysis["engine_curve"].values[k], k, name)
    first.set_title(f"One law: corrected p-value {float(analysis['corrected_pvalue']):.2f}")
    second.plot(time, analysis["flow_curve"].values[:, 0], label="population flow", **THEORY)
    for k, delta in enumerate(analysis["relative_step"].values):
        curve(second, time, analysis["curve"].values[k], k, rf"SGD, $\delta$ = {delta:g}")
    gaps, steps = analysis["flow_gap"].values[:, 0], analysis["relative_step"].values
    second.set_title(rf"Gap to the flow: {gaps[0]:.3f} at $\delta$ = {steps[0]:g}, {gaps[-1]:.3f} at {steps[-1]:g}")
    for panel in (first, second):
        panel.set(xlabel="flow time / end", ylabel="mean largest alignment", ylim=(0, 1))
        panel.legend()
    return figure
