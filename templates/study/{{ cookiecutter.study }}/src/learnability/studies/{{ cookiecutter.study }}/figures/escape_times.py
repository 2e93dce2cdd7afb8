"""Escape times against the dimension."""

from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import bounds_of
from learnability.results.style import THEORY, curve, new_figure


def draw(analyses: Analyses) -> Figure:
    """The measured median with its band, and the predicted slope (dashed)."""
    analysis = analyses["escape"]
    figure, ((ax,),) = new_figure()
    dimension, slope = analysis["dimension"].values, float(analysis["predicted_slope"])
    curve(ax, dimension, analysis["escape_time"], 0, "measured, median and deciles")
    last = float(bounds_of(analysis["escape_time"])[0][-1])
    ax.plot(dimension, last * (dimension / dimension[-1]) ** slope, **THEORY, label=f"slope {slope:g}")
    ax.set(xscale="log", yscale="log", xlabel="dimension d", ylabel="escape time (flow time)")
    ax.set_title(f"Escape times grow as d^{float(bounds_of(analysis['slope'])[0]):.2f}")
    ax.legend()
    return figure
