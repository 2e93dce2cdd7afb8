"""Samples to localise against the dimension and the number of tasks."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from learnability.results.claim import Analyses
from learnability.results.measuring import if_known, limit_exponent
from learnability.results.style import COLOURS, LEVEL, THEORY, curve, log_ticks, new_figure
from learnability.studies.ridge_combinations import theory
from learnability.studies.ridge_combinations.figures.curves import log_axes


def _scaling_panel(axes: Axes, analyses: Analyses, p: int) -> None:
    exact, large = analyses[f"samples_d{p}"], analyses[f"samples_d{p}_large"]
    exponent, tasks = exact.attrs["information_exponent"], int(exact["tasks"].values[0])
    for index, (analysis, name) in enumerate(((exact, "all samples drawn"), (large, "matched batches"))):
        curve(axes, analysis["dimension"].values, analysis["half_time"].values[0], index, name)
    d = np.geomspace(exact["dimension"].values.min(), large["dimension"].values.max(), 50)
    constant = float(exact["escape_constant"].values[0])
    axes.plot(d, constant * tasks * d ** (exponent - 1), label=r"flow, $\propto M d^{p-1}$", **THEORY)
    bound = theory.correlational_bound(d, tasks, exponent)
    axes.plot(d, bound, label=r"CSQ bound $M d^{p/2}$ (constant 1)", **LEVEL)
    axes.set(xlabel="dimension d", ylabel=r"$T_{50}$ (samples to localise)")
    log_axes(axes)
    drawn = float(exact["dimension_slope"].values[0])
    matched = if_known(limit_exponent(f"samples_d{p}_large", name="dimension"), analyses)
    limit = f", limit {matched.estimate:.2f} matched" if matched else ""
    axes.set_title(f"p = {exponent}: slope {drawn:.2f} drawn{limit}")
    axes.legend(loc="upper left")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** 0.45)


def _constants_panel(axes: Axes, analyses: Analyses) -> None:
    """T50 / (M d^{p-1}) over d: level where the exponent is p - 1, whatever the span. The title's factor is of all
    points of p = 3 that are drawn."""
    drawn = []
    for index, exponent in enumerate((3, 4)):
        flows = []
        for batches, rest, face in (("drawn", "", COLOURS[index]), ("matched", "_large", "white")):
            analysis = analyses[f"samples_d{exponent}{rest}"]
            d, values = analysis["dimension"].values, analysis["scaled_half_time"].values[0]
            curve(axes, d, values, index, f"p = {exponent}, {batches}", markerfacecolor=face)
            drawn += [values[:, 0]] if exponent == 3 else []
            flows.append(analysis["hitting_constant"][0])
        flow = xr.concat(flows, "dimension").sortby("dimension")
        axes.plot(flow["dimension"].values, flow.values, **THEORY)
    axes.set(xscale="log", xlabel="dimension d", ylabel=r"$T_{50}/(M d^{p-1})$")
    axes.set_ylim(0, 1.5 * axes.get_ylim()[1])
    level = np.concatenate(drawn)
    axes.set_title(f"p = 3: level to a factor {level.max() / level.min():.2f} (flow dashed)")
    axes.legend(ncols=2, loc="upper center")


def draw(analyses: Analyses) -> Figure:
    """T50 against d for two exponents, and against M, with theory and lower bounds."""
    figure, axes = new_figure(2, 2, height=2.8)
    _scaling_panel(axes[0, 0], analyses, 3)
    _scaling_panel(axes[0, 1], analyses, 4)
    _constants_panel(axes[1, 0], analyses)
    last, analysis = axes[1, 1], analyses["samples_m"]
    tasks = analysis["tasks"].values
    curve(last, tasks, analysis["scaled_half_time"].values[:, 0], 0, "SGD")
    last.plot(tasks, analysis["hitting_constant"].values[:, 0], label="flow at this d", **THEORY)
    label = r"flow, $d\to\infty$: $1/(3\alpha_3\delta c_M)$"
    last.plot(tasks, analysis["escape_constant"].values, label=label, **THEORY | {"linestyle": "-."})
    last.set(yscale="log", xlabel="number of tasks M", ylabel=r"$T_{50}/(M d^{2})$")
    log_ticks(last, tasks)
    low, high = last.get_ylim()
    ticks = [tick for power in range(-2, 6) for tick in (10**power, 2 * 10**power, 5 * 10**power) if low < tick < high]
    last.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    last.yaxis.set_minor_formatter(NullFormatter())
    slope = float(analysis["tasks_slope"].values[0])
    power = rf"$T_{{50}}$ grows as $M^{{{slope:.2f}}}$"
    last.set_title(f"{power}: {'below 1, as $c_M$ grows' if slope < 1 else 'not below 1'}")
    last.legend()
    return figure
