"""Figures of training: the lecture's Figure 1 by initialisation, and what the start decides."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from learnability.studies.gradient_hardness.figures_exact import look
from learnability.studies.gradient_hardness.theory import SPARSE_PARITY_STEPS
from learnability.results.style import COLOURS, MARKERS, THEORY, band, new_figure

Analyses = Mapping[str, xr.Dataset]

DEFAULT, RADEMACHER, VARIANTS = "figure_1_default", "figure_1_rademacher", "figure_1_variants"


def learning_times(analyses: Analyses) -> Figure:
    """Curves from both starts, times of full and half parity with the horizon, codings, and measured over
    predicted."""
    figure, axes = new_figure(2, 3)
    _curves(axes[0, 0], analyses[DEFAULT], "PyTorch's default start")
    _curves(axes[0, 1], analyses[RADEMACHER], "Rademacher start")
    _times(axes[0, 2], analyses)
    _half(axes[1, 0], analyses)
    _variants(axes[1, 1], analyses[VARIANTS])
    _ratios(axes[1, 2], analyses)
    return figure


def _cases(data: xr.Dataset, full: bool) -> xr.Dataset:
    chosen = (data["degree"] == data["dimension"]) == full
    return data.isel(case=chosen.values).sortby("dimension")


def _horizon(axes: Axes, horizon: float, vertical: bool, label: str = "horizon") -> None:
    options: dict[str, Any] = {"color": "#444444", "linestyle": ":", "linewidth": 1.0}
    line = axes.axvline if vertical else axes.axhline
    line(horizon, **options)
    if vertical:
        axes.text(
            horizon,
            0.02,
            f"{label} ",
            ha="right",
            va="bottom",
            fontsize=7,
            rotation=90,
            transform=axes.get_xaxis_transform(),
        )
    else:
        # At the left end: censored runs stand on the line at large dimensions.
        axes.text(0.01, horizon, label, ha="left", va="bottom", fontsize=7, transform=axes.get_yaxis_transform())


def _curves(axes: Axes, data: xr.Dataset, name: str) -> None:
    cases = _cases(data, full=True)
    for number in range(cases.sizes["case"]):
        case = cases.isel(case=number)
        shade = 0.15 + 0.7 * number / max(1, cases.sizes["case"] - 1)
        ends = case["time"] <= _last_seen(case)
        axes.plot(case["time"][ends], case["loss"][ends], color=_shade(shade), label=f"d = {int(case['dimension'])}")
    horizon = float(cases["horizon"].max())
    _horizon(axes, horizon, vertical=True)
    axes.set(
        xscale="symlog",
        xlabel="steps of SGD",
        ylabel="hinge loss (median of the runs)",
        ylim=(0, 1.1),
        xlim=(0, 1.3 * horizon),
    )
    last = cases.isel(case=-1)
    steps = float(last["steps"])
    ending = f"after {steps:.0f} steps" if np.isfinite(steps) else f"not within {horizon:.0f} steps"
    axes.set_title(f"{name}: d = {int(last['dimension'])} is learned\n{ending} (full parity)")
    axes.legend(loc="lower left", fontsize=6.5)


def _last_seen(case: xr.Dataset) -> float:
    """Where the slowest run has ended, or the horizon."""
    ends = [float(case[name]) for name in ("margin_steps_high", "steps_high")]
    known = ends[1] if np.isnan(ends[0]) else ends[0]
    return min(float(case["horizon"]), known)


def _shade(level: float) -> tuple[float, float, float]:
    """From dark to light blue, so that the dimensions keep their order in a grey print."""
    return (0.75 * level, 0.25 + 0.5 * level, 0.45 + 0.45 * level)


def _medians(axes: Axes, cases: xr.Dataset, label: str, filled: bool = True, **style: Any) -> None:
    """Medians with their intervals; one beyond the horizon as an open triangle on it, with the censored
    runs."""
    d, steps = cases["dimension"].values, cases["steps"].values
    seen = np.isfinite(steps)
    low, horizon = cases["steps_low"].values, cases["horizon"].values
    high = np.where(np.isfinite(cases["steps_high"].values), cases["steps_high"].values, horizon)
    errors = np.stack((steps[seen] - low[seen], high[seen] - steps[seen]))
    face = style["color"] if filled else "white"
    axes.errorbar(d[seen], steps[seen], errors, markerfacecolor=face, linewidth=1.2, label=label, **style)
    if (~seen).any():
        axes.plot(
            d[~seen],
            horizon[~seen],
            linestyle="",
            marker="^",
            markersize=7,
            markerfacecolor="white",
            color=style["color"],
        )
    rows = zip(d, np.where(seen, high, horizon), cases["solved"].values, cases["seeds"].values, strict=True)
    for x, y, solved, total in rows:
        if solved < total:
            text = f"{int(total - solved)}/{int(total)}"
            axes.annotate(text, (x, y), (0, 5), textcoords="offset points", ha="center", fontsize=6)


def _times(axes: Axes, analyses: Analyses) -> None:
    for name, experiment in (("default", DEFAULT), ("rademacher", RADEMACHER)):
        cases = _cases(analyses[experiment], full=True)
        style = look(name)
        _medians(axes, cases, f"{name}, to 100%", **style)
        axes.plot(
            cases["dimension"],
            cases["predicted_steps"],
            **{**THEORY, "color": style["color"]},
            label=f"{name}, predicted",
        )
        _horizon(axes, float(cases["horizon"].max()), vertical=False, label=f"horizon, {name}")
    axes.set(yscale="log", xlabel="input dimension d", ylabel="steps to 100% accuracy")
    axes.set_title(_times_title(analyses))
    axes.legend(loc="lower right", fontsize=6)


def _times_title(analyses: Analyses) -> str:
    default, rademacher = (
        _cases(analyses[name], full=True).swap_dims(case="dimension") for name in (DEFAULT, RADEMACHER)
    )
    last = np.intersect1d(default["dimension"], rademacher["dimension"])[-1]
    factor = float(default["steps"].sel(dimension=last) / rademacher["steps"].sel(dimension=last))
    if not np.isfinite(factor):
        return f"Full parity: the initialisation decides\n(censored at d = {last:.0f})"
    return f"Full parity: the initialisation decides\n({factor:.0f} times the steps at d = {last:.0f})"


def _half(axes: Axes, analyses: Analyses) -> None:
    for name, experiment in (("default", DEFAULT), ("rademacher", RADEMACHER)):
        cases = _cases(analyses[experiment], full=False)
        if not cases.sizes["case"]:
            continue
        style = look(name)
        _medians(axes, cases, f"{name}, to 100%", **style)
        axes.plot(
            cases["dimension"],
            cases["predicted_steps"],
            **{**THEORY, "color": style["color"]},
            label=f"{name}, predicted",
        )
        _horizon(axes, float(cases["horizon"].max()), vertical=False, label=f"horizon, {name}")
    axes.set(yscale="log", xlabel="input dimension d", ylabel="steps to 100% accuracy")
    axes.set_title(_half_title(analyses))
    if axes.has_data():
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="lower right", fontsize=6.5)
    else:
        axes.text(0.5, 0.5, "no half parity at this scale", ha="center", transform=axes.transAxes)


def _half_title(analyses: Analyses) -> str:
    """The factor between the two starts at the largest dimension at which both were measured."""
    default, rademacher = (
        _cases(analyses[name], full=False).swap_dims(case="dimension") for name in (DEFAULT, RADEMACHER)
    )
    common = np.intersect1d(default["dimension"], rademacher["dimension"])
    if not common.size:
        return "Half parity"
    factor = float(default["steps"].sel(dimension=common[-1]) / rademacher["steps"].sel(dimension=common[-1]))
    if not np.isfinite(factor):
        return f"Half parity: censored at d = {common[-1]:.0f}"
    return f"Half parity: the Rademacher start is\n{factor:.1f} times as fast at d = {common[-1]:.0f}"


def _variants_title(data: xr.Dataset) -> str:
    gaussian = (data["initialization"] == 1) & (data["coding"] == 0) & (data["dimension"] % 2 == 1)
    odd = data.isel(case=gaussian.values)
    solved, total = int(odd["solved"].sum()), int(odd["seeds"].sum())
    return f"Gaussian start without biases, signs:\n{solved} of {total} runs learn an odd d"


def _variants(axes: Axes, data: xr.Dataset) -> None:
    names, codings = data.attrs["initializations"], data.attrs["codings"]
    for i, name in enumerate(names):
        for j, coding in enumerate(codings):
            cases = data.isel(case=((data["initialization"] == i) & (data["coding"] == j)).values).sortby("dimension")
            if not cases.sizes["case"]:
                continue
            shifted = cases.assign(dimension=cases["dimension"] + 0.13 * (2 * i + j - 2.5))
            _medians(
                axes, shifted, f"{name}, {coding}s", filled=j == 0, linestyle="-" if j == 0 else "--", **look(name)
            )
    _horizon(axes, float(data["horizon"].max()), vertical=False)
    axes.set(yscale="log", xlabel="input dimension d", ylabel="steps to 100% accuracy")
    axes.set_title(_variants_title(data))
    axes.set_xticks(np.unique(data["dimension"].values))
    axes.set_ylim(5, None)
    axes.legend(loc="lower right", fontsize=6.5, ncols=2)


def _ratios(axes: Axes, analyses: Analyses) -> None:
    for name, experiment in (("default", DEFAULT), ("rademacher", RADEMACHER)):
        cases = _cases(analyses[experiment], full=True)
        style = look(name)
        for kind, text, line in (("ratio", "100% accuracy", "-"), ("margin_ratio", "loss 0.05", ":")):
            seen = np.isfinite(cases[kind].values)
            d = cases["dimension"].values[seen]
            axes.plot(d, cases[kind].values[seen], linestyle=line, label=f"{name}, to {text}", **style)
            ends = [
                np.where(np.isfinite(v), v, np.nan)
                for v in (cases[f"{kind}_low"].values[seen], cases[f"{kind}_high"].values[seen])
            ]
            band(axes, d, ends[0], ends[1], style["color"])
    d = analyses[RADEMACHER]["dimension"].values
    axes.plot([d.min(), d.max()], [1, 1], **THEORY, label="predicted")
    axes.set(xlabel="input dimension d", ylabel="measured / predicted steps", yscale="log")
    axes.set_yticks([0.3, 0.5, 1, 2], ["0.3", "0.5", "1", "2"])
    axes.minorticks_off()
    cases = _cases(analyses[RADEMACHER], full=True)
    known = cases["ratio"].values[np.isfinite(cases["ratio"].values)]
    low, high = (known.min(), known.max()) if known.size else (np.nan, np.nan)
    where = "" if known.size == cases.sizes["case"] else ", where it is reached"
    axes.set_title(f"Rademacher start: full accuracy after\n{low:.2f} to {high:.2f} of $T=1/(\\eta\\lambda_v)${where}")
    axes.legend(fontsize=6.5)


def initialization_noise(analyses: Analyses) -> Figure:
    """Predicted steps against the noise of the first layer, and sparse parities beside the literature."""
    figure, axes = new_figure(1, 2)
    _noise_panel(axes[0, 0], analyses["rademacher_threshold"])
    _sparse_panel(axes[0, 1], analyses["sparse_parity"])
    return figure


def _noise_panel(axes: Axes, data: xr.Dataset) -> None:
    levels = data["noise_level"].values
    for number, d in enumerate(data["dimension"].values):
        values = [data[f"predicted_steps{end}"].sel(dimension=d).values for end in ("", "_low", "_high")]
        axes.plot(levels, values[0], color=COLOURS[number], marker=MARKERS[number], label=f"d = {d}")
        band(axes, levels, values[1], values[2], COLOURS[number])
        axes.axvline(1 / d, **{**THEORY, "color": COLOURS[number]}, label=f"$\\sigma=1/d$, d = {d}")
    axes.set_xscale("symlog", linthresh=0.01)
    rise = float(data["rise"].isel(dimension=-1))
    axes.set(
        yscale="log",
        xlabel="noise $\\sigma$ of the first layer",
        ylabel="predicted steps $1/(\\eta\\lambda_v)$",
        xlim=(0, None),
    )
    largest = int(data["dimension"][-1])
    axes.set_title(f"From Rademacher to Gaussian the full parity\ntakes {rise:.1f} decades longer (d = {largest})")
    axes.legend()


def _sparse_title(data: xr.Dataset) -> str:
    case = data.isel(case=int(np.argmax(data["dimension"].values)))
    d, k, steps = int(case["dimension"]), int(case["degree"]), float(case["steps"])
    return f"Sparse parity: {steps:.0f} steps at d = {d}, k = {k}\n(width 1000, batch 32, step size 0.1)"


def _sparse_panel(axes: Axes, data: xr.Dataset) -> None:
    for number, degree in enumerate(np.unique(data["degree"].values)):
        cases = data.isel(case=(data["degree"] == degree).values).sortby("dimension")
        style: dict[str, Any] = {"color": COLOURS[number], "marker": MARKERS[number]}
        shifted = cases.assign(dimension=cases["dimension"] - 0.8 * number)
        _medians(axes, shifted, f"k = {int(degree)}, median of {int(cases['seeds'][0])}", **style)
        known = {d: ends for (d, k), ends in SPARSE_PARITY_STEPS.items() if k == degree}
        for d, (low, high) in known.items():
            axes.plot(
                [d + 0.8 - 0.8 * number] * 2,
                [low, high],
                color=COLOURS[number],
                linestyle="--",
                marker="_",
                linewidth=1,
            )
    axes.plot([], [], color="#444444", linestyle="--", marker="_", linewidth=1, label="expected")
    _horizon(axes, float(data["horizon"].max()), vertical=False)
    axes.set(yscale="log", xlabel="input dimension d", ylabel="steps to 99% accuracy")
    axes.set_title(_sparse_title(data))
    axes.legend(loc="lower right")
