"""Level curves at d = 2, trajectories of the model, and u(t)."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.style import COLOURS, DOUBLE, THEORY

_TITLES = ("u = 0", "descended", "gathered", "spread", "gathered again", "spread again")


def draw(analyses: Analyses) -> Figure:
    """Level curves at several u, trajectories of the model, and u(t)."""
    picture = analyses["pictures"]
    figure = Figure(figsize=(DOUBLE, 4.6), layout="constrained")
    panels = figure.subplots(2, 4)
    places = [panels[0, 0], panels[0, 1], panels[0, 2], panels[0, 3], panels[1, 0], panels[1, 1]]
    for axes, level, curve, title in zip(
        places, picture.level.values, picture.level_curve.values, _TITLES, strict=False
    ):
        axes.plot(curve[:, 0], curve[:, 1], color=COLOURS[0], linewidth=0.35)
        _box(axes)
        axes.set_title(f"{title} (u = {level:.2f})" if level else title)
        if not level:
            axes.set(ylim=(-0.05, 1.05 * float(curve[:, 1].max())))
    _paths(panels[1, 2], picture)
    _progress(panels[1, 3], picture)
    figure.suptitle("d = 2 (a picture only): level curves of v at growing u fill the box, and targets ride along them")
    return figure


def _box(axes: Axes) -> None:
    axes.plot([0, 1, 1, 0, 0], [0, 0, 1, 1, 0], **THEORY)
    axes.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.2), xlabel="$f_1$", ylabel="$f_2$", aspect="equal")
    axes.grid(False)


def _arrived(picture: xr.Dataset) -> np.ndarray:
    gap = np.linalg.norm(picture.path.values[:, -1] - picture.target_point.values, axis=-1)
    return np.asarray(gap <= 0.02)


def _paths(axes: Axes, picture: xr.Dataset) -> None:
    arrived = _arrived(picture)
    for i, (path, target) in enumerate(zip(picture.path.values, picture.target_point.values, strict=True)):
        colour = COLOURS[2 if arrived[i] else 1]
        axes.plot(path[:, 0], path[:, 1], color=colour, linewidth=0.8)
        axes.plot(*target, marker="*" if arrived[i] else "x", color="black", markersize=5)
    _box(axes)
    axes.set_title(f"paths: {arrived.sum()} of {len(arrived)} arrive")


def _progress(axes: Axes, picture: xr.Dataset) -> None:
    arrived = _arrived(picture)
    for i in range(len(arrived)):
        time, u = picture.flow_time.values[i], picture.u.values[i]
        axes.plot(time[1:], u[1:], color=COLOURS[2 if arrived[i] else 1], linewidth=1.0)
    axes.set(
        xscale="log", xlim=(1e-2, 1e9), xticks=[1e-1, 1e3, 1e7], xlabel="flow time (1/|f|$^2$)", ylabel="parameter u"
    )
    fall = float(np.maximum(0, -np.diff(picture.u.values, axis=1)).max())
    axes.set_title("u never falls" if fall <= 1e-9 else f"u falls by {fall:.0e} at most")
