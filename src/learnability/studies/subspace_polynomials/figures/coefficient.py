"""The coefficient of z2 z4 swept through 1, where the target becomes reflective."""

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import COLOURS, MARKERS, THEORY, new_figure
from learnability.studies.subspace_polynomials import theory


def draw(analyses: Analyses) -> Figure:
    """The loss against time for some coefficients, and against the coefficient at some times."""
    sweep = analyses["coefficient"]
    c = np.array([theory.coefficient_of(name) for name in texts(sweep["target"])])
    time, loss = sweep["time"].values, sweep["loss"].isel(dimension=0, bound=0).values
    figure, ((left, right),) = new_figure(1, 2, height=2.8)
    chosen = [i for i, value in enumerate(c) if value in (0.5, 0.75, 0.9, 1.0, 1.1, 1.5)]
    for shade, i in enumerate(chosen):
        style = {"color": COLOURS[shade], "marker": MARKERS[shade], "markevery": (2 * shade, 16)}
        left.plot(time, loss[i], **style, label=f"c = {c[i]:g}")
    left.set(xlabel="flow time", ylabel="population loss (1)")
    trapped = float(sweep["trapped_dimension"].values[c == 1][0])
    left.set_title(f"$z_1+z_2+z_1z_3+c\\,z_2z_4$, d = ∞: dim S* = {trapped:g} at c = 1 only")
    left.legend(ncols=2)
    for shade, moment in enumerate((0.125, 0.5, 1.0)):
        at = round(moment * (len(time) - 1))
        right.plot(c, loss[:, at], MARKERS[shade] + "-", color=COLOURS[shade], label=f"t = {time[at]:g}")
    fine = np.linspace(c.min(), c.max(), 200)
    right.plot(fine, theory.unlearned_loss(fine), **THEORY, label="only W* of c = 1 learned")
    right.set(xlabel="coefficient c", ylabel="population loss (1)")
    final = float(loss[c == 1][0, -1])
    right.set_title(f"only c = 1 stays above 1/2 (L = {final:.2f} at t = {time[-1]:g})")
    right.legend()
    return figure
