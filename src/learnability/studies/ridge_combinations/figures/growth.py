"""The paper's regime: M grows with d; samples of phase I beside those of a kernel."""

from fractions import Fraction

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import LEVEL, MARKERS, THEORY, curve, new_figure
from learnability.studies.ridge_combinations.figures.curves import log_axes

_NAMES = {Fraction(1, 2): r"$M=\sqrt{d}$"}


def draw(analyses: Analyses) -> Figure:
    """T50 / (M d^{p-1}) over d for M = d^gamma, and T50 over the number of cubics in the plane of d and M."""
    analysis = analyses["growth"]
    d, powers = analysis["dimension"].values, analysis["power"].values
    figure, ((first, second),) = new_figure(1, 2, height=3.0)
    for k, power in enumerate(powers):
        share = Fraction(float(power)).limit_denominator(24)
        name = _NAMES.get(share, rf"$M=d^{{{share}}}$")
        curve(first, d, analysis["scaled_half_time"].values[k], k, name)
        label = r"flow of each, $d\to\infty$" if k == 0 else None
        marks = {"marker": MARKERS[k], "markersize": 2.5, "markerfacecolor": "white"}
        first.plot(d, analysis["escape_constant"].values[k], label=label, **THEORY, **marks)
        curve(second, d, analysis["over_kernel"].values[k], k, name)
    first.set(xscale="log", xlabel="dimension d", ylabel=r"$T_{50}/(M d^{p-1})$", ylim=(0, None))
    slopes = " and ".join(f"{v:.2f}" for v in analysis["slope"].values[:, 0])
    allowed = " and ".join(f"{analysis.attrs['information_exponent'] - 1 + p:.2f}" for p in powers)
    first.set_title(f"Slopes {slopes} of $T_{{50}}$ in d,\n{allowed} are allowed")
    first.legend()
    second.axhline(1.0, label="as many as cubics", **LEVEL)
    log_axes(second)
    second.set(xlabel="dimension d", ylabel=r"$T_{50}$ / number of cubics")
    below = [int(d[np.argmax(row < 1)]) if (row < 1).any() else None for row in analysis["over_kernel"].values[..., 0]]
    said = f"from d = {below[0]} at M = $\\sqrt{{d}}$" if below[0] else "at no d that was run"
    second.set_title(f"Fewer samples than cubics\n{said}")
    second.legend()
    return figure
