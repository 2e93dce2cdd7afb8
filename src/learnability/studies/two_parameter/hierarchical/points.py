"""The maps of a grid as points of an artifact: the sizes of each, and what tells them apart."""

import xarray as xr

from learnability.results.labelled import names, variable
from learnability.studies.two_parameter.hierarchical.setting import Point
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.measures import MEASURES


def hierarchy_of(point: Point, mass: float) -> Hierarchy:
    """The sizes of a grid point's map, on the root box of its measure."""
    low, high = MEASURES[point.measure].root_box(point.dimension, mass)
    return Hierarchy(point.dimension, point.depth, point.rhos, point.stretch, low, high)


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
    """The coordinates of text over ``point``: the measure of the targets, and the series of each map."""
    return {
        "measure": names("point", [p.measure for p in points], "measure of the targets"),
        "series": names("point", [p.series for p in points], "what the map is solved for"),
    }
