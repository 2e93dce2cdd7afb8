"""The lecture's Figure 1 by initialisation: curves, times of full and half parity, codings, and the prediction."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of
from learnability.results.style import NEUTRAL, THEORY, band, curve, new_figure, ordered
from learnability.studies.gradient_hardness.figures.lines import horizon_line, look, median_times
from learnability.studies.gradient_hardness.measuring import cases_of, gaussian_signs
from learnability.studies.gradient_hardness.settings import CODINGS, INITIALIZATIONS

STARTS = {"default": "figure_1_default", "rademacher": "figure_1_rademacher"}


def draw(analyses: Analyses) -> Figure:
    """Curves from both starts, times of full and half parity with the horizon, codings, and measured over predicted."""
    figure, axes = new_figure(3, 2, height=2.4)
    _default_curves(axes[0, 0], analyses)
    _rademacher_curves(axes[0, 1], analyses["figure_1_rademacher"])
    _times(axes[1, 0], analyses)
    _half(axes[1, 1], analyses)
    _variants(axes[2, 0], analyses)
    _ratios(axes[2, 1], analyses)
    return figure


def _default_curves(axes: Axes, analyses: Analyses) -> None:
    """The lecture's largest d in black with the range of its seeds, the other start there, the smaller d."""
    lecture = cases_of(analyses["figure_1_lecture"]).isel(case=-1)
    _curves(axes, analyses["figure_1_default"])
    d, horizon = int(lecture["dimension"]), float(lecture["horizon"])
    axes.plot(lecture["time"], lecture["loss"], color="black", label=f"d = {d}")
    band(axes, lecture["time"].values, lecture["loss_low"].values, lecture["loss_high"].values, "black")
    fast = cases_of(analyses["figure_1_rademacher"])
    same = fast.isel(case=(fast["dimension"] == d).values)
    if same.sizes["case"]:
        other = same.isel(case=0)
        ends = other["time"] <= _last_seen(other)
        style = {"color": look("rademacher")["color"], "linestyle": "-."}
        axes.plot(other["time"][ends], other["loss"][ends], **style, label=f"d = {d}, Rademacher")
    accuracy = 100 * float(bounds_of(lecture["final_accuracy"])[0])
    axes.set_title(
        f"PyTorch's default start, full parity: d = {d} stays\n"
        f"at chance ({accuracy:.1f}% right after {horizon:.0f} steps)"
    )
    axes.legend(loc="lower left")


def _rademacher_curves(axes: Axes, data: xr.Dataset) -> None:
    _curves(axes, data)
    last = cases_of(data).isel(case=-1)
    d, steps = int(last["dimension"]), float(bounds_of(last["steps"])[0])
    finding = f"learned\nafter {steps:.0f} steps" if np.isfinite(steps) else "not learned\nwithin the horizon"
    axes.set_title(f"Rademacher start, full parity: d = {d} is {finding}")
    axes.legend(loc="lower left")


def _curves(axes: Axes, data: xr.Dataset) -> None:
    cases = cases_of(data)
    for number, colour in enumerate(ordered(cases.sizes["case"])):
        case = cases.isel(case=number)
        ends = case["time"] <= _last_seen(case)
        axes.plot(case["time"][ends], case["loss"][ends], color=colour, label=f"d = {int(case['dimension'])}")
    horizon = float(cases["horizon"].max())
    # Above the curves, which end at a loss of 1 at most.
    horizon_line(axes, horizon, vertical=True)
    axes.set(
        xscale="symlog",
        xlabel="steps of SGD",
        ylabel="hinge loss (median of the runs)",
        ylim=(0, 1.3),
        xlim=(0, 1.5 * horizon),
    )


def _last_seen(case: xr.Dataset) -> float:
    """Where the slowest run has ended, or the horizon."""
    margin, accurate = (float(bounds_of(case[name])[2]) for name in ("margin_steps", "steps"))
    return min(float(case["horizon"]), accurate if np.isnan(margin) else margin)


def _times(axes: Axes, analyses: Analyses) -> None:
    _both_starts(axes, analyses, full=True)
    lecture = cases_of(analyses["figure_1_lecture"])
    # At the same d as the last of the Rademacher start: its count stands on a line above.
    median_times(axes, lecture, "default, largest d: beyond its horizon", above=14.0, **look("default"))
    last, factor = _factor(analyses, full=True)
    finding = f"{factor:.0f} times the steps" if np.isfinite(factor) else "censored"
    axes.set_title(f"Full parity: the initialisation decides\n({finding} at d = {last:.0f})")
    axes.set_ylim(axes.get_ylim()[0], 2 * axes.get_ylim()[1])  # above the name of the horizon
    axes.legend(loc="lower right")


def _half(axes: Axes, analyses: Analyses) -> None:
    _both_starts(axes, analyses, full=False)
    last, factor = _factor(analyses, full=False)
    if np.isnan(last):
        axes.set_title("Half parity")
    elif np.isfinite(factor):
        axes.set_title(f"Half parity: the Rademacher start is\n{factor:.1f} times as fast at d = {last:.0f}")
    else:
        axes.set_title(f"Half parity: censored at d = {last:.0f}")
    if axes.has_data():
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="lower right")
    else:
        axes.set_xticks([])
        axes.text(0.5, 0.5, "no half parity at this scale", ha="center", transform=axes.transAxes)


def _both_starts(axes: Axes, analyses: Analyses, full: bool) -> None:
    """Measured and predicted steps of both starts, with their horizons."""
    for name, experiment in STARTS.items():
        cases = cases_of(analyses[experiment], full)
        if not cases.sizes["case"]:
            continue
        style = look(name)
        median_times(axes, cases, f"{name}, to 100%", **style)
        dashed = THEORY | {"color": style["color"], "linestyle": "--" if name == "default" else "-."}
        axes.plot(cases["dimension"], cases["predicted_steps"], **dashed, label=f"{name}, predicted")
        horizon_line(axes, float(cases["horizon"].max()), vertical=False, label=f"horizon, {name}")
    axes.set(yscale="log", xlabel="input dimension d", ylabel="steps to 100% accuracy")


def _factor(analyses: Analyses, full: bool) -> tuple[float, float]:
    """The largest dimension at which both starts were measured, and the factor between them; NaN without one."""
    slow, fast = (
        bounds_of(cases_of(analyses[experiment], full).swap_dims(case="dimension")["steps"])[0]
        for experiment in STARTS.values()
    )
    common = np.intersect1d(slow["dimension"], fast["dimension"])
    if not common.size:
        return np.nan, np.nan
    return float(common[-1]), float(slow.sel(dimension=common[-1]) / fast.sel(dimension=common[-1]))


def _variants(axes: Axes, analyses: Analyses) -> None:
    data = analyses["figure_1_variants"]
    small = np.unique(data["dimension"].values)
    for i, name in enumerate(INITIALIZATIONS):
        for j, coding in enumerate(CODINGS):
            # Of the starts that have one, the cases with inputs of signs stand in an experiment of their own.
            experiment = "figure_1_bits" if coding == "bit" else STARTS.get(name, "figure_1_variants")
            known = cases_of(analyses["figure_1_variants" if name == "gaussian" else experiment])
            chosen = (known["initialization"] == name) & (known["coding"] == coding) & known["dimension"].isin(small)
            cases = known.isel(case=chosen.values)
            if not cases.sizes["case"]:
                continue
            shifted = cases.assign(dimension=cases["dimension"] + 0.1 * (2 * i + j - 2.5))
            # Of two neighbours that are censored at one d, the first is counted on a line above the second.
            style: Any = {"linestyle": "-" if j == 0 else "--", "above": 5.0 + 8.0 * (j == 1), **look(name)}
            median_times(axes, shifted, f"{name}, {coding}s", filled=j == 0, **style)
    horizon, of_bits = (float(analyses[name]["horizon"].max()) for name in ("figure_1_variants", "figure_1_bits"))
    horizon_line(axes, horizon, vertical=False, label="horizon (n/m beyond)", at=0.25)
    if of_bits != horizon:
        horizon_line(axes, of_bits, vertical=False, label="default, rademacher: bits", at=0.25)
    beyond: Any = {"linestyle": "", "marker": "^", "markersize": 7, "markerfacecolor": "white", "color": NEUTRAL}
    axes.plot([], [], label="beyond the horizon", **beyond)
    axes.set(yscale="log", xlabel="input dimension d (marks set apart)", ylabel="steps to 100% accuracy")
    signs = gaussian_signs(data).sortby("dimension")
    steps = zip(bounds_of(signs["steps"])[0].values, signs["dimension"].values, strict=True)
    said = ", ".join(f"{step:.0f} at d = {d:.0f}" for step, d in steps if np.isfinite(step)) or "none learned"
    axes.set_title(f"Gaussian start with zero biases, signs, steps:\n{said}")
    axes.set_xticks(np.unique(data["dimension"].values))
    axes.set_ylim(5, 4 * float(data["horizon"].max()))
    axes.legend(loc="lower right", ncols=2)


def _ratios(axes: Axes, analyses: Analyses) -> None:
    for name, experiment in STARTS.items():
        cases = cases_of(analyses[experiment])
        for kind, text, line in (("ratio", "100% accuracy", "-"), ("margin_ratio", "loss 0.05", ":")):
            seen = cases.isel(case=np.isfinite(bounds_of(cases[kind])[0].values))
            finite = seen[kind].where(np.isfinite(seen[kind]))
            curve(axes, seen["dimension"], finite, 0, f"{name}, to {text}", linestyle=line, **look(name))
    d = analyses["figure_1_rademacher"]["dimension"].values
    axes.plot([d.min(), d.max()], [1, 1], **THEORY, label="predicted")
    axes.set(xlabel="input dimension d", ylabel="measured / predicted steps", yscale="log")
    axes.set_yticks([0.3, 0.5, 1, 2], ["0.3", "0.5", "1", "2"])
    axes.minorticks_off()
    cases = cases_of(analyses["figure_1_rademacher"])
    ratio = bounds_of(cases["ratio"])[0].values
    known = ratio[np.isfinite(ratio)]
    low, high = (known.min(), known.max()) if known.size else (np.nan, np.nan)
    where = "" if known.size == cases.sizes["case"] else ", where it is reached"
    axes.set_title(f"Rademacher start: full accuracy after\n{low:.2f} to {high:.2f} of $T=1/(\\eta\\lambda_v)${where}")
    axes.legend()
