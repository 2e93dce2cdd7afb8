"""The figures that are pictures: level curves at d = 2, the paper's Figure 4, targets on a sphere."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.style import COLOURS, MARKERS, THEORY, new_figure

Analyses = Mapping[str, xr.Dataset]
_TITLES = ("u = 0", "descended", "gathered", "spread", "gathered again", "spread again")


def level_curves(analyses: Analyses) -> Figure:
    """Level curves at several u, trajectories of the model, and u(t)."""
    picture = analyses["pictures"]
    figure = Figure(figsize=(7.4, 5.2), layout="constrained")
    panels = figure.subplots(2, 4)
    places = [panels[0, 0], panels[0, 1], panels[0, 2], panels[0, 3], panels[1, 0], panels[1, 1]]
    for axes, level, curve, title in zip(
        places, picture.level.values, picture.level_curve.values, _TITLES, strict=False
    ):
        axes.plot(curve[:, 0], curve[:, 1], color=COLOURS[0], linewidth=0.35)
        _box(axes)
        axes.set_title(f"{title} (u = {level:.2f})" if level else title)
        if not level:
            axes.text(0.5, 0.5, f"the curve waits\nat $f_2$ = {curve[0, 1]:.2f}", ha="center", va="center")
    _paths(panels[1, 2], picture)
    _progress(panels[1, 3], picture)
    figure.suptitle(
        "d = 2 (a picture only): level curves of v at growing u fill the box, and targets ride along them", fontsize=9
    )
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
    axes.set_title("u never falls" if (np.diff(picture.u.values, axis=1) >= -1e-9).all() else "u falls")


def figure_4(analyses: Analyses) -> Figure:
    """The flow trapped on the curve (sin w, sin sqrt2 w)."""
    picture = analyses["pictures"]
    figure, ((axes,),) = new_figure(1, 1, width=3.4, height=3.2)
    axes.plot(
        picture.curve[:, 0],
        picture.curve[:, 1],
        color=COLOURS[7],
        linewidth=0.6,
        label="$(\\sin w, \\sin\\sqrt{2}\\,w)$",
    )
    path, target = picture.trapped_path.values, picture.figure_4_target.values
    axes.plot(path[:, 0], path[:, 1], color=COLOURS[1], linewidth=2, label="gradient flow from w = 0")
    axes.plot(*path[-1], marker=MARKERS[1], color=COLOURS[1], linestyle="none", label="trapped here")
    axes.plot(*target, marker="*", markersize=9, color="black", linestyle="none", label="target")
    axes.plot(*np.stack([path[-1], target], axis=1), **THEORY)
    axes.set(xlabel="$f_1$", ylabel="$f_2$", aspect="equal")
    far, near = float(picture.trapped_distance), float(picture.nearest_distance)
    axes.set_title(f"Trapped at {far:.2f}; the curve passes at {near:.3f}")
    axes.legend(loc="upper left", fontsize=6.5, frameon=True)
    return figure


def sphere(analyses: Analyses) -> Figure:
    """Learned and other targets on the largest sphere and on one inside a box of the coarser F0."""
    analysis = analyses["spheres"]
    chosen = [0, int(np.flatnonzero(analysis.in_box.values)[-1])] if analysis.in_box.values.any() else [0]
    figure, (panels,) = new_figure(1, len(chosen), width=3.4, height=3.1)
    for axes, i in zip(panels, chosen, strict=True):
        # Lambert's equal-area projection of the upper and lower half-spheres side by side.
        x, y, z = analysis.direction.values.T
        scale = 1 / np.sqrt(1 + np.abs(z))
        shift = np.where(z >= 0, -1.1, 1.1)
        learned = analysis.is_learned.values[:, i]
        for mask, colour, marker, label in (
            (learned, COLOURS[0], ".", "learned"),
            (~learned, COLOURS[1], "x", "not learned"),
        ):
            axes.plot((x * scale + shift)[mask], (y * scale)[mask], marker, color=colour, markersize=3, label=label)
        angle = np.linspace(0, 2 * np.pi, 200)
        for centre in (-1.1, 1.1):
            axes.plot(centre + np.cos(angle), np.sin(angle), **THEORY)
        axes.set(aspect="equal", xticks=[], yticks=[], xlabel="upper and lower half-sphere, equal areas")
        count, where = int(analysis.counterexamples[i]), "in one box" if analysis.in_box.values[i] else "in the cube"
        axes.set_title(f"Radius {float(analysis.radius[i]):.2g} {where}: {count} of {len(learned)} not learned")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=2, borderaxespad=2.2)
    return figure
