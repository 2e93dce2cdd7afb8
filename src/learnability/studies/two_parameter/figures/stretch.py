"""P(learned | F0) against the stretch of u."""

from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of
from learnability.results.style import THEORY, curve, new_figure
from learnability.studies.two_parameter.series import series


def draw(analyses: Analyses) -> Figure:
    """P(learned | F0) against kappa."""
    points = series(analyses["learning"], "stretch", "stretch")
    figure, ((axes,),) = new_figure(1, 1)
    kappa = points.stretch.values
    curve(axes, kappa, points.learned_given_f0, 2, "P(learned | $F_0$)")
    curve(axes, kappa, points.learned, 0, "P(learned)")
    axes.axhline(1.0, **THEORY, label="guarantee")
    axes.set(xscale="log", xlabel="stretch $\\kappa$ of u", ylabel="fraction of targets", ylim=(0, 1.05))
    failing = kappa[bounds_of(points.learned_given_f0)[0].values < 0.99]
    holding = kappa[kappa > failing.max(initial=0.0)]
    found = f"down to $\\kappa$ = {holding.min():g}" if len(holding) else "at no $\\kappa$ tried"
    axes.set_title(f"$F_0$ is learned {found}")
    axes.legend(loc="lower right")
    return figure
