"""The study's figures. They draw what the analyses hold and compute nothing but labels."""

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.style import COLOURS, MARKERS, THEORY, band, house_style, new_figure
from learnability.studies.two_parameter.plane_figures import figure_4, level_curves, sphere
from learnability.studies.two_parameter.selection import ordered, series
from learnability.studies.two_parameter.settings import MEASURE_NAMES

Analyses = Mapping[str, xr.Dataset]


def _fraction(axes: Axes, x: np.ndarray, points: xr.Dataset, place: int, label: str, name: str = "learned") -> None:
    """A measured fraction with its Wilson band."""
    colour = COLOURS[place]
    axes.plot(x, points[name], marker=MARKERS[place], color=colour, label=label)
    band(axes, x, points[f"{name}_low"].values, points[f"{name}_high"].values, colour)


def splitting(analyses: Analyses) -> Figure:
    """Learned fraction, mu(F0) and the product law against rho; other measures beside it."""
    analysis = analyses["learning"]
    figure, ((left, right),) = new_figure(1, 2, width=3.5)
    finest = ordered(series(analysis, "splitting", dimension=3), "rho")
    for place, d in enumerate((3, 4)):
        points = ordered(series(analysis, "splitting", dimension=d), "rho")
        if points.sizes["point"]:
            rho = points.rho.values
            _fraction(left, rho, points, place, f"learned, d = N = {d}")
            left.plot(
                rho, points.guaranteed, color=COLOURS[place], linestyle=":", marker=".", label=f"$\\mu(F_0)$, d = {d}"
            )
            left.plot(rho, points.product_law, **THEORY, label="$(1-2.6\\rho)^N$" if not place else None)
    least = finest.isel(point=0)
    left.set_title(f"Two parameters learn {float(least.learned):.0%} of targets at $\\rho$ = {float(least.rho):g}")
    uniform = finest
    _fraction(right, uniform.rho.values, uniform, 0, "uniform")
    for place, name in enumerate(MEASURE_NAMES[1:], start=1):
        points = ordered(series(analysis, "measures", measure=name), "rho")
        if points.sizes["point"]:
            _fraction(right, points.rho.values, points, place, name.replace("_", " "))
    right.set_title(_other_measures(analysis))
    for axes in (left, right):
        axes.set(xscale="log", xlabel="splitting parameter $\\rho$", ylabel="fraction of targets", ylim=(0, 1))
        _plain_ticks(axes, finest.rho.values)
        axes.legend()
    return figure


def _other_measures(analysis: xr.Dataset) -> str:
    """The finding of the right panel: the worst of the other measures at their smallest rho."""
    points = series(analysis, "measures")
    if not points.sizes["point"]:
        return "Other measures: none run"
    smallest = points.isel(point=np.flatnonzero(points.rho.values == points.rho.values.min()))
    count, worst = smallest.sizes["point"], float(smallest.learned.min())
    return f"{count} other measures: {worst:.0%} or more at $\\rho$ = {float(smallest.rho[0]):g}"


def _plain_ticks(axes: Axes, values: np.ndarray) -> None:
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.set_xticks([], minor=True)


def distances(analyses: Analyses) -> Figure:
    """P(distance <= eps): power laws of elementary models, plateau of the hierarchical map."""
    elementary, learning = analyses["elementary"], analyses["learning"]
    figure, ((axes, slopes),) = new_figure(1, 2, width=3.7, height=3.0)
    names, eps = list(elementary.attrs["families"]), elementary.eps.values
    for i in range(len(names)):
        curve, w = elementary.near.values[i], int(elementary.parameters.values[i])
        shown = curve > 0
        label = f"elementary, W = {w}" if list(elementary.parameters.values).index(w) == i else None
        axes.plot(eps[shown], curve[shown], color=COLOURS[3 if w == 1 else 1], linewidth=0.8, alpha=0.8, label=label)
    for w, start in ((1, 0.3), (2, 0.9)):
        axes.plot(eps, start * eps ** (3 - w), **THEORY, label="slope d - W" if w == 1 else None)
    points = ordered(series(learning, "depth"), "depth")
    for i in range(points.sizes["point"]):
        shade = 0.35 + 0.65 * (i + 1) / points.sizes["point"]
        depth = int(points.depth.values[i])
        axes.plot(eps, points.near.values[i], color=COLOURS[0], alpha=shade, linewidth=1.2)
        begins = int(np.argmax(points.near.values[i] > 0))
        if begins:  # at the foot of its rise; of those that have risen already at the left edge the last is named
            axes.annotate(f"N = {depth}", (eps[begins], 2.5e-3), fontsize=6, rotation=90, ha="right")
        elif i == points.sizes["point"] - 1:
            axes.annotate(f"N = {depth}", (eps[0], points.near.values[i][0]), fontsize=6, va="top")
    axes.plot([], [], color=COLOURS[0], label="hierarchical, N stages")
    axes.set(
        xscale="log", yscale="log", xlabel="distance $\\varepsilon$", ylabel="P(final distance $\\leq \\varepsilon$)"
    )
    axes.set(ylim=(1e-4, 1.5))
    axes.legend(loc="lower right", frameon=True)
    if points.sizes["point"]:
        value = float(points.isel(point=-1).near.sel(eps=1e-4, method="nearest"))
        axes.set_title(f"{value:.0%} of targets within 1e-4 with N = {int(points.depth.values[-1])} stages")
    _slopes(slopes, elementary, names)
    return figure


def _slopes(axes: Axes, elementary: xr.Dataset, names: list[str]) -> None:
    at = np.arange(len(names))
    value, low, high = (elementary[name].values for name in ("exponent", "exponent_low", "exponent_high"))
    axes.errorbar(value, at, xerr=[value - low, high - value], fmt="o", color=COLOURS[1], capsize=2)
    axes.plot(elementary.predicted.values, at, "|", color=THEORY["color"], markersize=12, label="d - W")
    axes.set_yticks(at, [name.replace("_", " ") for name in names])
    axes.set(xlabel="exponent of P(distance $\\leq \\varepsilon$)", xlim=(0, 3))
    inside = int(((low <= elementary.predicted.values) & (high >= elementary.predicted.values)).sum())
    axes.set_title(f"d - W within the interval for {inside} of {len(names)}")
    axes.legend(loc="center right")


def depth_and_dimension(analyses: Analyses) -> Figure:
    """Fraction against N, precision against N, fraction against d."""
    analysis = analyses["learning"]
    figure, ((left, middle, right),) = new_figure(1, 3, width=2.9)
    deep, falling = (ordered(series(analysis, name), "depth") for name in ("depth", "shrinking"))
    depth = deep.depth.values
    _fraction(left, depth, deep, 0, f"$\\rho$ = {float(deep.rho[0]):g}")
    left.plot(depth, deep.product_law, **THEORY, label="$\\prod(1-2.6\\rho_n)$")
    left.plot(depth, deep.learned_given_f0, color=COLOURS[2], marker=MARKERS[2], label="P(learned | $F_0$)")
    if falling.sizes["point"]:
        label = f"$\\rho_n$ = {float(falling.rho[0]):g} $\\cdot$ {float(falling.shrink[0]):g}$^{{n-1}}$"
        _fraction(left, falling.depth.values, falling, 1, label)
        left.plot(falling.depth.values, falling.product_law, **THEORY)
    left.set(xlabel="stages N", ylabel="fraction of targets", ylim=(0, 1.03))
    left.set_title(f"All of $F_0$, a product of the rest (d = {int(deep.dimension[0])})")
    left.legend(loc="lower left")
    middle.plot(depth, deep.precision, marker=MARKERS[0], color=COLOURS[0], label="$R_N$")
    rate = deep.rho.values[0] ** (1 / (deep.dimension.values[0] - 1))
    middle.plot(depth, deep.precision.values[-1] * rate ** (depth - depth[-1]), **THEORY, label="$\\rho^{N/(d-1)}$")
    middle.set(yscale="log", xlabel="stages N", ylabel="precision $R_N$")
    middle.set_title(f"Precision reaches {float(deep.precision[-1]):.1e}")
    middle.legend()
    wide = ordered(series(analysis, "dimension"), "dimension")
    d = wide.dimension.values
    _fraction(right, d, wide, 0, f"learned, $\\rho$ = {float(wide.rho[0]):g}, N = d")
    right.plot(d, wide.learned_given_f0, color=COLOURS[2], marker=MARKERS[2], label="P(learned | $F_0$)")
    right.plot(d, wide.product_law, **THEORY, label="$(1-2.6\\rho)^d$")
    right.set(xlabel="dimension d", ylabel="fraction of targets", ylim=(0, 1.03))
    right.set_title(f"{float(wide.learned[-1]):.0%} learned at d = {d[-1]}, W = 2")
    right.legend(loc="lower left")
    return figure


def stretch(analyses: Analyses) -> Figure:
    """P(learned | F0) against kappa."""
    points = ordered(series(analyses["learning"], "stretch"), "stretch")
    figure, ((axes,),) = new_figure(1, 1)
    kappa = points.stretch.values
    _fraction(axes, kappa, points, 2, "P(learned | $F_0$)", "learned_given_f0")
    _fraction(axes, kappa, points, 0, "P(learned)")
    axes.axhline(1.0, **THEORY, label="guarantee")
    axes.set(xscale="log", xlabel="stretch $\\kappa$ of u", ylabel="fraction of targets", ylim=(0, 1.05))
    failing = kappa[points.learned_given_f0.values < 0.99]
    found = f"fails at $\\kappa \\leq$ {failing.max():g}" if len(failing) else "holds at every $\\kappa$ tried"
    axes.set_title(f"The guarantee {found}")
    axes.legend(loc="lower right")
    return figure


def _styled(draw: Callable[[Analyses], Figure]) -> Callable[[Analyses], Figure]:
    def drawn(analyses: Analyses) -> Figure:
        with house_style():
            return draw(analyses)

    return drawn


FIGURES: dict[str, Callable[[Analyses], Figure]] = {
    "level_curves": _styled(level_curves),
    "splitting": _styled(splitting),
    "distances": _styled(distances),
    "depth_and_dimension": _styled(depth_and_dimension),
    "stretch": _styled(stretch),
    "figure_4": _styled(figure_4),
    "sphere": _styled(sphere),
}
