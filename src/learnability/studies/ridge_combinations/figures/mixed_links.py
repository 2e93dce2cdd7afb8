"""Links of several degrees: who localises, by the signs of the student's coefficients."""

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import COLOURS, LEVEL, MARKERS, curve, new_figure

_MARKS = (MARKERS[0], *MARKERS[2:])
_SIGNS = {-1: "-", 0: "0", 1: "+"}


def draw(analyses: Analyses) -> Figure:
    """Share of neurons above 0.9 for every pattern of coefficients; dark where the theory lets them pass."""
    analysis, refit = analyses["mixed_links"], analyses["refit"]
    figure, ((first, second),) = new_figure(1, 2, height=3.2)
    p = analysis.attrs["information_exponent"]
    patterns = analysis["pattern_coefficients"].values[:, p:]
    chosen = np.flatnonzero(patterns[:, 0] > 0)
    shares, allowed = analysis["by_pattern"].values[chosen, 0], analysis["allowed"].values[chosen]
    for passes, colour, marker, label in (
        (True, COLOURS[0], MARKERS[0], "$R(k)>0$: theory lets them pass"),
        (False, COLOURS[1], MARKERS[4], "$R(k)\\leq 0$: held back"),
    ):
        at = np.flatnonzero(allowed == passes)
        first.bar(at, shares[at], color=colour)
        first.plot(at, shares[at], marker, color=colour, label=label, clip_on=False)
    labels = ["".join(_SIGNS[int(v)] for v in patterns[k]) for k in chosen]
    first.set_xticks(range(len(chosen)), labels)
    first.set(xlabel=f"signs in degrees {p} to {analysis.attrs['degree']}", ylabel="share above 0.9", ylim=(0, 1.05))
    total = float(analysis["localised"][0])
    passing = allowed.astype(bool)
    split = shares[passing].min(initial=1) > 0.9 and shares[~passing].max(initial=0) < 0.1
    only = ", those with $R(k)>0$" if split else ""
    first.set_title(f"{total:.0%} of random neurons localise{only}")
    first.legend()
    samples = refit["samples"].values
    for k, tasks in enumerate(refit["tasks"].values):
        curve(second, samples, refit["error"].values[0, k], k, f"M = {tasks}", marker=_MARKS[k % len(_MARKS)])
    joint = refit["joint"].values[:, 0]
    label = f"M = {refit.attrs['joint_tasks']}, neurons $\\propto\\sqrt{{n}}$"
    curve(second, refit["joint_samples"].values, refit["joint"].values, 1, label, color="black")
    second.set(xscale="log", yscale="log", xlabel="samples n of phase II", ylabel=r"test $L^1$ error")
    slope = float(refit["sample_slope"].values[0])
    at = refit["joint_samples"].values
    fitted = np.exp(np.log(joint).mean() + slope * (np.log(at) - np.log(at).mean()))
    second.plot(at, fitted, **LEVEL, label=f"fitted: $n^{{{slope:.2f}}}$")
    second.set_title(f"Refit, neurons $\\propto\\sqrt{{n}}$: error falls like $n^{{{slope:.2f}}}$")
    second.legend()
    return figure
