"""The figure of the finite-sample experiments."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of, texts
from learnability.results.style import COLOURS, DOUBLE, MARKERS, NEUTRAL, THEORY, curve, log_ticks

_ERRORS = (
    ("gradient", "gradient", COLOURS[1], MARKERS[1]),
    ("component", "its part towards the target", COLOURS[3], MARKERS[3]),
    ("degree_vector", "$D_s$ as a vector", COLOURS[2], MARKERS[2]),
    ("degree_component", "$D_s$ towards the target", COLOURS[0], MARKERS[0]),
)
_REFERENCES = (("s/2", 0.5, 0.0, ":"), ("s - 1", 1.0, -1.0, "-."), ("s", 1.0, 0.0, "--"))


def draw(analyses: Analyses) -> Figure:
    """Success against n / d^(s-1) for both links, the exact flow of h2 against d, and the samples that the gradient
    needs at the equator."""
    figure = Figure(figsize=(DOUBLE, 7.2), layout="constrained")
    panels = figure.subplot_mosaic("ab;cc;de")
    left, middle, exact, right, last = (panels[name] for name in "abcde")
    _success(left, analyses, "samples")
    _success(middle, analyses, "samples_cubic")
    _exact(exact, *(analyses[name] for name in ("empirical_flow", "empirical_flow_fixed", "empirical_flow_square")))
    data = analyses["gradient_error"]
    for axes, place in ((right, 0), (last, -1)):
        _errors(axes, data.isel(degree=place))
    return figure


def _success(axes: Axes, analyses: Analyses, experiment: str) -> None:
    data = analyses[experiment]
    s, multiples = int(data.attrs["exponent"]), data["multiple"].values
    for fit, style in zip(texts(data["fit"]), ("-", "--"), strict=False):
        one = data.isel(fit=texts(data["fit"]).index(fit))
        for i, dimension in enumerate(data["dimension"].values):
            success, low, high = (part.values for part in bounds_of(one["success"].isel(dimension=i)))
            undecided = one["undecided"].isel(dimension=i).values
            label = f"d = {dimension}" if style == "-" else None
            # An interval for each mark, beside its neighbours: bands would lie on one another.
            beside = multiples * 1.06 ** (i + data.sizes["dimension"] * (style == "--"))
            errors = np.stack((success - low, high - success))
            look: Any = {
                "color": COLOURS[i],
                "marker": MARKERS[i],
                "linestyle": style,
                "elinewidth": 0.8,
                "capsize": 1.5,
            }
            axes.errorbar(beside, success, errors, label=label, **look)
            open_ = undecided > 0
            axes.plot(beside[open_], success[open_], MARKERS[i], color=COLOURS[i], markerfacecolor="white", zorder=4)
    if (data["undecided"] > 0).any():
        axes.plot([], [], "o", color=NEUTRAL, markerfacecolor="white", label="open: undecided")
    axes.plot([], [], color=COLOURS[6], linestyle="-", label="fit of degrees 1 to 4")
    if data.sizes["fit"] > 1:
        axes.plot([], [], color=COLOURS[6], linestyle="--", label=f"fit of degree {s} alone")
    _half(axes)
    power = "d" if s == 2 else f"d^{{{s - 1}}}"
    axes.set(xlabel=f"$n / {power}$", ylabel="fraction that finds the direction", ylim=(-0.03, 1.03))
    log_ticks(axes, multiples)
    whose, last = f"d = {int(data['dimension'][-1])}", data.isel(dimension=-1, multiple=-1)
    if data.sizes["dimension"] > 1:  # the smallest is furthest from the law
        beyond = data.isel(dimension=slice(1, None), multiple=-1)
        whose, last = f"d > {int(data['dimension'][0])}", beyond.sum("dimension")
    seeds = int(data.attrs["seeds"]) * max(data.sizes["dimension"] - 1, 1)
    said = ", ".join(
        f"{_found(last.isel(fit=i), seeds)} {fit}"
        for i, fit in enumerate(("find it with all degrees", f"with degree {s} alone")[: data.sizes["fit"]])
    )
    axes.set_title(f"h{s}, $n = {multiples[-1]:g}\\,{power}$, {whose}: {said}")
    axes.legend(loc="upper left" if s == 2 else "lower right")


def _found(one: xr.Dataset, seeds: int) -> str:
    """How many starts find the direction, of those that are decided, as in the marks."""
    undecided = int(one["undecided"])
    return f"{int(one['successes'])} of {seeds - undecided}" + (f" ({undecided} more undecided)" if undecided else "")


def _half(axes: Axes) -> None:
    axes.axhline(0.5, color=NEUTRAL, linewidth=0.8, linestyle=":", label="half of the starts")


def _exact(axes: Axes, linear: xr.Dataset, fixed: xr.Dataset, square: xr.Dataset) -> None:
    """Shares at the largest n / d and n / d^2 against d, with what theory says of them."""
    rows = (
        (linear, "success", "predicted_success", "d", "find the direction", COLOURS[0]),
        (fixed, "weak_recovery", "predicted_success", "d", "recover it weakly", COLOURS[3]),
        (square, "success", "predicted_success", "d^2", "find the direction", COLOURS[2]),
        (square, "followed", "predicted_followed", "d^2", "follow the population flow", COLOURS[1]),
    )
    for number, (data, name, predicted, power, said, colour) in enumerate(rows):
        one = data.isel(multiple=-1)
        dimensions, label = one["dimension"].values, f"$n = {float(one['multiple']):g}\\,{power}$: {said}"
        curve(axes, dimensions, one[name], number, label, color=colour, linestyle="none")
        theory = None if number else "by the sign of the fit, or the limit law"
        axes.plot(dimensions, one[predicted], **THEORY, label=theory)
    _half(axes)
    axes.set(xscale="log", xlabel="dimension d", ylabel="fraction of starts", ylim=(-0.03, 1.03))
    ends = [
        bounds_of(data[name])[0].isel(dimension=-1, multiple=-1)
        for data, name in ((linear, "success"), (fixed, "weak_recovery"))
    ]
    found = ", ".join(
        f"{float(end):.2f} at d = {int(end['dimension'])} and n = {float(end['multiple']):g} d" for end in ends
    )
    axes.set_title(f"h2 alone, exact flow: {found}")
    axes.legend(loc="lower right", ncols=2)


def _references(s: int) -> tuple[tuple[str, float, float, str], ...]:
    """The slopes to compare with; at s = 2 the first two are one line."""
    half, lesser, whole = _REFERENCES
    return ((f"{half[0]} = {lesser[0]}", *lesser[1:]), whole) if s == 2 else _REFERENCES


def _errors(axes: Axes, one: xr.Dataset) -> None:
    s = int(one["degree"])
    dimensions = one["dimension"].values.astype(float)
    for name, label, colour, marker in _ERRORS:
        limit = float(one[f"{name}_limit"][0])
        label = f"{label}: $d^{{{limit:.2f}}}$"
        axes.plot(dimensions, one[name], color=colour, marker=marker, markersize=3, label=label)
    anchor = float(one["degree_component"][0])
    for name, factor, offset, style in _references(s):
        exponent = factor * s + offset
        reference = anchor * (dimensions / dimensions[0]) ** exponent
        axes.plot(dimensions, reference, color="#444444", linewidth=0.9, linestyle=style, label=f"slope {name}")
    axes.set(xscale="log", yscale="log", xlabel="dimension d", ylabel="samples for half of the signal as error")
    limits = [float(one[f"{name}_limit"][0]) for name in ("gradient", "degree_vector", "degree_component")]
    whole, vector, part = (f"$d^{{{limit:.2f}}}$" for limit in limits)
    found = f"gradient {whole} samples, $D_{s}$ {vector}, its part towards the target {part}"
    axes.set_title(f"h{s} at the equator: {found if np.isfinite(limits).all() else 'the gradient'}")
    axes.legend(loc="upper left")
