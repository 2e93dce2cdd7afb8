"""The maps of a grid as points of an artifact: the sizes of each, and what tells them apart."""

from dataclasses import replace

import numpy as np
import xarray as xr

from learnability.results.labelled import names, variable
from learnability.studies.two_parameter.hierarchical.setting import Point
from learnability.studies.two_parameter.hierarchy.cuts import choose_cuts, kronecker
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.measures import MEASURES, Measure
from learnability.studies.two_parameter.own_measure import OwnMeasure

PLACEMENT = 2048
"""Targets by which cuts are chosen; they are no targets of the runs."""


def measure_of(point: Point) -> Measure:
    """The measure of a grid point's targets."""
    return point.measure.measure() if isinstance(point.measure, OwnMeasure) else MEASURES[point.measure]


def targets_of(point: Point, uniforms: np.ndarray) -> np.ndarray:
    """Targets (n, d) of a grid point from uniform numbers (n, at least d + 1), the last of which choose components."""
    return measure_of(point).sample(uniforms[:, [*range(point.dimension), -1]])


def hierarchy_of(point: Point, mass: float) -> Hierarchy:
    """The sizes of a grid point's map, on the root box of its measure; its cuts by the measure where that is asked."""
    low, high = measure_of(point).root_box(point.dimension, mass)
    even = Hierarchy(point.dimension, point.depth, point.rhos, point.stretch, low, high)
    if point.cuts == "even":
        return even
    pad = (high - low) * edge_room(max(point.rhos))
    wide = replace(even, low=low - pad, high=high + pad)
    return choose_cuts(wide, targets_of(point, kronecker(PLACEMENT, point.dimension + 1)))


def edge_room(rho: float) -> float:
    """By how much a root box with chosen cuts exceeds the support, in its sides: four cells of its own on each side.

    The strip under the first pieces takes two, the slack of the phases two more. Above rho = .06 the cells would
    become too wide, and half a side must do."""
    return min(0.5, 4.2 * rho / max(0.1, 1 - 8.4 * rho))


def point_variables(points: tuple[Point, ...]) -> dict[str, xr.Variable]:
    """What distinguishes the maps of a grid, over ``point``."""
    numbers = {
        "dimension": "dimension d of the targets",
        "depth": "number N of stages",
        "rho": "splitting parameter of the first stage",
        "shrink": "ratio of successive splitting parameters",
        "stretch": "stretch kappa of u",
    }
    allowed = variable("point", [p.local_tolerance for p in points], "error allowed per step")
    columns = {name: variable("point", [getattr(p, name) for p in points], text) for name, text in numbers.items()}
    return {**columns, "tolerance": allowed}


def point_names(points: tuple[Point, ...]) -> dict[str, xr.Variable]:
    """The coordinates of text over ``point``: the measure of the targets, the series and the cuts of each map."""
    return {
        "measure": names("point", [p.measure_name for p in points], "measure of the targets"),
        "cuts": names("point", [p.cuts for p in points], "cuts: even, or chosen by the measure"),
        "series": names("point", [p.series for p in points], "what the map is solved for"),
    }
