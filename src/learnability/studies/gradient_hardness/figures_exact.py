"""Figures of the exact parts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from learnability.results.style import COLOURS, MARKERS, THEORY, band, new_figure

Analyses = Mapping[str, xr.Dataset]

# One colour and one marker for each initialisation, in every figure.
LOOKS = {"default": 0, "gaussian": 1, "rademacher": 2}


def look(initialization: str) -> dict[str, Any]:
    """Colour and marker of an initialisation."""
    return {"color": COLOURS[LOOKS[initialization]], "marker": MARKERS[LOOKS[initialization]]}


def _theory(axes: Axes, x: Any, y: Any, label: str, **changes: Any) -> None:
    axes.plot(x, y, label=label, **{**THEORY, **changes})


def gradient_variance(analyses: Analyses) -> Figure:
    """Variance over the printed bound against d, and the spectrum by degree at the largest d."""
    data = analyses["gradient_variance"]
    figure, axes = new_figure(1, 2)
    left, right = axes[0]
    d = data["dimension"].values
    for i, name in enumerate(data.attrs["initializations"]):
        style = look(name)
        ratio = data["printed_ratio"].isel(initialization=i)
        left.plot(d, ratio, label=name, **style)
        spectrum = [data[f"spectrum{end}"].isel(initialization=i, dimension=-1).values for end in ("", "_low", "_high")]
        right.semilogy(data["degree"], spectrum[0], label=name, **style)
        band(right, data["degree"].values, spectrum[1], spectrum[2], style["color"])
    _theory(left, d, np.full(d.size, 4.0), "corrected, $|F|\\to\\infty$")
    _theory(left, d, np.ones(d.size), "printed (Theorem 5)", linestyle=":")
    largest = float(data["printed_ratio"].isel(dimension=-1).mean())
    left.set(xlabel="input dimension d", ylabel="variance / printed bound", ylim=(0, 4.4))
    starts = len(data.attrs["initializations"])
    left.set_title(f"The variance is {largest:.2f} times the printed\nbound (d = {d[-1]}, all {starts} starts)")
    left.legend(loc="center right")
    _theory(right, [0, d[-1]], [1, 1], "class mean")
    right.set(xlabel="parity degree |v|", ylabel="$|E\\chi_v\\nabla h|^2$ / class mean")
    full = float(data["spectrum"].isel(initialization=-1, dimension=-1).sel(degree=d[-1]))
    right.set_title(f"The class mean hides the full parity: {full:.2g}\ntimes it, Rademacher start, d = {d[-1]}")
    right.legend()
    return figure


def drift(analyses: Analyses) -> Figure:
    """Lifted model at a drift of 1/2, sine neuron over time, and small weights over d."""
    data = analyses["drift"]
    figure, axes = new_figure(1, 3)
    _lifted_panel(axes[0, 0], data)
    _sine_panel(axes[0, 1], data)
    _small_weight_panel(axes[0, 2], data)
    return figure


def _lifted_panel(axes: Axes, data: xr.Dataset) -> None:
    d = data["lifted_dimension"].values
    axes.semilogy(d, np.full(d.size, 0.5), color=COLOURS[0], marker="o", label="lifted model, every parity")
    _theory(axes, d, 0.5 / data["lifted_printed_ratio"].values, "printed (Theorem 6)", linestyle=":")
    _theory(axes, d, 0.5 / data["lifted_corrected_ratio"].values, "corrected bound (attained)", color=COLOURS[6])
    time = float(data["lifted_half_time"][-1])
    axes.set(xlabel="input dimension d", ylabel="drift at $t=\\ln(2^{d/2-1}+1)$")
    axes.set_title(f"Theorem 6 fails: at d = {d[-1]} every parity\nhas a drift of 1/2 by t = {time:.0f}")
    axes.legend(loc="lower left")


def _sine_panel(axes: Axes, data: xr.Dataset) -> None:
    time = data["time"].values
    shown = [int(d) for d in data["sine_dimension"].values if d in (4, 8, 16, 32)]
    for number, d in enumerate(shown):
        here = data.sel(sine_dimension=d)
        colour = COLOURS[number]
        axes.loglog(
            time, here["truncated"], color=colour, marker=MARKERS[number], label=f"d = {d}, cut at $1/\\sqrt{{d+1}}$"
        )
        band(axes, time, here["truncated_low"].values, here["truncated_high"].values, colour)
        label = "polynomial-time bound" if number == 0 else ""
        _theory(axes, time, np.exp(here["analytic_log_bound"]), label, color=colour)
    worst = float(data["analytic_ratio"].max())
    axes.set(xlabel="mean-field time t", ylabel="rms of the cut drift", ylim=(1e-4, 10))
    axes.set_title(f"The polynomial-time bound holds:\nat most {worst:.2f} of it is reached")
    axes.legend(loc="lower right")


def _small_weight_panel(axes: Axes, data: xr.Dataset) -> None:
    time = data["small_time"].values
    for number, d in enumerate(data["small_weight_dimension"].values):
        here = data.sel(small_weight_dimension=d)
        colour = COLOURS[number % len(COLOURS)]
        axes.plot(time, here["small_printed_ratio"], color=colour, marker=MARKERS[number], label=f"d = {d}")
        band(axes, time, here["small_printed_ratio_low"].values, here["small_printed_ratio_high"].values, colour)
    _theory(axes, time, np.ones(time.size), "printed bound", linestyle=":")
    worst = float(data["small_printed_ratio"].max())
    verdict = "exceeds" if worst > 1 else "stays below"
    axes.set(xlabel="mean-field time t", ylabel="drift / printed bound", ylim=(0, None))
    axes.set_title(f"A sine neuron, weights N(0, 1/d), {verdict}\nthe printed bound: up to {worst:.2f} of it")
    axes.legend(loc="lower center", ncols=2)


def cosine_class(analyses: Analyses) -> Figure:
    """log variance of the gradient and log of the packing number against d."""
    data = analyses["orthonormal_classes"]
    figure, axes = new_figure(1, 2)
    left, right = axes[0]
    d = data["dimension"].values
    for number, (model, label) in enumerate((("cosine", "$\\cos(2\\pi\\theta\\cdot x)$"), ("relu", "one ReLU neuron"))):
        values = data[f"log_variance_{model}"].values
        left.plot(d, values, color=COLOURS[number], marker=MARKERS[number], label=label)
        rate = float(data[f"saddle_{model}"])
        name = f"saddle: {rate:.3f} per dimension"
        _theory(left, d, values[-1] + rate * (d - d[-1]), name, color=COLOURS[number])
    left.set(xlabel="input dimension d", ylabel="ln variance of the gradient")
    left.set_title(
        f"The variance over the cosine class falls\nas $e^{{{float(data['variance_rate_cosine']):.3f}\\,d}}$"
    )
    left.legend()
    _packing_panel(right, data)
    return figure


def _packing_panel(axes: Axes, data: xr.Dataset) -> None:
    small, limit = data["packing_dimension"].values, float(data.attrs["packing_limit"])
    found = [np.exp(data[f"packing_rate{end}"].values * small) for end in ("", "_low", "_high")]
    axes.semilogy(small, found[0], color=COLOURS[2], marker="^", label="greedy packing")
    band(axes, small, found[1], found[2], COLOURS[2])
    axes.axhline(limit, color="#999999", linewidth=0.8)
    axes.text(2, limit, "limit of the search", va="bottom", fontsize=7)
    grid = np.linspace(2, small[-1], 50)
    rates = {name: float(data[f"{name}_rate"]) for name in ("cap", "union")}
    _theory(axes, grid, np.exp(rates["cap"] * grid), f"caps: $e^{{{rates['cap']:.3f}\\,d}}$")
    _theory(axes, grid, np.exp(rates["union"] * grid), f"union bound: $e^{{{rates['union']:.3f}\\,d}}$", linestyle="-.")
    _theory(axes, grid, 0.5 * np.exp(np.sqrt(grid) / 4), "printed: $\\frac{1}{2}e^{\\sqrt{d}/4}$", linestyle=":")
    axes.set(xlabel="input dimension d", ylabel="number n of cosine neurons", ylim=(0.5, 500 * limit))
    plane = int(data["planar_sq_dimension"])
    axes.set_title(f"SQ dimension: at least {found[0][-1]:.0f} at d = {small[-1]},\nexactly {plane} at d = 2")
    axes.legend(loc="upper left", ncols=2, fontsize=7)


def sine_landscape(analyses: Analyses) -> Figure:
    """Both risks as pictures, density of minima against L, depth against n."""
    data = analyses["sine_landscape"]
    figure, axes = new_figure(1, 4, width=3.1)
    frequency = float(data["frequency"][0])
    pictures = (
        ("population_risk", f"Population: {int(data['population_minima'][0])} minima, flat elsewhere"),
        ("empirical_risk", f"One sample: {float(data['density'][0, -1]):.1f} minima per unit area"),
    )
    for panel, (name, title) in zip(axes[0, :2], pictures, strict=True):
        extent = (data["w1"][0], data["w1"][-1], data["w2"][0], data["w2"][-1])
        options = {"extent": [float(end) for end in extent], "origin": "lower", "cmap": "cividis", "vmin": 0, "vmax": 2}
        image = panel.imshow(data[name].values.T, **options)
        panel.set(xlabel="$w_1$", ylabel="$w_2$")
        count = f", n = {int(data['sample_size'][-1])}" if name == "empirical_risk" else ""
        panel.set_title(f"{title}\n(L = {frequency:g}{count})")
        panel.grid(False)
    figure.colorbar(image, ax=axes[0, 1], label="risk", shrink=0.8)
    _density_panel(axes[0, 2], data)
    _depth_panel(axes[0, 3], data)
    return figure


def _density_panel(axes: Axes, data: xr.Dataset) -> None:
    frequency = data["frequency"].values
    for j, size in enumerate(data["sample_size"].values):
        values = [data[f"density{end}"].isel(sample_size=j).values for end in ("", "_low", "_high")]
        errors = np.stack((values[0] - values[1], values[2] - values[0]))
        shift = 1 + 0.02 * (j - data.sizes["sample_size"] / 2)
        axes.errorbar(frequency * shift, values[0], errors, fmt=MARKERS[j], color=COLOURS[j], label=f"n = {size}")
    grid = np.linspace(0.9 * frequency[0], 1.1 * frequency[-1], 50)
    _theory(axes, grid, 4 * np.pi * grid**2 / np.sqrt(3), "Kac-Rice $4\\pi L^2/\\sqrt{3}$")
    axes.set(xscale="log", yscale="log", xlabel="frequency L", ylabel="minima per unit area of w")
    axes.set_xticks(frequency, [f"{value:g}" for value in frequency])
    axes.minorticks_off()
    axes.set_title(f"Minima: {float(data['density_ratio']):.2f} of Kac-Rice,\nwhatever the sample size")
    axes.legend()


def _depth_panel(axes: Axes, data: xr.Dataset) -> None:
    size = data["sample_size"].values.astype(float)
    axes.loglog(size, data["depth_by_size"], color=COLOURS[0], marker="o", label="mean depth of the minima")
    band(axes, size, data["depth_by_size_low"].values, data["depth_by_size_high"].values, COLOURS[0])
    first = float(data["depth_by_size"][-1]) * np.sqrt(size[-1] / size)
    _theory(axes, size, first, "slope $-1/2$")
    slope = float(data["depth_slope"])
    axes.set(xlabel="sample size n", ylabel="depth below the mean risk")
    axes.set_title(f"The depth of the minima falls\nas $n^{{{slope:.2f}}}$")
    axes.legend()


def path_norms(analyses: Analyses) -> Figure:
    """Intersections over their bounds, parities and cosine neurons against d."""
    data, classes = analyses["representation"], analyses["orthonormal_classes"]
    figure, axes = new_figure(1, 3)
    left, middle, right = axes[0]
    pairs = [f"{d}, {k}" for d, k in zip(data["dimension"].values, data["intersections"].values, strict=True)]
    place = np.arange(len(pairs))
    printed = data["printed_ratio"].values
    corrected = (data["path_norm_exact"] / data["path_norm_corrected"]).values
    for values, colour, marker, label in (
        (printed, COLOURS[1], "s", "over printed"),
        (corrected, COLOURS[2], "^", "over corrected"),
    ):
        left.plot(place, values.T, linestyle="", marker=marker, color=colour, alpha=0.4, markersize=3)
        left.plot([], [], linestyle="", marker=marker, color=colour, label=f"exact path norm {label} bound")
    _theory(left, place, np.ones(place.size), "bound")
    left.set_xticks(place, pairs)
    left.set(xlabel="dimension d, halfspaces k", ylabel="exact path norm / bound", ylim=(0.95, 1.45))
    share = 100 * float(data["printed_violated"].mean())
    left.set_title(f"Intersections: the printed bound is violated\nin {share:.0f}% of the draws")
    left.legend()
    d = data["parity_dimension"].values.astype(float)
    for number, (name, label) in enumerate((("", "3(d+1) neurons"), ("merged_", "d+1 neurons"))):
        middle.loglog(
            d, data[f"parity_{name}path_norm"], linestyle="", marker=MARKERS[number], color=COLOURS[number], label=label
        )
    _theory(middle, d, data["parity_hat_formula"], "$8(d+1)k+4d(d+1)+2$, $k=d$")
    _theory(middle, d, data["parity_merged_formula"], "$6k^2+1$, $k=d$", linestyle="-.")
    middle.set(xlabel="input dimension d", ylabel="path norm of the full parity")
    middle.set_title("Parities: merging the hats halves the norm\nand leaves d+1 neurons")
    middle.set_ylim(5, 3e5)
    middle.legend(loc="upper left")
    _barron_panel(right, classes)
    return figure


def _barron_panel(axes: Axes, data: xr.Dataset) -> None:
    d = data["dimension"].values.astype(float)
    lines = (
        ("barron_bound_diagonal", "bound, w on the diagonal"),
        ("ridge_path_norm_diagonal", "ridge network, w on the diagonal"),
        ("barron_bound_axis", "bound, w on an axis"),
    )
    for number, (name, label) in enumerate(lines):
        axes.loglog(d, data[name], color=COLOURS[number], marker=MARKERS[number], label=label)
    top = data["barron_bound_diagonal"].values[0]
    _theory(axes, d, 2 * top * (d / d[0]) ** 3, "$d^3$ (equation 8)")
    _theory(axes, d, 0.2 * top * (d / d[0]) ** 2, "$d^2$ (summary)", linestyle=":")
    axes.set(xlabel="input dimension d", ylabel="norm of the cosine neuron")
    axes.xaxis.set_minor_formatter(NullFormatter())
    exponent = float(data["barron_bound_diagonal_exponent"])
    axes.set_title(f"Cosine neurons: the norm grows as $d^{{{exponent:.2f}}}$,\nnot as the summary's $d^2$")
    axes.legend()
