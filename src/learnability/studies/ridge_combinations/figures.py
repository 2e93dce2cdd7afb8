"""Figures: they draw analyses and compute nothing but their titles' numbers."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from learnability.studies.ridge_combinations import theory
from learnability.studies.style import COLOURS, MARKERS, THEORY, band, house_style, new_figure

Analyses = Mapping[str, xr.Dataset]


def _interval(axes: Axes, x: np.ndarray, values: np.ndarray, index: int, label: str, fill: bool = True) -> None:
    """A measurement (x, interval) as a solid line with markers and its band."""
    colour = COLOURS[index % len(COLOURS)]
    axes.plot(x, values[:, 0], color=colour, marker=MARKERS[index % len(MARKERS)], label=label)
    if fill:
        band(axes, x, values[:, 1], values[:, 2], colour)


def _log_axes(axes: Axes, x: bool = True, y: bool = True) -> None:
    """Logarithmic axes with labels at the powers of ten alone, so that short spans stay legible."""
    for chosen, axis, scale in ((x, axes.xaxis, axes.set_xscale), (y, axes.yaxis, axes.set_yscale)):
        if chosen:
            scale("log")
            low, high = axis.get_view_interval()
            if high / low > 30:
                axis.set_minor_formatter(NullFormatter())


def _scatter(axes: Axes, points: np.ndarray, index: int, title: str) -> None:
    axes.scatter(points[:, 0], points[:, 1], s=6, color=COLOURS[index], alpha=0.5, linewidths=0)
    axes.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), xlabel=r"$\langle w,v_1\rangle$", ylabel=r"$\langle w,v_2\rangle$")
    axes.set_aspect("equal")
    axes.set_title(title)


def figure_one(analyses: Analyses) -> Figure:
    """The paper's Figure 1: overlaps with two tasks before and after, and the NTK control."""
    analysis = analyses["figure_one"]
    with house_style():
        figure, axes = new_figure(1, 4, width=2.5, height=2.6)
        _scatter(axes[0, 0], analysis["scatter"].values[0], 7, "Before")
        share = 100 * float(analysis["localised"].values[0, -1, 0])
        _scatter(axes[0, 1], analysis["scatter"].values[1], 0, f"After: {share:.0f}% on one direction")
        control = 100 * float(analysis["control"].values[-1, 0])
        _scatter(axes[0, 2], analysis["control_scatter"].values[1], 1, f"NTK scaling: {control:.0f}%")
        last = axes[0, 3]
        samples = analysis["samples"].values / 1e6
        for k, name in enumerate((r"$\mathrm{He}_3$ labels", r"$h_3$ labels")):
            _interval(last, samples, analysis["localised"].values[k], k, name)
        last.set(xlabel=r"samples / $10^6$", ylabel="fraction on one direction")
        last.set_ylim(-0.01, max(0.05, 1.1 * float(analysis["localised"].values[..., 2].max())))
        last.legend(loc="upper left")
        normalised = 100 * float(analysis["localised"].values[1, -1, 0])
        last.set_title(rf"$\mathrm{{He}}_3$: {share:.0f}%, $h_3$: {normalised:.0f}%")
    return figure


def alignment_history(analyses: Analyses) -> Figure:
    """Neurons x tasks over time, neurons sorted by the task they end on."""
    analysis = analyses["figure_one"]
    history = analysis["history"].values
    order = np.lexsort((history[-1].max(1), history[-1].argmax(1)))
    moments = [0, len(history) // 4, len(history) // 2, len(history) - 1]
    with house_style():
        figure, axes = new_figure(1, 4, width=1.9, height=3.0)
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
        _interval(axes, analysis["dimension"].values, analysis["half_time"].values[0], index, name, fill=True)
    d = np.geomspace(exact["dimension"].values.min(), large["dimension"].values.max(), 50)
    constant = float(exact["escape_constant"].values[0])
    axes.plot(d, constant * tasks * d ** (exponent - 1), label=r"flow: $n^*\propto M d^{p-1}$", **THEORY)
    bound = theory.correlational_bound(d, tasks, exponent)
    axes.plot(d, bound, color="#999999", linestyle=":", label=r"CSQ bound $M d^{p/2}$ (constant 1)")
    axes.set(xlabel="dimension d", ylabel="samples to localise, $T_{50}$")
    _log_axes(axes)
    drawn, matched = (float(a["dimension_slope"].values[0]) for a in (exact, large))
    axes.set_title(f"p = {exponent}: slope {drawn:.2f} drawn, {matched:.2f} matched")
    axes.legend(loc="lower right", fontsize=6.5)
    axes.set_ylim(bottom=axes.get_ylim()[0] / 30)


def scaling(analyses: Analyses) -> Figure:
    """T50 against d for two exponents, and against M, with theory and lower bounds."""
    with house_style():
        figure, axes = new_figure(1, 3, width=3.2, height=2.9)
        _scaling_panel(axes[0, 0], analyses["samples_d3"], analyses["samples_d3_large"])
        _scaling_panel(axes[0, 1], analyses["samples_d4"], analyses["samples_d4_large"])
        last, analysis = axes[0, 2], analyses["samples_m"]
        tasks = analysis["tasks"].values
        _interval(last, tasks, analysis["scaled_half_time"].values[:, 0], 0, "SGD")
        last.plot(tasks, analysis["escape_constant"].values, label=r"flow: $1/(3\alpha_3 c_M)$", **THEORY)
        slope = analysis["tasks_slope"].values
        last.set(xscale="log", xlabel="number of tasks M", ylabel=r"$T_{50}/(M d^{2})$", ylim=(0, None))
        last.set_xticks(tasks, [str(m) for m in tasks])
        last.minorticks_off()
        last.set_title(f"M slope {slope[0]:.2f} is below 1: $c_M$ grows")
        last.legend()
    return figure


def engines(analyses: Analyses) -> Figure:
    """SGD, chain, overlap engine and flow together."""
    analysis = analyses["engines"]
    time = analysis["flow_time"].values
    time = time / time[-1]
    with house_style():
        figure, axes = new_figure(1, 2, width=3.4, height=2.7)
        first, second = axes[0]
        for k, name in enumerate(analysis.attrs["engines"]):
            _interval(first, time, analysis["engine_curve"].values[k], k, name)
        first.set_title(f"One law: corrected p-value {float(analysis['corrected_pvalue']):.2f}")
        second.plot(time, analysis["flow_curve"].values[:, 0], label="population flow", **THEORY)
        for k, delta in enumerate(analysis["relative_step"].values):
            _interval(second, time, analysis["curve"].values[k], k, rf"SGD, $\delta$ = {delta:g}")
        gaps = analysis["flow_gap"].values[:, 0]
        second.set_title(f"Gap to the flow: {gaps[0]:.2f}, then {gaps[-1]:.3f}")
        for panel in (first, second):
            panel.set(xlabel="flow time / end", ylabel="mean largest alignment", ylim=(0, 1))
            panel.legend()
    return figure


def coverage(analyses: Analyses) -> Figure:
    """Tasks found at fixed width."""
    analysis = analyses["coverage"]
    tasks = analysis["tasks"].values
    found = analysis["tasks_found"].values[:, 0]
    with house_style():
        figure, axes = new_figure(1, 1, width=3.6, height=2.8)
        panel = axes[0, 0]
        _interval(panel, tasks, found, 0, "random directions")
        panel.plot(tasks, tasks, label="all tasks", **THEORY)
        other = analyses["coverage_orthonormal"]
        number = float(other["tasks"].values[0])
        panel.plot(
            number, other["tasks_found"].values[0, 0, 0], "x", color=COLOURS[1], label="orthonormal", markersize=7
        )
        root = float(np.sqrt(analysis["dimension"].values[0]))
        panel.axvline(root, color="#999999", linestyle=":", label=r"$M=\sqrt{d}$")
        panel.set(xlabel="number of tasks M", ylabel="tasks with a neuron above 0.9", ylim=(0, None))
        panel.set_title(
            f"{found[0, 0]:.0f}/{tasks[0]} found at $M$={tasks[0]}, {found[-1, 0]:.0f}/{tasks[-1]} at $M$={tasks[-1]}"
        )
        panel.legend()
    return figure


def _error_curves(panel: Axes, analysis: xr.Dataset, chosen: tuple[str, ...]) -> None:
    methods = list(analysis.attrs["methods"])
    for index, name in enumerate(chosen):
        if name in methods:
            values = analysis["l1"].values[:, methods.index(name)]
            _interval(panel, analysis["samples"].values, values, index, name)
    zero = float(analysis["zero_l1"].values[0])
    panel.axhline(zero, color="#999999", linestyle=":", label="zero predictor")
    panel.set(xlabel="samples (phase II or kernel)", ylabel=r"test $L^1$ error")
    _log_axes(panel)
    if panel.get_xlim()[1] / panel.get_xlim()[0] < 30:
        counts = analysis["samples"].values
        panel.set_xticks(counts, [str(n) for n in counts])
        panel.minorticks_off()


def phase_two(analyses: Analyses) -> Figure:
    """Refit errors, and the kernel with as many samples in all."""
    main, control = analyses["phase_two"], analyses["kernel_control"]
    names = ("trained ridge", "trained lasso", "oracle ridge", "random ridge")
    with house_style():
        figure, axes = new_figure(1, 2, width=3.5, height=2.9)
        for panel, analysis in zip(axes[0], (main, control), strict=True):
            _error_curves(panel, analysis, names)
            _interval(panel, analysis["kernel_samples"].values, analysis["kernel_l1"].values, 5, "kernel ridge")
            panel.set_ylim(bottom=panel.get_ylim()[0] / 5)
            panel.legend(ncols=2, fontsize=6.5)
        trained, random = (main["l1"].values[-1, list(main.attrs["methods"]).index(n), 0] for n in (names[0], names[3]))
        axes[0, 0].set_title(f"d = {main.attrs['dimension']}: learned {trained:.2f}, random {random:.2f}")
        count, used = int(control["kernel_features"]), int(control["phase_one_samples"])
        kernel = float(control["kernel_l1"].values[-1, 0])
        axes[0, 1].axvline(count, label=f"{count} cubics", **THEORY)
        axes[0, 1].legend(ncols=2, fontsize=6.5)
        axes[0, 1].set_title(f"d = {control.attrs['dimension']}: kernel {kernel:.1g}; phase I took {used}")
    return figure


def fine_tuning(analyses: Analyses) -> Figure:
    """A new sum on two of the directions."""
    analysis = analyses["fine_tuning"]
    methods = list(analysis.attrs["methods"])
    errors = analysis["l1"].values[:, :, 0]
    gain = errors[1, methods.index("trained ridge")] / errors[1, methods.index("trained lasso")]
    with house_style():
        figure, axes = new_figure(1, 1, width=3.6, height=2.8)
        _error_curves(axes[0, 0], analysis, ("trained ridge", "trained lasso", "oracle ridge", "oracle lasso"))
        n = int(analysis["samples"].values[1])
        axes[0, 0].set_title(f"LASSO's error is {1 / gain:.2f} of ridge's at n = {n}")
        axes[0, 0].legend()
    return figure


def coherence(analyses: Analyses) -> Figure:
    """Localisation over the coherence, and shares of weak tasks over M."""
    analysis, width = analyses["coherence"], analyses["width"]
    with house_style():
        figure, axes = new_figure(1, 2, width=3.4, height=2.8)
        first, second = axes[0]
        rho = analysis["coherence"].values
        for index, name in enumerate(("flow", "sgd")):
            _interval(first, rho, analysis[name].values, index, {"flow": "population flow", "sgd": "SGD"}[name])
        first.axvline(float(analysis["threshold"]), label=r"$(p-2)/(M+p-2)$", **THEORY)
        first.set(
            xlabel=r"coherence $\langle v_m,v_n\rangle$", ylabel="fraction of neurons above 0.9", ylim=(-0.02, 1.05)
        )
        half = rho[np.argmax(analysis["flow"].values[:, 0] < 0.5)]
        first.set_title(f"Localisation is lost by coherence {half:g}")
        first.legend()
        tasks = width["tasks"].values
        for k, exponent in enumerate(width["strength_exponent"].values):
            slope = width["slope"].values[k, 0]
            _interval(second, tasks, width["share"].values[k], k, f"$C_p$ = {exponent:.0f}: slope {slope:.2f}")
            second.plot(tasks, width["expected_share"].values[k], **THEORY)
        second.set(xscale="log", yscale="log", xlabel="number of tasks M", ylabel="share of one weak task")
        second.set_xticks(tasks, [str(m) for m in tasks])
        second.minorticks_off()
        second.set_title("Weak tasks lose neurons (theory dashed)")
        second.legend()
    return figure


def superorthogonal(analyses: Analyses) -> Figure:
    """Least eigenvalue over the degree, and the table of constructed polynomials."""
    analysis = analyses["superorthogonal"]
    degrees, values = analysis["degree"].values, analysis["least_eigenvalue"].values
    with house_style():
        figure, axes = new_figure(1, 2, width=3.4, height=2.7)
        first, second = axes[0]
        for parity, name in enumerate(("even", "odd")):
            mask = degrees % 2 == parity
            first.plot(degrees[mask], values[mask], color=COLOURS[parity], marker=MARKERS[parity], label=name)
        first.axhline(0.0, **THEORY)
        first.set(xlabel="degree", ylabel=r"least eigenvalue of $E[h_i(x^2-1)h_j]$")
        even, odd = (int(v) for v in analysis["minimal_degree"].values)
        first.set_title(f"They exist from degree {odd} (odd) and {even} (even)")
        first.legend()
        rows = [
            [str(case[0]), str(case[1]), ("even", "odd")[case[2]], str(case[3]), f"{residual:.0e}", f"{moment:.1e}"]
            for case, residual, moment in zip(
                analysis["case_definition"].values,
                analysis["residual"].values,
                analysis["fourth_moment"].values,
                strict=True,
            )
        ]
        second.axis("off")
        table = second.table(rows, colLabels=["K", "L", "parity", "degree", "residual", r"$E f^4$"], loc="upper center")
        table.auto_set_font_size(False)
        table.set_fontsize(7.5)
        table.scale(1, 1.4)
        second.set_title(f"Fourth moments from {analysis['fourth_moment'].values.min():.0e}")
    return figure


def cost(analyses: Analyses) -> Figure:
    """Roofline of a step, by count: operations and operations a byte, by engine."""
    batch = np.geomspace(1, 4096, 40)
    costs = theory.step_cost(batch, width=1024, dimension=1024, tasks=16)
    dimension = np.geomspace(64, 1e6, 40)
    with house_style():
        figure, axes = new_figure(1, 2, width=3.4, height=2.7)
        first, second = axes[0]
        for k, name in enumerate(("full", "decoupled", "overlap")):
            first.plot(batch, costs[name] / costs[f"{name}_bytes"], color=COLOURS[k], label=name)
            line = [float(theory.step_cost(np.array(256.0), 64, int(d), 16)[name]) for d in dimension]
            second.plot(dimension, line, color=COLOURS[k], label=name)
        first.axhline(25, label="ridge of a CPU core, about", **THEORY)
        first.set(xscale="log", yscale="log", xlabel="batch size", ylabel="operations a byte")
        first.set_title("Single samples are bound by memory")
        second.set(xscale="log", yscale="log", xlabel="dimension d", ylabel="operations a step (J=64, B=256)")
        second.set_title("Overlap engines do not see the dimension")
        for panel in (first, second):
            panel.legend()
    return figure


FIGURES = {
    "figure_one": figure_one,
    "alignment_history": alignment_history,
    "scaling": scaling,
    "engines": engines,
    "coverage": coverage,
    "phase_two": phase_two,
    "fine_tuning": fine_tuning,
    "coherence": coherence,
    "superorthogonal": superorthogonal,
    "cost": cost,
}
