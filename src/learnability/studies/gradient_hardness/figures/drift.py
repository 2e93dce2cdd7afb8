"""The drift of gradient flow in two models that can be solved, against the bounds of Theorem 6."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, MARKERS, THEORY, curve, new_figure


def draw(analyses: Analyses) -> Figure:
    """Lifted model at a drift of 1/2, sine neuron over time, and small weights over d."""
    data = analyses["drift"]
    figure, axes = new_figure(1, 3)
    _lifted_panel(axes[0, 0], data)
    _sine_panel(axes[0, 1], data)
    _small_weight_panel(axes[0, 2], data)
    return figure


def _lifted_panel(axes: Axes, data: xr.Dataset) -> None:
    d = data["lifted_dimension"].values
    simulated = data["simulated_drift"].isel(fraction=-1)
    axes.semilogy(
        data["simulated_dimension"],
        simulated,
        color=COLOURS[0],
        linestyle="",
        marker="o",
        label="lifted model, simulated",
    )
    axes.plot(d, np.full(d.size, 0.5), **THEORY | {"color": COLOURS[0]}, label="closed form = corrected")
    axes.plot(
        d, 0.5 / data["lifted_printed_ratio"].values, **THEORY | {"linestyle": ":"}, label="printed, end of proof"
    )
    time = float(data["lifted_half_time"][-1])
    axes.set(xlabel="input dimension d", ylabel="drift at $t=\\ln(2^{d/2-1}+1)$")
    ratio = float(data["simulated_printed_ratio"].isel(simulated_dimension=-1).max())
    axes.set_title(
        f"The bound ending the proof {'fails' if ratio > 1 else 'holds'}: {ratio:.1f} times it at "
        f"d = {int(data['simulated_dimension'][-1])}, a drift of 1/2 by t = {time:.0f} at d = {d[-1]}"
    )
    axes.legend(loc="lower left")


def _sine_panel(axes: Axes, data: xr.Dataset) -> None:
    time = data["time"].values
    shown = [int(d) for d in data["sine_dimension"].values if d in (4, 8, 16, 32)]
    for number, d in enumerate(shown):
        here = data.sel(sine_dimension=d)
        curve(axes, time, here["truncated"], number, f"d = {d}, cut at $1/\\sqrt{{d+1}}$")
        look = {"color": COLOURS[number], "marker": MARKERS[number], "markerfacecolor": "white"}
        axes.plot(time, np.exp(here["analytic_log_bound"]), **THEORY | look)
    axes.plot([], [], **THEORY, marker=MARKERS[0], markerfacecolor="white", label="polynomial-time bound of each")
    worst = float(bounds_of(data["analytic_ratio"])[0].max())
    axes.set(xscale="log", yscale="log", xlabel="mean-field time t", ylabel="rms of the cut drift", ylim=(1e-4, 10))
    axes.set_title(
        f"The polynomial-time bound {'holds' if worst <= 1 else 'fails'}: at most {worst:.2f} of it is reached"
    )
    axes.legend(loc="lower right")


def _small_weight_panel(axes: Axes, data: xr.Dataset) -> None:
    time = data["small_time"].values
    for number, d in enumerate(data["small_weight_dimension"].values):
        curve(axes, time, data["small_printed_ratio"].sel(small_weight_dimension=d), number, f"d = {d}")
    axes.plot(time, np.ones(time.size), **THEORY | {"linestyle": ":"}, label="printed bound")
    worst = float(bounds_of(data["small_printed_ratio"])[0].max())
    verdict = "exceeds" if worst > 1 else "stays below"
    axes.set(xlabel="mean-field time t", ylabel="drift / printed bound", ylim=(0, None))
    axes.set_title(f"A sine neuron, weights N(0, 1/d), {verdict}\nthe printed bound: up to {worst:.2f} of it")
    axes.legend(loc="lower center", ncols=2)
