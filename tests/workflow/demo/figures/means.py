"""The means of the walks."""

from learnability.results.style import new_figure


def draw(analyses):
    """The mean against the dimension."""
    figure, axes = new_figure()
    for dataset in analyses.values():
        axes[0, 0].plot(dataset["dimension"], dataset["mean"])
    axes[0, 0].set_title("The mean is drawn against the dimension, and this title is long enough to break", wrap=True)
    return figure
