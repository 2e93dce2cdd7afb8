"""The figure of the finite-sample experiments."""

from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of, texts
from learnability.results.measuring import if_known
from learnability.results.style import COLOURS, DOUBLE, MARKERS, NEUTRAL, THEORY, curve, log_ticks
from learnability.studies.multi_index.samples.claims import pooled

_ERRORS = (
    ("gradient", "gradient", COLOURS[1], MARKERS[1]),
    ("component", "its part towards the target", COLOURS[3], MARKERS[3]),
    ("direction", "direction of degree s", COLOURS[0], MARKERS[0]),
)
_REFERENCES = (("s/2", 0.5, 0.0, ":"), ("s - 1", 1.0, -1.0, "-."), ("s", 1.0, 0.0, "--"))


def draw(analyses: Analyses) -> Figure:
    """Success against n / d^(s-1) for both links, the exact flow of h2 against d, and the samples that the gradient
    needs at the equator."""
    figure = Figure(figsize=(DOUBLE, 7.5), layout="constrained")
    panels = figure.subplot_mosaic("ab;cc;de")
    left, middle, exact, right, last = (panels[name] for name in "abcde")
    _success(left, analyses, "samples")
    _success(middle, analyses, "samples_cubic")
    _exact(exact, analyses["empirical_flow"], analyses["empirical_flow_square"])
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
            success, low, high = bounds_of(one["success"].isel(dimension=i))
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
    axes.plot([], [], color=COLOURS[6], linestyle="-", label="fit of degrees 1 to 4")
    if data.sizes["fit"] > 1:
        axes.plot([], [], color=COLOURS[6], linestyle="--", label=f"fit of degree {s} alone")
    _half(axes)
    power = "d" if s == 2 else f"d^{{{s - 1}}}"
    axes.set(xlabel=f"$n / {power}$", ylabel="fraction that finds the direction", ylim=(-0.03, 1.03))
    log_ticks(axes, multiples)
    final = [if_known(partial(pooled, experiment=experiment, fit=fit), analyses) for fit in texts(data["fit"])]
    known = zip(final, ("of starts find it with all degrees", f"with degree {s} alone"), strict=False)
    shown = ", ".join(f"{share.estimate:.2f} {fit}" for share, fit in known if share)
    axes.set_title(f"h{s}, at $n = {multiples[-1]:g}\\,{power}$: {shown or 'too few dimensions'}")
    axes.legend(loc="upper left" if s == 2 else "lower right")


def _half(axes: Axes) -> None:
    axes.axhline(0.5, color=NEUTRAL, linewidth=0.8, linestyle=":", label="half of the starts")


def _exact(axes: Axes, linear: xr.Dataset, square: xr.Dataset) -> None:
    """Shares at the largest n / d and n / d^2 against d, with what theory says of them."""
    rows = (
        (linear, "success", "d", "find the direction", COLOURS[0]),
        (square, "success", "d^2", "find the direction", COLOURS[2]),
        (square, "followed", "d^2", "follow the population flow", COLOURS[1]),
    )
    for number, (data, name, power, said, colour) in enumerate(rows):
        one = data.isel(multiple=-1)
        dimensions, label = one["dimension"].values, f"$n = {float(one['multiple']):g}\\,{power}$: {said}"
        curve(axes, dimensions, one[name], number, label, color=colour, linestyle="none")
        axes.plot(dimensions, one[f"predicted_{name}"], **THEORY, label=None if number else "theory")
    _half(axes)
    axes.set(xscale="log", xlabel="dimension d", ylabel="fraction of starts", ylim=(-0.03, 1.03))
    final = bounds_of(linear["success"])[0].isel(dimension=-1, multiple=-1)
    axes.set_title(f"h2 alone, exact flow: {float(final):.2f} at d = {int(final['dimension'])}")
    axes.legend(loc="lower left")


def _errors(axes: Axes, one: xr.Dataset) -> None:
    s = int(one["degree"])
    dimensions = one["dimension"].values.astype(float)
    for name, label, colour, marker in _ERRORS:
        limit = float(one[f"{name}_limit"][0])
        label = f"{label}: $d^{{{limit:.2f}}}$"
        axes.plot(dimensions, one[name], color=colour, marker=marker, markersize=3, label=label)
    anchor = float(one["direction"][0])
    for name, factor, offset, style in _REFERENCES:
        exponent = factor * s + offset
        reference = anchor * (dimensions / dimensions[0]) ** exponent
        axes.plot(dimensions, reference, color="#444444", linewidth=0.9, linestyle=style, label=f"slope {name}")
    axes.set(xscale="log", yscale="log", xlabel="dimension d", ylabel="samples for half of the signal as error")
    whole, part = (float(one[f"{name}_limit"][0]) for name in ("gradient", "direction"))
    known = np.isfinite([whole, part]).all()
    found = f"the gradient needs $d^{{{whole:.2f}}}$ samples, its direction of degree {s} $d^{{{part:.2f}}}$"
    axes.set_title(f"h{s} at the equator: {found if known else 'the gradient'}")
    axes.legend(loc="upper left")
