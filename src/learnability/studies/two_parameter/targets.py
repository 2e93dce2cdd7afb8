"""The targets stage: what is known of a grid of maps before any flow: boxes, precision, measure of the guaranteed
set."""

import numpy as np
import xarray as xr

from learnability.statistics.intervals import wilson
from learnability.results.contract import Model
from learnability.studies.two_parameter.attributes import about
from learnability.studies.two_parameter.hierarchy.guaranteed import exact_measure, membership
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.measures import MEASURES
from learnability.studies.two_parameter.settings import (
    MEASURE_NAMES,
    SERIES_NAMES,
    Maps,
    Obstacles,
    Plane,
    Point,
)

Column = tuple[str, object, dict[str, object]]


def hierarchy_of(point: Point, mass: float) -> Hierarchy:
    """The sizes of a grid point's map, on the root box of its measure."""
    low, high = MEASURES[point.measure].root_box(point.dimension, mass)
    return Hierarchy(point.dimension, point.depth, point.rhos, point.stretch, low, high)


def build(target: Model, rng: np.random.Generator) -> xr.Dataset:
    """The target artifact of any of the study's settings."""
    if isinstance(target, Maps):
        return _maps(target, rng)
    if isinstance(target, Obstacles):
        hierarchy = Hierarchy(3, target.depth, (target.rho,))
        return xr.Dataset({"precision": ((), hierarchy.precision, about("R_N, precision of a learned target"))})
    if isinstance(target, Plane):
        hierarchy = Hierarchy(2, target.depth, (target.rho,))
        starts = hierarchy.stage_starts()
        return xr.Dataset({"stage_start": ("stage", starts, about("u at which a stage begins", "u"))})
    return xr.Dataset({"dimension": ((), 3, about("dimension of the targets"))})


def _maps(maps: Maps, rng: np.random.Generator) -> xr.Dataset:
    points = maps.points()
    uniforms = rng.random((maps.samples, max(p.dimension for p in points) + 1))
    rows = [_point(point, maps, uniforms) for point in points]
    names = {
        "guaranteed": "mu(F0): exact where F0 factorises, else Monte Carlo",
        "guaranteed_low": "mu(F0), lower end of the 95% Wilson interval",
        "guaranteed_high": "mu(F0), upper end of the 95% Wilson interval",
        "guaranteed_exact": "whether mu(F0) is exact",
        "precision": "R_N: diameter of an innermost box across its aligned piece",
        "root_low": "lower end of the root box",
        "root_high": "upper end of the root box",
    }
    variables: dict[str, Column] = {
        key: ("point", np.array([row[key] for row in rows]), about(name)) for key, name in names.items()
    }
    return xr.Dataset({**variables, **point_columns(points)})


def point_columns(points: tuple[Point, ...]) -> dict[str, Column]:
    """What distinguishes the maps of a grid, as variables over ``point``."""
    names = {
        "dimension": "dimension d of the targets",
        "depth": "number N of stages",
        "rho": "splitting parameter of the first stage",
        "shrink": "ratio of successive splitting parameters",
        "stretch": "stretch kappa of u",
    }
    columns: dict[str, Column] = {
        name: ("point", np.array([getattr(p, name) for p in points]), about(text)) for name, text in names.items()
    }
    columns["tolerance"] = ("point", np.array([p.local_tolerance for p in points]), about("error allowed per step"))
    columns["measure"] = _coded([p.measure for p in points], MEASURE_NAMES, "measure of the targets")
    columns["series"] = _coded([p.series for p in points], SERIES_NAMES, "what the map is solved for")
    return columns


def _coded(values: list[str], names: tuple[str, ...], text: str) -> Column:
    codes: dict[str, object] = {"flag_values": list(range(len(names))), "flag_meanings": " ".join(names)}
    return ("point", np.array([names.index(value) for value in values], dtype=np.int8), about(text) | codes)


def _point(point: Point, maps: Maps, uniforms: np.ndarray) -> dict[str, float]:
    hierarchy, measure = hierarchy_of(point, maps.mass), MEASURES[point.measure]
    row = {"precision": hierarchy.precision, "root_low": hierarchy.low, "root_high": hierarchy.high}
    if point.depth <= point.dimension - 1:
        exact = measure.product_mean(lambda distribution: exact_measure(hierarchy, distribution) or 0.0)
        return row | {"guaranteed": exact, "guaranteed_low": exact, "guaranteed_high": exact, "guaranteed_exact": True}
    columns = [*range(point.dimension), -1]
    inside = membership(hierarchy, measure.sample(uniforms[:, columns])).inside
    low, high = wilson(inside.sum(), len(inside))
    return row | {
        "guaranteed": float(inside.mean()),
        "guaranteed_low": float(low),
        "guaranteed_high": float(high),
        "guaranteed_exact": False,
    }
