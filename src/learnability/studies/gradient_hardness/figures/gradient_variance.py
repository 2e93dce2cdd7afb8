"""The variance of the gradient over all parities against its bounds, its spectrum, and the full parity by d."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of, texts
from learnability.results.style import COLOURS, THEORY, curve, new_figure
from learnability.studies.gradient_hardness.figures.lines import look
from learnability.studies.gradient_hardness.measuring import outlier_growth


def draw(analyses: Analyses) -> Figure:
    """Variance over the printed bound against d, the spectrum at the largest d, and the full parity against d."""
    data = analyses["gradient_variance"]
    figure, ((left, middle, right),) = new_figure(1, 3)
    d, degree = data["dimension"].values, data["degree"].values
    ratio, spectrum = bounds_of(data["printed_ratio"])[0], data["spectrum"].isel(dimension=-1)
    initializations = texts(data["initialization"])
    for i, name in enumerate(initializations):
        left.plot(d, ratio.isel(initialization=i), label=name, **look(name))
        curve(middle, degree, spectrum.isel(initialization=i), i, name, **look(name))
    left.plot(d, np.full(d.size, 4.0), **THEORY, label="corrected, $|F|\\to\\infty$")
    left.plot(d, np.ones(d.size), **THEORY | {"linestyle": ":"}, label="printed (Theorem 5)")
    largest = float(ratio.isel(dimension=-1).mean())
    left.set(xlabel="input dimension d", ylabel="variance / printed bound", ylim=(0, 4.4))
    left.set_title(
        f"The variance is {largest:.2f} times the printed\nbound (d = {d[-1]}, all {len(initializations)} starts)"
    )
    left.legend(loc="center right")
    middle.plot([0, d[-1]], [1, 1], **THEORY, label="class mean")
    middle.set(yscale="log", xlabel="parity degree |v|", ylabel="$|E\\chi_v\\nabla h|^2$ / class mean")
    middle.set_title(f"Spectrum at d = {d[-1]},\n{int(data['neurons'][-1])} neurons")
    middle.legend()
    _outlier_panel(right, data)
    return figure


def _outlier_panel(axes: Axes, data: xr.Dataset) -> None:
    d = data["outlier_dimension"].values
    for number, width in enumerate(data["outlier_width"].values):
        values = 2.0 ** data["outlier"].isel(outlier_width=number).values
        style: Any = {"color": COLOURS[number], "linestyle": ("-", "--", "-.")[number % 3]}
        axes.plot(d, values, label=f"Rademacher, {width} neurons", **style)
    axes.plot([d[0], d[-1]], [1, 1], **THEORY, label="class mean")
    least = float(outlier_growth(data.isel(outlier_width=-1)).min())
    axes.set(yscale="log", xlabel="input dimension d", ylabel="full parity / class mean")
    axes.set_title(f"Full parity, growing by {least:.2f} bits\na dimension or more")
    axes.legend()
