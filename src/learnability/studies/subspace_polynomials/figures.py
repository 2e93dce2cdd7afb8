"""The figures of the study. They draw analyses and compute nothing beyond what a title says."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from learnability.results.style import COLOURS, MARKERS, THEORY, band, house_style, new_figure
from learnability.studies.subspace_polynomials import theory
from learnability.studies.subspace_polynomials.measures import coefficient_of
from learnability.studies.subspace_polynomials.two_stage_figures import decay, lambda_min

Analyses = Mapping[str, xr.Dataset]
ACTIVATION_NAMES = ("smooth", "quadratic", "odd, no bias")


def pretty(polynomial: str) -> str:
    """A polynomial's text for a label: subscripts, no stars."""
    text = polynomial.replace("He2", "He_2").replace("He3", "He_3").replace("*", " ")
    for i in range(1, 9):
        text = text.replace(f"z{i}", f"z_{i}")
    return f"${text}$"


def _place(analysis: xr.Dataset, polynomial: str) -> int | None:
    names = list(analysis.attrs["polynomials"])
    return names.index(polynomial) if polynomial in names else None


def _table(axes: Axes, table: xr.Dataset) -> None:
    """Dimension of S* by target and activation; a frame where one of the checks disagrees."""
    trapped, used = table["trapped_dimension"].values, table["used_variables"].values
    share = trapped / used[:, None]
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1.4, aspect="auto")
    agree = table["agree"].values.min(0)
    for i, j in np.ndindex(*trapped.shape):
        text = f"{trapped[i, j]}" + ("" if agree[i, j] else " !")
        axes.text(j, i, text, ha="center", va="center", fontsize=8)
    axes.set_xticks(range(trapped.shape[1]), ACTIVATION_NAMES)
    axes.set_yticks(range(len(used)), [pretty(name) for name in table.attrs["polynomials"]], fontsize=7)
    axes.grid(False)
    wrong = int((table["agree"] == 0).sum())
    verdict = "three methods agree everywhere" if wrong == 0 else f"{wrong} of {table['agree'].size} checks disagree"
    axes.set_title(f"dim S*: {verdict}")


def _residuals(axes: Axes, table: xr.Dataset) -> None:
    """Residuals and defects where the closure says reflective, and where it says not."""
    groups = [
        ("definition on S*", table["residual"]),
        ("search at dim S*", table["search_at"]),
        ("definition, one more", table["residual_larger"]),
        ("search above dim S*", table["search_above"]),
    ]
    rng = np.linspace(-0.25, 0.25, table["agree"][0].size)
    for x, (_, values) in enumerate(groups):
        for rotated, (colour, marker) in enumerate(zip(COLOURS, MARKERS, strict=False)):
            if rotated < values.sizes["rotated"]:
                points = np.maximum(values.values[rotated].ravel(), 1e-34)
                label = ("coordinate", "rotated")[rotated] if x == 0 else None
                axes.plot(x + rng, points, marker, color=colour, ms=3, label=label, ls="none", alpha=0.7)
    axes.set_yscale("log")
    axes.axhspan(1e-12, 1e-2, color="0.9", zorder=0)
    axes.set_xticks(range(4), [text.replace(" ", "\n", 1) for text, _ in groups], fontsize=6.5)
    axes.set_ylabel("residual or defect (1)")
    low = float(table["residual"].max())
    high = min(float(table["residual_larger"].min()), float(table["search_above"].min()))
    axes.set_title(f"on S* at most {low:.0e}, on larger at least {high:.2g}")
    axes.legend(loc="center right")


def _slice(axes: Axes, figure: Figure, table: xr.Dataset, rotated: int) -> None:
    values = np.maximum(table["slice_defect"].values[rotated], 1e-4)
    angle = table["angle"].values
    image = axes.pcolormesh(angle, angle, values.T, norm=LogNorm(1e-4, 1), cmap="viridis", rasterized=True)
    axes.plot([-45], [-45], "x", color="white", ms=7, mew=1.6)
    axes.plot([0, 90, 0, 90, -90, -90, 0, 90], [0, 0, 90, 90, 0, 90, -90, -90], ".", color="white", ms=4)
    axes.set_xlabel("angle of the vector in $(e_1, e_2)$ (degree)")
    axes.set_ylabel("angle in $(e_3, e_4)$ (degree)")
    least = float(table["slice_defect"].values[rotated].min())
    axes.set_title(("coordinates" if not rotated else "rotated") + f": zero ({least:.0e}) at the cross only")
    axes.grid(False)
    figure.colorbar(image, ax=axes, label="defect (1)", shrink=0.9)


def reflective_table(analyses: Analyses) -> Figure:
    """The closure's table, the two independent checks, and a slice of the Grassmannian."""
    with house_style():
        table = analyses["reflective_table"]
        rows = 2 if "slice_defect" in table else 1
        figure, axes = new_figure(rows, 2, width=4.2, height=3.2)
        _table(axes[0, 0], table)
        _residuals(axes[0, 1], table)
        for rotated in range(table.sizes["rotated"] if rows == 2 else 0):
            _slice(axes[1, rotated], figure, table, rotated)
        return figure


def _dimension_label(dimension: float) -> str:
    return "$d = \\infty$" if np.isinf(dimension) else f"d = {int(dimension)}"


def _curves(axes: Axes, analysis: xr.Dataset, place: int, name: str) -> None:
    """Median and 10-90% band for each dimension; the limit in black."""
    time = analysis["time"].values
    shades = [COLOURS[i] for i in (4, 1, 3, 2, 0)]
    for i, dimension in enumerate(analysis["dimension"].values):
        low, median, high = analysis[name].values[:, i, place]
        colour = "#000000" if np.isinf(dimension) else shades[i % len(shades)]
        axes.plot(time, median, color=colour, label=_dimension_label(dimension), lw=1.2)
        band(axes, time, low, high, colour)
    axes.set_xlabel("flow time")


def trapping(analyses: Analyses) -> Figure:
    """Loss and the trapped part of the weights for reflective and free targets; online SGD on a free one."""
    with house_style():
        flow, sgd = analyses["finite_dimension"], analyses["online_sgd"]
        names = list(flow.attrs["polynomials"])
        figure, axes = new_figure(2, len(names), width=3.1, height=2.5)
        for j, name in enumerate(names):
            floor, trapped = float(flow["floor"][j]), int(flow["trapped_dimension"][j])
            _curves(axes[0, j], flow, j, "loss")
            if trapped:
                axes[0, j].axhline(floor, **THEORY, label="floor")
            kind = "reflective: held longer at larger d" if trapped else "free: no floor"
            axes[0, j].set_title(f"{pretty(name)}\n{kind}")
            _curves(axes[1, j], flow, j, "trapped_norm" if trapped else "learnable_norm")
            axes[1, j].set_title("trapped part $|w_{S^*}|$" if trapped else "learned part $|w_{W^*}|$")
            axes[1, j].set_yscale("symlog", linthresh=1e-3) if trapped else None
        axes[0, 0].set_ylabel("population loss (1)")
        axes[1, 0].set_ylabel("r.m.s. over particles (1)")
        _sgd_markers(axes[0], sgd, names)
        axes[0, -1].legend(fontsize=6.5)
        return figure


def _sgd_markers(row: np.ndarray, sgd: xr.Dataset, names: list[str]) -> None:
    """Online SGD and its own flow at d of the SGD runs."""
    for place, name in enumerate(sgd.attrs["polynomials"]):
        if name in names:
            axes = row[names.index(name)]
            time, median = sgd["time"].values, sgd["sgd_loss"].values[place, 1]
            axes.plot(time[::3], median[::3], "x", color="#000000", ms=4, label="SGD, d = 64")
            axes.plot(time, sgd["flow_loss"].values[place, 1], color="#000000", lw=0.7, ls=":")
            axes.legend(fontsize=6.5)


def trapping_exact(analyses: Analyses) -> Figure:
    """Reflective targets at d = infinity: the loss above its floor, and the largest trapped weight."""
    with house_style():
        flow = analyses["trapping_exact"]
        time, loss = flow["time"].values, flow["loss"].sel(quantile=0.5).values[0]
        figure, axes = new_figure(1, 2, width=3.6, height=2.8)
        trapped = flow["trapped_norm_max"].sel(quantile=0.5).values[0]
        for i, name in enumerate(flow.attrs["polynomials"]):
            excess = loss[i] - float(flow["floor"][i])
            style = {"color": COLOURS[i], "marker": MARKERS[i], "markevery": (3 * i, 12), "label": pretty(name)}
            axes[0, 0].plot(time, excess, **style)
            axes[0, 1].plot(time, np.maximum(trapped[i], 1e-18), **style)
        axes[0, 0].set_yscale("symlog", linthresh=1e-3)
        axes[0, 0].set_ylabel("loss above the floor (1)")
        axes[0, 1].set_yscale("log")
        axes[0, 1].set_ylim(1e-18, 1e-6)
        axes[0, 1].set_ylabel("largest $|w_{S^*}|$ of a particle; 0 drawn at 1e-18", fontsize=7)
        for axis in axes[0]:
            axis.set_xlabel("flow time")
        least = float((loss - flow["floor"].values[:, None]).min())
        axes[0, 0].set_title(f"d = ∞: never below the floor (least excess {least:.0e})")
        axes[0, 1].set_title(f"$w_{{S^*}}$ stays at {trapped.max():.0e} or below")
        axes[0, 1].legend(loc="center right")
        return figure


def escape(analyses: Analyses) -> Figure:
    """Escape time against the dimension for leaps 2 and 3."""
    with house_style():
        figure, axes = new_figure(1, 2, width=3.4, height=2.8)
        two, three = analyses["escape_leap_2"], analyses["escape_leap_3"]
        for axis, analysis, colour in ((axes[0, 0], two, COLOURS[0]), (axes[0, 1], three, COLOURS[1])):
            d = analysis["finite_dimension"].values
            middle = analysis["escape_time"].values[:, 0]
            spread = [np.abs(analysis["escape_time_" + end].values[:, 0] - middle) for end in ("low", "high")]
            axis.errorbar(d, middle, yerr=spread, fmt="o-", color=colour, capsize=2, label="median, 95% interval")
            axis.set_xscale("log", base=2)
            axis.set_xlabel("dimension d")
        axes[0, 0].set_ylabel("time to 0.9 floor (flow time)")
        d, times = two["finite_dimension"].values, two["escape_time"].values[:, 0]
        slope = np.polyfit(np.log(d), times, 1)
        axes[0, 0].plot(d, np.polyval(slope, np.log(d)), **THEORY, label="straight line in log d")
        axes[0, 0].set_title(f"leap 2, $z_1 z_2$: + {slope[0] * np.log(4):.2f} for each factor 4 in d")
        d, times = three["finite_dimension"].values, three["escape_time"].values[:, 0]
        axes[0, 1].plot(d, theory.anchored(d, 0.5, times[0]), **THEORY, label="slope 1/2")
        axes[0, 1].set_yscale("log", base=2)
        axes[0, 1].set_title(f"leap 3, $He_3$: power {_estimate(three, 'escape_slope', 0)} of d")
        for axis in axes[0]:
            axis.legend()
        return figure


def _estimate(analysis: xr.Dataset, name: str, place: int) -> str:
    value, low, high = (float(analysis[name + end].values[place]) for end in ("", "_low", "_high"))
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def deficit(analyses: Analyses) -> Figure:
    """How far below the floor the loss is at t = 5, against the dimension; and the distance from the limit."""
    with house_style():
        flow = analyses["finite_dimension"]
        d = flow["finite_dimension"].values
        figure, axes = new_figure(1, 2, width=3.4, height=2.8)
        place = _place(flow, "z1*z2") or 0
        _power_law(axes[0, 0], flow, "deficit", place, d)
        for exponent, text in (
            (theory.NECESSARY_EXPONENT, "bound, slope -1/2"),
            (theory.OBSERVED_EXPONENT, "slope -1"),
        ):
            style = THEORY | {"linestyle": "--" if exponent == theory.NECESSARY_EXPONENT else ":"}
            axes[0, 0].plot(d, theory.anchored(d, exponent, float(flow["deficit"][0, place])), **style, label=text)
        axes[0, 0].set_ylabel("floor - min L, t up to 5 (1)")
        axes[0, 0].set_title(f"trapped, $z_1 z_2$: power {_estimate(flow, 'deficit_slope', place)}")
        free = [i for i, dimension in enumerate(flow["trapped_dimension"].values) if dimension == 0]
        names = [pretty(name) for name in flow.attrs["polynomials"]]
        for i, target in enumerate(free):
            _power_law(axes[0, 1], flow, "limit_distance", target, d, i)
        axes[0, 1].set_ylabel("sup over t of $|L_d - L_\\infty|$ (1)")
        axes[0, 1].set_title(f"free, {names[free[0]]}: power {_estimate(flow, 'limit_slope', free[0])}")
        for axis in axes[0]:
            axis.legend()
        return figure


def _power_law(axes: Axes, analysis: xr.Dataset, name: str, place: int, d: np.ndarray, shade: int = 0) -> None:
    middle = analysis[name].values[:, place]
    spread = [np.abs(analysis[f"{name}_{end}"].values[:, place] - middle) for end in ("low", "high")]
    label = pretty(analysis.attrs["polynomials"][place])
    axes.errorbar(d, middle, yerr=spread, fmt=MARKERS[shade] + "-", color=COLOURS[shade], capsize=2, label=label)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlabel("dimension d")


def coefficient(analyses: Analyses) -> Figure:
    """The coefficient of z2 z4 swept through 1, where the target becomes reflective."""
    with house_style():
        sweep = analyses["coefficient"]
        c = np.array([coefficient_of(name) for name in sweep.attrs["polynomials"]])
        time, loss = sweep["time"].values, sweep["loss"].sel(quantile=0.5).values[0]
        figure, axes = new_figure(1, 2, width=3.6, height=2.8)
        chosen = [i for i, value in enumerate(c) if value in (0.5, 0.75, 0.9, 1.0, 1.1, 1.5)]
        for shade, i in enumerate(chosen):
            style = {"color": COLOURS[shade], "marker": MARKERS[shade], "markevery": (2 * shade, 16)}
            axes[0, 0].plot(time, loss[i], **style, label=f"c = {c[i]:g}")
        axes[0, 0].set_xlabel("flow time")
        axes[0, 0].set_ylabel("population loss (1)")
        trapped = float(sweep["trapped_dimension"].values[c == 1][0])
        axes[0, 0].set_title(f"$z_1+z_2+z_1z_3+c\\,z_2z_4$, d = ∞: dim S* = {trapped:g} at c = 1 only")
        axes[0, 0].legend(ncols=2)
        for shade, moment in enumerate((0.125, 0.5, 1.0)):
            at = round(moment * (len(time) - 1))
            axes[0, 1].plot(c, loss[:, at], MARKERS[shade] + "-", color=COLOURS[shade], label=f"t = {time[at]:g}")
        fine = np.linspace(c.min(), c.max(), 200)
        unlearned = 0.5 * (((1 + fine) / 2) ** 2 + 2 * ((1 - fine) / 2) ** 2)
        axes[0, 1].plot(fine, unlearned, **THEORY, label="only W* of c = 1 learned")
        axes[0, 1].set_xlabel("coefficient c")
        axes[0, 1].set_ylabel("population loss (1)")
        final = float(loss[c == 1][0, -1])
        axes[0, 1].set_title(f"only c = 1 stays above 1/2 (L = {final:.2f} at t = {time[-1]:g})")
        axes[0, 1].legend()
        return figure


def taylor_rank(analyses: Analyses) -> Figure:
    """Rank of the Taylor coefficients against the order, by activation."""
    with house_style():
        table = analyses["taylor"]
        names, activations = list(table.attrs["polynomials"]), list(table.attrs["activations"])
        columns = 4
        figure, axes = new_figure(-(-len(names) // columns), columns, width=2.5, height=2.2)
        order = table["order"].values
        for i, name in enumerate(names):
            axis = axes[i // columns, i % columns]
            for j, activation in enumerate(activations):
                axis.step(
                    order,
                    table["rank"].values[i, j] + 0.09 * (j - 1.5),
                    where="mid",
                    color=COLOURS[j],
                    label=activation,
                    lw=1.3,
                )
                axis.plot(order, table["rank"].values[i, j] + 0.09 * (j - 1.5), MARKERS[j], color=COLOURS[j], ms=3)
            axis.axhline(int(table["used_variables"][i]), **THEORY)
            axis.set_title(f"{pretty(name)}\n{_orders(table, i)}", fontsize=7)
            axis.set_xlabel("Taylor order s")
            axis.set_ylim(0.5, 4.5)
        for axis in axes.ravel()[len(names) :]:
            axis.axis("off")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        axes.ravel()[-1].legend(handles, labels, loc="center", title="dashed: dimension p")
        axes[0, 0].set_ylabel("rank of $q_1..q_s$")
        return figure


def _orders(table: xr.Dataset, place: int) -> str:
    values = [int(value) for value in table["spanning_order"].values[place]]
    if int(table["trapped_dimension"][place]):
        return "reflective: never"
    return "spans at s = " + ", ".join(str(value) if value else "never" for value in values)


FIGURES: dict[str, Callable[[Any], Figure]] = {
    "reflective_table": reflective_table,
    "trapping": trapping,
    "trapping_exact": trapping_exact,
    "escape": escape,
    "deficit": deficit,
    "coefficient": coefficient,
    "lambda_min": lambda_min,
    "decay": decay,
    "taylor_rank": taylor_rank,
}
