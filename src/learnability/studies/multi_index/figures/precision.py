"""The figure of precision and stiffness."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from learnability.results.claim import Analyses
from learnability.results.style import COLOURS, MARKERS, THEORY, band, new_figure

_FORMS = (("correlation", "form in M", COLOURS[1], ":"), ("spectral", "spectral form", COLOURS[0], "-"))
_ROUNDING = 2.0**-53


def draw(analyses: Analyses) -> Figure:
    """Deviation against d^(s-1), cost against d, orthonormality against degree, conditioning of A_M against r d."""
    data = analyses["precision"]
    figure, ((left, middle), (right, last)) = new_figure(2, 2)
    _deviations(left, data)
    _costs(middle, data)
    right.plot(data["degree"], data["hermite_error"], color=COLOURS[0], marker="o")
    right.axhline(_ROUNDING, label="rounding unit", **THEORY)
    right.set(yscale="log", xlabel="degree", ylabel=r"largest error of $E\,h_j h_k$", ylim=(5e-17, 1e-13))
    right.set_title(f"Hermite basis: {float(data['hermite_error'].max()):.0e} at most")
    right.legend(loc="lower right")
    _conditioning(last, analyses["averaging_operator"])
    return figure


def _deviations(axes: Axes, data: xr.Dataset) -> None:
    dimensions = data["dimension"].values.astype(float)
    for form, name, colour, line in _FORMS:
        for link, leap in enumerate(data["leap"].values.tolist()):
            depth = dimensions ** (leap - 1)
            values = data["deviation"].isel(link=link).sel(form=form, frame="rotated").values
            shown = np.where(np.isnan(values), 10.0, np.clip(values, 1e-16, 10.0))
            axes.plot(depth, shown, color=colour, marker=MARKERS[link], linestyle=line, label=f"{name}, s = {leap}")
    axes.axvline(1 / _ROUNDING, label="1 / rounding unit", **THEORY)
    axes.set(xscale="log", yscale="log", xlabel=r"$d^{\,s-1}$", ylabel="deviation of the last escape time")
    axes.set_ylim(1e-16, 1e3)
    axes.set_yticks(
        [1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 10.0],
        ["$10^{-15}$", "$10^{-12}$", "$10^{-9}$", "$10^{-6}$", "$10^{-3}$", "never"],
    )
    lost = data["lost"].sel(form="correlation", frame="rotated").values
    axes.set_title("Rotated frame: the form in M is lost" if lost.max() > 0.5 else "Rotated frame")
    axes.legend(loc="upper left")


def _costs(axes: Axes, data: xr.Dataset) -> None:
    dimensions = data["dimension"].values
    for form, name, colour, line in _FORMS:
        steps = data["steps"].isel(link=0, frame=0).sel(form=form).values
        axes.plot(dimensions, steps, color=colour, marker="o", linestyle=line, label=f"steps of Rosenbrock, {name}")
    counts = {method: data["evaluations"].sel({"method": method}) for method in ("RK45", "LSODA")}
    for (method, evaluations), colour, marker in zip(
        counts.items(), (COLOURS[2], COLOURS[4]), MARKERS[1:3], strict=True
    ):
        label = f"evaluations of {method}"
        axes.plot(data["explicit_dimension"], evaluations, color=colour, marker=marker, label=label)
    axes.set(xscale="log", yscale="log", xlabel="dimension d", ylabel="steps, or evaluations, of one start")
    axes.yaxis.set_minor_formatter(NullFormatter())
    low, high = axes.get_ylim()
    ticks = [k * 10**p for p in range(1, 6) for k in (1, 2, 5) if low <= k * 10**p <= high]
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    ratio = counts["RK45"].values / counts["LSODA"].values
    best = np.nanmax(ratio) if np.isfinite(ratio).any() else float("nan")
    axes.set_title(f"Stiff: RK45 evaluates up to {best:.0f} times as often as LSODA")
    axes.legend(loc="upper right")


def _conditioning(axes: Axes, data: xr.Dataset) -> None:
    ranks, dimensions = data["rank"].values, data["dimension"].values.astype(float)
    condition = data["condition"].transpose("rank", "quantile", "dimension").values
    shown = np.unique([0, len(ranks) // 2, len(ranks) - 1])
    for place, colour, marker in zip(shown, COLOURS, MARKERS, strict=False):
        low, middle, high = condition[place]
        product = ranks[place] * dimensions
        axes.plot(product, middle, color=colour, marker=marker, linestyle="-", label=f"r = {ranks[place]}")
        band(axes, product, low, high, colour)
    ends = np.array([ranks[0] * dimensions[0], ranks[-1] * dimensions[-1]])
    axes.plot(ends, condition[-1, 1, -1] * np.sqrt(ends / ends[-1]), label=r"$\propto \sqrt{r d}$", **THEORY)
    axes.set(xscale="log", yscale="log", xlabel="r d", ylabel=r"(condition number of $A_M$)$^{1/K}$")
    limits = [float(data["rank_limit"][0]), *data["dimension_limit"].values[:, 0]]
    axes.set_title(f"Condition of $A_M$: $(r d)^{{K/2}}$ within {max(abs(limit - 0.5) for limit in limits):.0e}")
    axes.legend(loc="upper left")
