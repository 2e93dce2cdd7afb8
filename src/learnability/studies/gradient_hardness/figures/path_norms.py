"""Path norms of intersections and parities, and norms of cosine neurons."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of
from learnability.results.style import COLOURS, DOUBLE, MARKERS, THEORY


def draw(analyses: Analyses) -> Figure:
    """Intersections over their bounds, parities and cosine neurons against d."""
    data, classes = analyses["representation"], analyses["orthonormal_classes"]
    figure = Figure(figsize=(DOUBLE, 5.4), layout="constrained")
    panels = figure.subplot_mosaic("ab;cc")
    left, middle, right = (panels[name] for name in "abc")
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
    left.plot(place, np.ones(place.size), **THEORY, label="bound")
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
    middle.plot(d, data["parity_hat_formula"], **THEORY, label="$8(d+1)k+4d(d+1)+2$, $k=d$")
    middle.plot(d, data["parity_merged_formula"], **THEORY | {"linestyle": "-."}, label="$6k^2+1$, $k=d$")
    middle.set(xlabel="input dimension d", ylabel="path norm of the full parity")
    gain = float((data["parity_path_norm"] / data["parity_merged_path_norm"])[-1])
    middle.set_title(f"Parities: merging the hats divides the norm by {gain:.1f} and leaves d+1 neurons")
    middle.set_ylim(5, 3e5)
    middle.legend(loc="upper left")
    _barron_panel(right, classes)
    return figure


def _barron_panel(axes: Axes, data: xr.Dataset) -> None:
    d = data["dimension"].values.astype(float)
    lines = (
        ("barron_bound_diagonal", "bound (8) on $[-1,1]^d$"),
        ("barron_lower_bound_diagonal", "lower bound of any network there"),
        ("ridge_path_norm_sphere", "ridge network on the sphere $\\sqrt{d}$"),
    )
    for number, (name, label) in enumerate(lines):
        axes.loglog(d, data[name], color=COLOURS[number], marker=MARKERS[number], label=label)
    top = data["barron_bound_diagonal"].values[0]
    axes.plot(d, 2 * top * (d / d[0]) ** 3, **THEORY, label="$d^3$ (equation 8)")
    axes.plot(d, 0.2 * top * (d / d[0]) ** 2, **THEORY | {"linestyle": ":"}, label="$d^2$ (summary)")
    axes.set(xlabel="input dimension d", ylabel=r"path norm, $\theta$ on the diagonal")
    axes.set_ylim(50, 1e12)
    ticks = [x for x in (1, 2, 5, 10, 20, 50, 100) if d[0] <= x <= d[-1]]
    axes.set_xticks(ticks, [str(x) for x in ticks])
    axes.xaxis.set_minor_formatter(NullFormatter())
    shown = ("barron_lower_bound_diagonal", "ridge_path_norm_sphere")
    cube, sphere = (float(bounds_of(data[f"{name}_exponent"])[0]) for name in shown)
    axes.set_title(f"Cosine neurons: $d^{{{cube:.2f}}}$ on the rescaled cube, $d^{{{sphere:.2f}}}$ on the sphere")
    axes.legend()
