"""Figures of phase I: localisation, samples, engines, cost of a step. They draw analyses and compute nothing but their
titles' numbers.
"""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.studies.ridge_combinations import theory
from learnability.studies.ridge_combinations.curves import PAGE_WIDTH, Analyses, counts_axis, curve, log_axes, page_wide
from learnability.results.style import COLOURS, MARKERS, THEORY, band, house_style


def _scatter(axes: Axes, points: np.ndarray, index: int, title: str) -> None:
    axes.scatter(points[:, 0], points[:, 1], s=9, color=COLOURS[index], alpha=0.6, linewidths=0)
    axes.set(xlim=(-1.08, 1.08), ylim=(-1.08, 1.08), xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    axes.set(xlabel=r"$\langle w,v_1\rangle$", ylabel=r"$\langle w,v_2\rangle$")
    axes.set_aspect("equal")
    axes.set_title(title)


def figure_one(analyses: Analyses) -> Figure:
    """The paper's Figure 1: overlaps with two tasks before and after, the NTK control, and what became of whom."""
    analysis = analyses["figure_one"]
    share, normalised = (100 * float(v) for v in analysis["localised"].values[:, -1, 0])
    control = 100 * float(analysis["control"].values[-1, 0])
    with house_style():
        figure = Figure(figsize=(PAGE_WIDTH, 4.9), layout="constrained")
        axes = figure.subplot_mosaic("aabbcc;dddeee")
        _scatter(axes["a"], analysis["scatter"].values[0], 7, "Before: no direction stands out")
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
        axes["e"].scatter(analysis["bias"].values, largest, s=9, color=COLOURS[0], linewidths=0, alpha=0.7)
        axes["e"].axhline(0.9, label="localised: above 0.9", color="#999999", linestyle=":")
        axes["e"].set(xlabel="bias b of the neuron", ylabel="largest overlap at the end")
        axes["e"].set(xlim=(-1.05, 1.05), xticks=(-1, -0.5, 0, 0.5, 1))
        axes["e"].set_ylim(0, 1.3)
        axes["e"].legend(loc="upper center")
        axes["e"].set_title(r"Slow where $\alpha_3(b)\propto -b\,\varphi(b)$ is small")
    return figure


def alignment_history(analyses: Analyses) -> Figure:
    """Neurons x tasks over time, neurons sorted by the task they end on."""
    analysis = analyses["figure_one"]
    history = analysis["history"].values
    order = np.lexsort((history[-1].max(1), history[-1].argmax(1)))
    moments = [0, len(history) // 4, len(history) // 2, len(history) - 1]
    with house_style():
        figure, axes = page_wide(1, 4, height=3.0)
        for panel, k in zip(axes[0], moments, strict=True):
            image = panel.imshow(
                history[k][order], aspect="auto", vmin=0, vmax=1, cmap="viridis", interpolation="nearest"
            )
            panel.set_title(f"{analysis['samples'].values[k] / 1e6:.2g}M samples")
            panel.set_xlabel("task")
            panel.grid(False)
        axes[0, 0].set_ylabel("neuron, by final task")
        figure.colorbar(image, ax=list(axes[0]), label=r"$|\langle w_j, v_m\rangle|$")
        found = len({int(row.argmax()) for row in history[-1] if row.max() > 0.9})
        figure.suptitle(f"Neurons settle on {found} of {history.shape[2]} tasks", x=0.01, ha="left", fontsize=9)
    return figure


def _scaling_panel(axes: Axes, exact: xr.Dataset, large: xr.Dataset) -> None:
    exponent, tasks = exact.attrs["information_exponent"], int(exact["tasks"].values[0])
    for index, (analysis, name) in enumerate(((exact, "all samples drawn"), (large, "matched batches"))):
        curve(axes, analysis["dimension"].values, analysis["half_time"].values[0], index, name)
    d = np.geomspace(exact["dimension"].values.min(), large["dimension"].values.max(), 50)
    constant = float(exact["escape_constant"].values[0])
    axes.plot(d, constant * tasks * d ** (exponent - 1), label=r"flow, $\propto M d^{p-1}$", **THEORY)
    bound = theory.correlational_bound(d, tasks, exponent)
    axes.plot(d, bound, color="#777777", linestyle=":", label=r"CSQ bound $M d^{p/2}$ (constant 1)")
    axes.set(xlabel="dimension d", ylabel=r"$T_{50}$ (samples to localise)")
    log_axes(axes)
    drawn, matched = (float(a["dimension_slope"].values[0]) for a in (exact, large))
    axes.set_title(f"p = {exponent}: slope {drawn:.2f} drawn, {matched:.2f} matched")
    axes.legend(loc="upper left")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** 0.45)


def _constants_panel(axes: Axes, analyses: Analyses) -> None:
    """T50 / (M d^{p-1}) over d: level where the exponent is p - 1, whatever the span."""
    for index, exponent in enumerate((3, 4)):
        for name, label in ((f"samples_d{exponent}", f"p = {exponent}, drawn"), (f"samples_d{exponent}_large", None)):
            analysis = analyses[name]
            d, values = analysis["dimension"].values, analysis["scaled_half_time"].values[0]
            filled = COLOURS[index] if label else "white"
            axes.plot(
                d,
                values[:, 0],
                color=COLOURS[index],
                marker=MARKERS[index],
                markerfacecolor=filled,
                label=label or f"p = {exponent}, matched",
            )
            band(axes, d, values[:, 1], values[:, 2], COLOURS[index])
        flows = [analyses[f"samples_d{exponent}{rest}"]["hitting_constant"][0] for rest in ("", "_large")]
        flow = xr.concat(flows, "dimension").sortby("dimension")
        axes.plot(flow["dimension"].values, flow.values, **THEORY)
    axes.set(xscale="log", xlabel="dimension d", ylabel=r"$T_{50}/(M d^{p-1})$")
    axes.set_ylim(0, 1.5 * axes.get_ylim()[1])
    level = analyses["samples_d3_large"]["scaled_half_time"].values[0, :, 0]
    axes.set_title(f"p = 3: level to a factor {level.max() / level.min():.2f} (flow dashed)")
    axes.legend(ncols=2, loc="upper center")


def scaling(analyses: Analyses) -> Figure:
    """T50 against d for two exponents, and against M, with theory and lower bounds."""
    with house_style():
        figure, axes = page_wide(2, 2)
        _scaling_panel(axes[0, 0], analyses["samples_d3"], analyses["samples_d3_large"])
        _scaling_panel(axes[0, 1], analyses["samples_d4"], analyses["samples_d4_large"])
        _constants_panel(axes[1, 0], analyses)
        last, analysis = axes[1, 1], analyses["samples_m"]
        tasks = analysis["tasks"].values
        curve(last, tasks, analysis["scaled_half_time"].values[:, 0], 0, "SGD")
        last.plot(tasks, analysis["escape_constant"].values, label=r"flow: $1/(3\alpha_3 c_M)$", **THEORY)
        last.set(xlabel="number of tasks M", ylabel=r"$T_{50}/(M d^{2})$", ylim=(0, None))
        counts_axis(last, tasks)
        last.set_title(f"M slope {float(analysis['tasks_slope'].values[0]):.2f} is below 1: $c_M$ grows")
        last.legend()
    return figure


def engines(analyses: Analyses) -> Figure:
    """SGD, chain, overlap engine and flow together."""
    analysis = analyses["engines"]
    time = analysis["flow_time"].values
    time = time / time[-1]
    with house_style():
        figure, axes = page_wide(1, 2)
        first, second = axes[0]
        for k, name in enumerate(analysis.attrs["engines"]):
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


def cost(analyses: Analyses) -> Figure:
    """Roofline of a step, by count: operations and operations a byte, by engine."""
    batch = np.geomspace(1, 4096, 40)
    costs = theory.step_cost(batch, width=1024, dimension=1024, tasks=16)
    dimension = np.geomspace(64, 1e6, 40)
    with house_style():
        figure, axes = page_wide(1, 2)
        first, second = axes[0]
        for k, name in enumerate(("full", "decoupled", "overlap")):
            style: Any = {"color": COLOURS[k], "marker": MARKERS[k], "markevery": 6, "label": name}
            first.plot(batch, costs[name] / costs[f"{name}_bytes"], **style)
            line = [float(theory.step_cost(np.array(256.0), 64, int(d), 16)[name]) for d in dimension]
            second.plot(dimension, line, **style)
        first.axhline(25, label="ridge of a CPU core, about", **THEORY)
        first.set(xscale="log", yscale="log", xlabel="batch size", ylabel="operations a byte")
        first.set_title("Single samples are bound by memory")
        second.set(xscale="log", yscale="log", xlabel="dimension d", ylabel="operations a step (J=64, B=256)")
        second.set_title("Overlap engines do not see the dimension")
        for panel in (first, second):
            panel.legend()
    return figure
