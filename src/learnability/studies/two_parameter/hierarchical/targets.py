"""The targets: what is known of a grid of maps before any flow: boxes, precision, measure of the guaranteed set."""

import numpy as np
import xarray as xr

from learnability.results.labelled import estimate, variable
from learnability.statistics.intervals import wilson
from learnability.studies.two_parameter.hierarchical.points import hierarchy_of, point_names, point_variables
from learnability.studies.two_parameter.hierarchical.setting import Maps, Point
from learnability.studies.two_parameter.hierarchy.guaranteed import exact_measure, membership
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.measures import MEASURES


def build(target: Maps, rng: np.random.Generator) -> xr.Dataset:
    """What is known of every map: the exact or sampled measure of F0, the precision R_N, the root box."""
    points = target.points()
    uniforms = rng.random((target.samples, max(p.dimension for p in points) + 1))
    hierarchies = [hierarchy_of(point, target.mass) for point in points]
    rows = [_guaranteed(point, hierarchy, uniforms) for point, hierarchy in zip(points, hierarchies, strict=True)]
    value, low, high, exact = (np.array(column) for column in zip(*rows, strict=True))
    precision, root = [h.precision for h in hierarchies], [(h.low, h.high) for h in hierarchies]
    return xr.Dataset(
        {
            "guaranteed": estimate(
                "point", value, low, high, "mu(F0): exact where F0 factorises, else Monte Carlo", "95% Wilson"
            ),
            "guaranteed_exact": variable("point", exact, "whether mu(F0) is exact"),
            "precision": variable("point", precision, "R_N: diameter of an innermost box across its aligned piece"),
            "root_low": variable("point", [low for low, _ in root], "lower end of the root box"),
            "root_high": variable("point", [high for _, high in root], "upper end of the root box"),
            **point_variables(points),
        },
        coords=point_names(points),
    )


def _guaranteed(point: Point, hierarchy: Hierarchy, uniforms: np.ndarray) -> tuple[float, float, float, bool]:
    """mu(F0) with its interval, and whether it is exact: it is while no coordinate is split twice (N <= d - 1)."""
    measure = MEASURES[point.measure]
    if point.depth <= point.dimension - 1:
        exact = measure.product_mean(lambda distribution: exact_measure(hierarchy, distribution) or 0.0)
        return exact, exact, exact, True
    inside = membership(hierarchy, measure.sample(uniforms[:, [*range(point.dimension), -1]])).inside
    low, high = wilson(inside.sum(), len(inside))
    return float(inside.mean()), float(low), float(high), False
