"""The figure of the finite-sample experiment."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.labelled import bounds_of, texts
from learnability.results.style import COLOURS, MARKERS, band, new_figure

_METHODS = {"small_steps": (COLOURS[0], "plain small steps"), "line_search": (COLOURS[1], "line search")}
_REFERENCES: tuple[tuple[int, Any, str], ...] = ((-1, "--", r"$d^{\,s-1}$"), (0, (0, (1, 1)), r"$d^{\,s}$"))


def draw(analyses: Mapping[str, xr.Dataset]) -> Figure:
    """Success curves above, n50 against the dimension with both reference exponents below, one column a link."""
    data = analyses["samples"]
    links = texts(data["link"])
    figure, axes = new_figure(2, len(links), width=4.0, height=2.7)
    for column, link in enumerate(links):
        one = data.isel(link=column)
        _curves(axes[0, column], one, link)
        _halves(axes[1, column], one, link)
    return figure


def _curves(axes: Axes, one: xr.Dataset, link: str) -> None:
    counts = one["num_samples"].values
    for method, (colour, label) in _METHODS.items():
        for i, dimension in enumerate(one["dimension"].values):
            success, low, high = bounds_of(one["success"].sel({"method": method}).isel(dimension=i))
            if not np.isfinite(success).all():
                continue
            axes.plot(counts, success, color=colour, marker=MARKERS[i], label=f"{label}, d = {dimension}")
            if i in (0, one.sizes["dimension"] - 1):
                band(axes, counts, low.values, high.values, colour)
    axes.set(xscale="log", xlabel="number of samples n", ylabel="fraction with cosine > 0.8", ylim=(-0.03, 1.03))
    axes.set_title(f"{link}: success")
    axes.legend(fontsize=6, loc="lower right")


def _halves(axes: Axes, one: xr.Dataset, link: str) -> None:
    d = one["dimension"].values.astype(float)
    s = int(one["information_exponent"])
    slopes = []
    for code, (method, (colour, label)) in enumerate(_METHODS.items()):
        for k, (name, line) in enumerate((("logistic", "-"), ("crossing", "-."))):
            half = one["n50"].sel({"method": method, "estimator": name}).transpose("bound", "dimension").values
            if not np.isfinite(half[0]).any():
                continue
            error = np.clip(np.stack([half[0] - half[1], half[2] - half[0]]), 0, None)
            shift = 1 + 0.03 * (2 * code + k - 1.5)
            axes.errorbar(
                d * shift,
                half[0],
                _error_bars(error),
                color=colour,
                linestyle=line,
                marker=MARKERS[k],
                label=f"{label}, {name}",
            )
            slopes.append(float(bounds_of(one["slope"])[0].sel({"method": method, "estimator": name})))
    anchor = bounds_of(one["n50"])[0].values
    middle = float(np.nanmedian(anchor[..., 0])) if np.isfinite(anchor[..., 0]).any() else 1.0
    for offset, dashes, text in _REFERENCES:
        axes.plot(
            d,
            middle * (d / d[0]) ** (s + offset),
            color="#444444",
            linewidth=1.0,
            linestyle=dashes,
            label=f"reference {text}",
        )
    found = [x for x in slopes if np.isfinite(x)]
    axes.set(xscale="log", yscale="log", xlabel="dimension d", ylabel=r"$n_{50}$ (samples)")
    axes.set_xticks(d, [f"{x:.0f}" for x in d])
    axes.minorticks_off()
    axes.set_title(
        f"{link}: exponents {min(found):.2f} to {max(found):.2f} (s = {s})"
        if found
        else f"{link}: no exponent at this scale"
    )
    axes.legend(fontsize=6, loc="upper left")


def _error_bars(error: np.ndarray) -> np.ndarray | None:
    """Error bars where they are finite; none at all when no interval is."""
    return np.nan_to_num(error) if np.isfinite(error).any() else None
