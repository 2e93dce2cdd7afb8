"""Neurons and tasks over time."""

import numpy as np
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import new_figure


def draw(analyses: Analyses) -> Figure:
    """Neurons x tasks over time, neurons sorted by the task they end on."""
    analysis = analyses["figure_one"]
    history = analysis["history"].values
    order = np.lexsort((history[-1].max(1), history[-1].argmax(1)))
    moments = [0, len(history) // 4, len(history) // 2, len(history) - 1]
    figure, axes = new_figure(1, 4, height=3.0)
    for panel, k in zip(axes[0], moments, strict=True):
        image = panel.imshow(history[k][order], aspect="auto", vmin=0, vmax=1, cmap="viridis", interpolation="nearest")
        panel.set_title(f"{analysis['samples'].values[k] / 1e6:.2g}M samples")
        panel.set_xlabel("task")
        panel.grid(False)
    axes[0, 0].set_ylabel("neuron, by final task")
    figure.colorbar(image, ax=list(axes[0]), label=r"$|\langle w_j, v_m\rangle|$")
    ended = [int(row.argmax()) for row in history[-1] if row.max() > 0.9]
    neurons, tasks = history.shape[1:]
    title = f"{len(ended)} of {neurons} neurons end above 0.9, on {len(set(ended))} of {tasks} tasks"
    figure.suptitle(title, x=0.01, ha="left")
    return figure
