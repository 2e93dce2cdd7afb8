"""Figures of what phase I finds and what it is worth: coverage, refits, coherence, superorthogonality. They draw
analyses and compute nothing but their titles' numbers.
"""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.studies.ridge_combinations.curves import Analyses, above_data, counts_axis, curve, log_axes, page_wide
from learnability.results.style import COLOURS, MARKERS, THEORY, house_style


def coverage(analyses: Analyses) -> Figure:
    """Tasks found at fixed width, and neurons that settle on one."""
    analysis, other = analyses["coverage"], analyses["coverage_orthonormal"]
    tasks, found = analysis["tasks"].values, analysis["tasks_found"].values[:, 0]
    number, root = float(other["tasks"].values[0]), float(np.sqrt(analysis["dimension"].values[0]))
    with house_style():
        figure, axes = page_wide(1, 2)
        first, second = axes[0]
        curve(first, tasks, found, 0, "random directions")
        first.plot(tasks, tasks, label="all tasks", **THEORY)
        curve(second, tasks, analysis["localised"].values[:, 0], 0, "random directions")
        for panel, name in ((first, "tasks_found"), (second, "localised")):
            value, low, high = other[name].values[0, 0]
            error = [[value - low], [high - value]]
            panel.errorbar(
                number, value, error, fmt=MARKERS[1], color=COLOURS[1], capsize=2, label="orthonormal directions"
            )
            panel.axvline(root, color="#777777", linestyle=":", label=r"$M=\sqrt{d}$")
            panel.set(xlabel="number of tasks M")
            panel.set_xticks(tasks)
        first.set(ylabel="tasks with a neuron above 0.9", ylim=(0, None))
        second.set(ylabel="fraction of neurons on one direction", ylim=(0, 1))
        first.set_title(f"{found[0, 0]:.0f} of {tasks[0]} random tasks found, {found[-1, 0]:.0f} of {tasks[-1]}")
        shares = 100 * analysis["localised"].values[[0, -1], 0, 0]
        second.set_title(f"{shares[0]:.0f}% of neurons settle at M = {tasks[0]}, {shares[1]:.0f}% at {tasks[-1]}")
        first.legend(loc="upper left", bbox_to_anchor=(0.08, 1.0))
        second.legend()
    return figure


def _error_curves(panel: Axes, analysis: xr.Dataset, chosen: tuple[str, ...]) -> None:
    methods = list(analysis.attrs["methods"])
    for index, name in enumerate(chosen):
        if name in methods:
            curve(panel, analysis["samples"].values, analysis["l1"].values[:, methods.index(name)], index, name)
    panel.axhline(float(analysis["zero_l1"].values[0]), color="#777777", linestyle=":", label="zero predictor")
    log_axes(panel)
    panel.set(xlabel="samples n", ylabel=r"test $L^1$ error")
    counts = sorted({*analysis["samples"].values.tolist(), *analysis["kernel_samples"].values.tolist()})
    counts_axis(panel, np.array([n for n in counts if n not in (1500, 2500)]))


def phase_two(analyses: Analyses) -> Figure:
    """Refit errors, and the kernel with as many samples in all."""
    main, control = analyses["phase_two"], analyses["kernel_control"]
    names = ("trained ridge", "trained lasso", "oracle ridge", "random ridge")
    count, used = int(control["kernel_features"]), int(control["phase_one_samples"])
    with house_style():
        figure, axes = page_wide(1, 2, height=3.3)
        for panel, analysis in zip(axes[0], (main, control), strict=True):
            _error_curves(panel, analysis, names)
            curve(panel, analysis["kernel_samples"].values, analysis["kernel_l1"].values, 4, "kernel ridge")
        label = f"{count} cubics at d = {control.attrs['dimension']} (phase I took {used} samples)"
        axes[0, 1].axvline(count, label=label, **THEORY)
        handles = {name: h for p in axes[0] for h, name in zip(*p.get_legend_handles_labels(), strict=True)}
        figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=4)
        trained, random = (main["l1"].values[-1, list(main.attrs["methods"]).index(n), 0] for n in (names[0], names[3]))
        axes[0, 0].set_title(f"d = {main.attrs['dimension']}: learned {trained:.2f}, random {random:.2f}")
        kernel = float(control["kernel_l1"].values[-1, 0])
        axes[0, 1].set_title(f"d = {control.attrs['dimension']}: the kernel falls to {kernel:.0e}")
    return figure


def fine_tuning(analyses: Analyses) -> Figure:
    """A new sum on two of the directions: errors, and how many neurons the LASSO keeps."""
    analysis = analyses["fine_tuning"]
    methods, counts = list(analysis.attrs["methods"]), analysis["samples"].values
    errors = analysis["l1"].values[1, :, 0]
    ratio = errors[methods.index("trained lasso")] / errors[methods.index("trained ridge")]
    with house_style():
        figure, axes = page_wide(1, 2)
        first, second = axes[0]
        _error_curves(first, analysis, ("trained ridge", "trained lasso", "oracle ridge", "oracle lasso"))
        above_data(first, 6)
        first.legend(ncols=2, loc="upper center")
        first.set_title(f"LASSO's error is {ratio:.2f} of ridge's at n = {int(counts[1])}")
        for index, name in ((1, "trained lasso"), (3, "oracle lasso")):
            curve(second, counts, analysis["nonzero"].values[:, methods.index(name)], index, name)
        dense = float(analysis["nonzero"].values[-1, methods.index("trained ridge"), 0])
        second.axhline(dense, color=COLOURS[0], label="ridge: every neuron")
        counts_axis(second, counts)
        second.set(xlabel="samples n", ylabel="neurons with a coefficient", ylim=(0, 1.35 * dense))
        kept = float(analysis["nonzero"].values[-1, methods.index("trained lasso"), 0])
        second.set_title(f"It keeps {kept:.0f} of {dense:.0f} neurons at n = {int(counts[-1])}")
        second.legend(loc="upper left", ncols=2)
    return figure


def coherence(analyses: Analyses) -> Figure:
    """Localisation over the coherence, and shares of weak tasks over M."""
    analysis, width = analyses["coherence"], analyses["width"]
    with house_style():
        figure, axes = page_wide(1, 2)
        first, second = axes[0]
        rho = analysis["coherence"].values
        for index, name in enumerate(("flow", "sgd")):
            curve(first, rho, analysis[name].values, index, {"flow": "population flow", "sgd": "SGD"}[name])
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
            curve(second, tasks, width["share"].values[k], k, f"$C_p$ = {exponent:.0f}: slope {slope:.2f}")
            second.plot(tasks, width["expected_share"].values[k], **THEORY)
        second.set(yscale="log", xlabel="number of tasks M", ylabel="share of one weak task")
        counts_axis(second, tasks)
        second.set_title("Weak tasks lose neurons (theory dashed)")
        second.legend()
    return figure


def superorthogonal(analyses: Analyses) -> Figure:
    """Least eigenvalue over the degree, and the table of constructed polynomials."""
    analysis = analyses["superorthogonal"]
    degrees, values = analysis["degree"].values, analysis["least_eigenvalue"].values
    with house_style():
        figure, axes = page_wide(1, 2)
        first, second = axes[0]
        for parity, name in enumerate(("even", "odd")):
            mask = degrees % 2 == parity
            first.plot(degrees[mask], values[mask], color=COLOURS[parity], marker=MARKERS[parity], label=name)
        first.axhline(0.0, **THEORY)
        first.set_yscale("symlog", linthresh=0.1)
        first.set_yticks([-0.1, 0, 0.1, 1, 10], ["-0.1", "0", "0.1", "1", "10"])
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
