"""Reflective targets at d = infinity: the loss above its floor, and the largest trapped weight, for two activations."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnability.results.claim import Analyses
from learnability.results.labelled import texts
from learnability.results.style import COLOURS, MARKERS, THEORY, new_figure
from learnability.studies.subspace_polynomials.figures.labels import pretty

_Looks = dict[str, dict[str, Any]]


def _looks(names: list[str]) -> _Looks:
    """Colour, mark and name of each target, the same in every panel."""
    return {
        name: {"color": colour, "marker": mark, "label": pretty(name)}
        for name, colour, mark in zip(dict.fromkeys(names), COLOURS, MARKERS, strict=False)
    }


def _relu(axes: Axes, flow: xr.Dataset, looks: _Looks) -> None:
    """The loss of ReLU networks with the floors of what they cannot see, dashed."""
    time, hidden = flow["time"].values, flow.sel(condition="ReLU, no bias")
    for i, name in enumerate(texts(flow["target"])):
        axes.plot(time, flow["loss"].values[i], markevery=(2 * i, max(1, len(time) // 3)), **looks[name])
        if float(hidden["loss_floor"][i]):
            axes.axhline(float(hidden["loss_floor"][i]), **THEORY | {"color": looks[name]["color"]})
    trapped = float(hidden["trapped_norm"].max())
    axes.set(xlabel="flow time", ylabel="population loss, floors dashed (1)")
    axes.set_title(f"ReLU, no bias:\nlargest trapped weight {trapped:.0e}")
    axes.legend()


def draw(analyses: Analyses) -> Figure:
    """The loss above its floor on the left, the largest trapped weight of any particle on the right."""
    flow = analyses["trapping_exact"]
    time, median = flow["time"].values, flow.isel(dimension=0, bound=0)
    loss, trapped = median["loss"].values, median["trapped_norm_max"].values
    figure, ((left, middle, right),) = new_figure(1, 3, height=2.8)
    looks = _looks([*texts(flow["target"]), *texts(analyses["relu"]["target"])])
    for i, name in enumerate(texts(flow["target"])):
        excess = loss[i] - float(flow["floor"][i])
        style = looks[name] | {"markevery": (3 * i, 12)}
        left.plot(time, excess, **style)
        middle.plot(time, np.maximum(trapped[i], 1e-18), **style)
    left.set_yscale("symlog", linthresh=1e-3)
    left.set(xlabel="flow time", ylabel="loss above the floor (1)")
    middle.set(yscale="log", ylim=(1e-18, 1e-6), xlabel="flow time")
    middle.set_ylabel("largest $|w_{S^*}|$ of a particle; 0 drawn at 1e-18")
    _relu(right, analyses["relu"], looks)
    least = float((loss - flow["floor"].values[:, None]).min())
    excess = f"{least:.0e}" if least else "0"
    left.set_title(f"d = ∞: never below the floor\n(least excess {excess})")
    middle.set_title(f"$w_{{S^*}}$ stays at {trapped.max():.0e} or below")
    middle.legend(loc="center right")
    return figure
