"""The variance of the gradient over all parities against its bounds, and its spectrum by degree."""

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of, texts
from learnability.results.style import THEORY, curve, new_figure
from learnability.studies.gradient_hardness.figures.lines import look


def draw(analyses: Analyses) -> Figure:
    """Variance over the printed bound against d, and the spectrum by degree at the largest d."""
    data = analyses["gradient_variance"]
    figure, ((left, right),) = new_figure(1, 2)
    d, degree = data["dimension"].values, data["degree"].values
    ratio, spectrum = bounds_of(data["printed_ratio"])[0], data["spectrum"].isel(dimension=-1)
    initializations = texts(data["initialization"])
    for i, name in enumerate(initializations):
        left.plot(d, ratio.isel(initialization=i), label=name, **look(name))
        curve(right, degree, spectrum.isel(initialization=i), i, name, **look(name))
    left.plot(d, np.full(d.size, 4.0), **THEORY, label="corrected, $|F|\\to\\infty$")
    left.plot(d, np.ones(d.size), **THEORY | {"linestyle": ":"}, label="printed (Theorem 5)")
    largest = float(ratio.isel(dimension=-1).mean())
    left.set(xlabel="input dimension d", ylabel="variance / printed bound", ylim=(0, 4.4))
    left.set_title(
        f"The variance is {largest:.2f} times the printed\nbound (d = {d[-1]}, all {len(initializations)} starts)"
    )
    left.legend(loc="center right")
    right.plot([0, d[-1]], [1, 1], **THEORY, label="class mean")
    right.set(yscale="log", xlabel="parity degree |v|", ylabel="$|E\\chi_v\\nabla h|^2$ / class mean")
    full = float(bounds_of(spectrum.sel(initialization="rademacher", degree=d[-1]))[0])
    right.set_title(f"The class mean hides the full parity: {full:.2g}\ntimes it, Rademacher start, d = {d[-1]}")
    right.legend()
    return figure
