"""Draws the pictures of the hierarchical map's parts that ``two_parameter_map.md`` shows."""

from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from learnability.results.legible import make_room
from learnability.results.style import COLOURS, NEUTRAL, ONE_AND_A_HALF, SMALL, THEORY, house_style, new_figure
from learnability.studies.two_parameter.hierarchy.map import HierarchicalMap
from learnability.studies.two_parameter.hierarchy.profiles import FUNCTIONS, ZONES, make_profiles
from learnability.studies.two_parameter.hierarchy.ramps import first_staircase, ramp, stage_ramps
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy

HERE = Path(__file__).parents[1] / "pictures"
PLANE = Hierarchy(2, 2, (0.12,))


def digits() -> Figure:
    """q = v + 1/2 is cut into cells, mirrored in odd ones; a wedge holds the next digit's interval."""
    figure, ((axes,),) = new_figure(width=ONE_AND_A_HALF, height=2.2)
    stage = PLANE.stages[0]
    q = np.linspace(0, 1, 2001)
    z = (q - stage.gaps.margin) * stage.cells / (1 - 2 * stage.gaps.margin)
    cell = np.clip(np.floor(z), 0, stage.cells - 1)
    a = np.where(cell % 2 == 1, 1 - (z - cell), z - cell)
    axes.plot(q, a, color=COLOURS[0])
    axes.axhspan(
        stage.wedge_start, stage.wedge_end, color=COLOURS[2], alpha=0.2, label="wedge: the next digit's interval"
    )
    axes.set(xlabel="$q = v + 1/2$", ylabel="position a in the cell", ylim=(0, 1))
    axes.set_title(f"{stage.cells} cells, a = 0 a valley, a = 1 a tip")
    axes.legend(loc="lower right", frameon=True)
    return figure


def profiles() -> Figure:
    """Position, tooth and finger across one cell."""
    figure, (panels,) = new_figure(1, 3, height=2.3)
    stage = Hierarchy(2, 2, (0.08,)).stages[0]
    table, a = make_profiles(stage), np.linspace(0, 1, 800)
    values = table(a, np.clip(table.wedge_coordinate(a), 0, 1))
    for axes, name, value in zip(panels, FUNCTIONS, values, strict=True):
        axes.plot(a, value, color=COLOURS[0])
        for edge in table.edges[:5]:
            axes.axvline(edge, **THEORY)
        axes.set(
            xlabel="position a in the cell",
            title=f"{name} {name[0].upper() if name == 'tooth' else {'position': 'G', 'finger': 'S'}[name]}(a)",
        )
    middle = np.concatenate([[0], table.edges[:4]]) / 2 + np.array([*table.edges[:5]]) / 2
    for x, zone in zip(middle[1:4], ZONES[1:4], strict=True):
        panels[2].text(x, 0.95, zone, rotation=90, ha="center", fontsize=SMALL)
    return figure


def staircase() -> Figure:
    """The coordinate along the piece as a function of q, without and with the fine staircase."""
    figure, ((axes,),) = new_figure(height=2.8)
    phi, v = HierarchicalMap(PLANE), np.linspace(-0.5, 0.5, 3000)
    for u, label, colour in ((0.0, "$\\omega$ = 0", NEUTRAL), (PLANE.descent, "$\\omega$ = 1", COLOURS[0])):
        points = torch.tensor(np.stack([np.full_like(v, u), v], axis=1))
        axes.plot(v + 0.5, phi(points)[:, 0], color=colour, label=label)
    axes.set(xlabel="$q = v + 1/2$", ylabel="coordinate C", title="The staircase waits where fingers grow")
    axes.legend()
    return figure


def ramps() -> Figure:
    """All ramps of two stages against u: at every u one of them climbs."""
    figure, (panels,) = new_figure(1, 2)
    starts = PLANE.stage_starts()
    ranges = ((0.0, starts[1] * 1.01), (starts[1] * 0.9995, PLANE.end))
    for axes, (low, high) in zip(panels, ranges, strict=True):
        u = np.linspace(low, high, 1500)
        axes.plot(u, ramp(u, first_staircase(PLANE)), color=NEUTRAL, label="$\\omega_1$")
        for i, times in enumerate(stage_ramps(PLANE)):
            spread = (1 - times.late) * ramp(u, times.spread) + times.late * ramp(u, times.tail)
            style = "-" if i == 0 else "--"
            axes.plot(u, ramp(u, times.gather), style, color=COLOURS[0], label=f"$\\alpha_{i + 1}$")
            axes.plot(u, spread, style, color=COLOURS[1], label=f"$e_{i + 1}$")
            axes.plot(u, ramp(u, times.refine), style, color=COLOURS[2], label=f"$\\omega_{i + 2}$")
        axes.set(xlabel="parameter u", ylabel="ramp", xlim=(low, high))
    panels[0].set_title("Descent and stage 1")
    panels[1].set_title("Stage 2, shorter by V_2")
    panels[0].legend(ncols=2)
    return figure


def sizes() -> Figure:
    """Cell widths and stage lengths against the stage, for three dimensions of the target."""
    figure, (panels,) = new_figure(1, 2, height=2.4)
    for d, colour in ((2, COLOURS[0]), (3, COLOURS[1]), (6, COLOURS[2])):
        hierarchy = Hierarchy(d, 8, (0.05,))
        n = np.arange(1, 9)
        panels[0].plot(n, [stage.width for stage in hierarchy.stages], "o-", color=colour, label=f"d = {d}")
        panels[1].plot(n, hierarchy.stage_lengths()[:-1], "o-", color=colour)
    panels[0].set(yscale="log", xlabel="stage n", ylabel="cell width $h_n$", title="$h_n \\approx \\rho\\, h_{n+1-d}$")
    panels[1].set(yscale="log", xlabel="stage n", ylabel="half length $U_n$ in u", title="Stages shrink with depth")
    panels[0].legend()
    return figure


def main() -> None:
    """Write all pictures."""
    HERE.mkdir(exist_ok=True)
    with house_style():
        for draw in (digits, profiles, staircase, ramps, sizes):
            figure = draw()
            make_room(figure)
            figure.savefig(HERE / f"{draw.__name__}.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
