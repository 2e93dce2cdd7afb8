"""The norms of the scan."""

from learnability.results.labelled import bounds_of
from learnability.results.style import band, new_figure


def draw(analyses):
    """The mean norm against the dimension, with its range."""
    figure, axes = new_figure()
    norm, low, high = bounds_of(analyses["third"]["norm"])
    axes[0, 0].plot(norm["dimension"], norm)
    band(axes[0, 0], norm["dimension"].values, low.values, high.values, "#0072B2")
    axes[0, 0].set_title("Norms grow with the dimension")
    return figure
