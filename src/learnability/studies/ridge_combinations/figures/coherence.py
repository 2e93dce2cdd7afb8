"""Localisation over the coherence, and weak tasks over the number of tasks."""

from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import THEORY, curve, log_ticks, new_figure

_NAMES = {"flow": "flow, one direction", "flow_average": "flow, the average", "sgd": "SGD, one direction"}


def draw(analyses: Analyses) -> Figure:
    """Where neurons end over the coherence, and shares of weak tasks over M."""
    analysis, width = analyses["coherence"], analyses["width"]
    figure, ((first, second),) = new_figure(1, 2, height=3.1)
    rho = analysis["coherence"].values
    for index, (name, label) in enumerate(_NAMES.items()):
        curve(first, rho, analysis[name].values, index, label)
    low, high = (float(analysis[f"{name}_threshold"][0]) for name in ("average", "localised"))
    first.axvspan(low, high, color="#bbbbbb", alpha=0.4, lw=0, label="both are stable")
    for threshold in (low, high):
        first.axvline(threshold, **THEORY)
    first.set(xlabel=r"coherence $\langle v_m,v_n\rangle$", ylabel="fraction of neurons", ylim=(-0.02, 1.05))
    first.set_title(f"One direction and the average are both stable\nfrom {low:.3f} to {high:.3f}")
    first.legend(loc="center right")
    tasks = width["tasks"].values
    for k, exponent in enumerate(width["strength_exponent"].values):
        slope = width["slope"].values[k, 0]
        curve(second, tasks, width["share"].values[k], k, f"$C_p$ = {exponent:.0f}: slope {slope:.2f}")
        second.plot(tasks, width["expected_share"].values[k], **THEORY)
    second.set(yscale="log", xlabel="number of tasks M", ylabel="share of one weak task")
    log_ticks(second, tasks)
    worst = 100 * float(width["worst_ratio"][0])
    second.set_title(f"Weak tasks lose neurons, within {worst:.0f}%\nof the theory (dashed)")
    second.legend()
    return figure
