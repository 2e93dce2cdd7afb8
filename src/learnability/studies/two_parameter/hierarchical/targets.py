"""The targets: what is known of a grid of maps before any flow: boxes, precision, measure of the guaranteed set."""

from dataclasses import replace

import numpy as np
import xarray as xr

from learnability.results.labelled import estimate, variable
from learnability.statistics.intervals import wilson
from learnability.studies.two_parameter.hierarchical.points import (
    hierarchy_of,
    measure_of,
    point_names,
    point_variables,
    targets_of,
)
from learnability.studies.two_parameter.hierarchical.setting import Maps, Point
from learnability.studies.two_parameter.hierarchy.certificate import least_measure
from learnability.studies.two_parameter.hierarchy.guaranteed import exact_measure, kept_of_any_measure, membership
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.measures import product_mean

FINE_RHO = variable("fine_rho", np.geomspace(1e-1, 1e-6, 16), "splitting parameter")
FINE_DIMENSIONS = variable("fine_dimension", np.array([3, 4]), "dimension d = number N of stages")


def build(target: Maps, rng: np.random.Generator) -> xr.Dataset:
    """What is known of every map: the exact or sampled measure of F0, the precision R_N, the root box."""
    points = target.points()
    uniforms = rng.random((target.samples, max(p.dimension for p in points) + 1))
    hierarchies = [hierarchy_of(point, target.mass) for point in points]
    rows = [_guaranteed(point, hierarchy, uniforms) for point, hierarchy in zip(points, hierarchies, strict=True)]
    value, low, high, exact = (np.array(column) for column in zip(*rows, strict=True))
    kept = [kept_of_any_measure(h) if h.phases else np.nan for h in hierarchies]
    precision, root = [h.precision for h in hierarchies], [(h.low, h.high) for h in hierarchies]
    return xr.Dataset(
        {
            "guaranteed": estimate(
                "point", value, low, high, "mu(F0): exact where F0 factorises, else Monte Carlo", "95% Wilson"
            ),
            "guaranteed_exact": variable("point", exact, "whether mu(F0) is exact"),
            "precision": variable("point", precision, "R_N: diameter of an innermost box across its aligned piece"),
            "kept_of_any": variable(
                "point", kept, "part that the map keeps of any mu, averaged over the phases; NaN for even cuts"
            ),
            "root_low": variable("point", [low for low, _ in root], "lower end of the root box"),
            "root_high": variable("point", [high for _, high in root], "upper end of the root box"),
            **point_variables(points),
            **_vanishing(),
        },
        coords={**point_names(points), "fine_rho": FINE_RHO, "fine_dimension": FINE_DIMENSIONS},
    )


def _vanishing() -> dict[str, xr.Variable]:
    """How much the construction removes as rho falls, beyond what flows can be solved for.

    ``removed``: a proved upper bound on 1 - mu(F0), uniform mu and even cuts. ``removed_of_any``: what chosen cuts
    remove of any mu at most, averaged over their phases (:func:`kept_of_any_measure`)."""
    sizes = [[Hierarchy(int(d), int(d), (float(rho),)) for rho in FINE_RHO.values] for d in FINE_DIMENSIONS.values]
    phased = [[replace(h, phases=(0.5,) * h.depth) for h in row] for row in sizes]
    where = ("fine_dimension", "fine_rho")
    return {
        "removed": variable(
            where, [[1 - least_measure(h) for h in row] for row in sizes], "proved upper bound on 1 - mu(F0)"
        ),
        "removed_of_any": variable(
            where, [[1 - kept_of_any_measure(h) for h in row] for row in phased], "removed of any mu, mean over phases"
        ),
    }


def _guaranteed(point: Point, hierarchy: Hierarchy, uniforms: np.ndarray) -> tuple[float, float, float, bool]:
    """mu(F0) with its interval, and whether it is exact: for products, while no coordinate is split twice (N < d)."""
    measure = measure_of(point)
    if measure.components and point.depth <= point.dimension - 1:
        exact = product_mean(measure, point.dimension, lambda of: exact_measure(hierarchy, of) or 0.0)
        return exact, exact, exact, True
    inside = membership(hierarchy, targets_of(point, uniforms)).inside
    low, high = wilson(inside.sum(), len(inside))
    return float(inside.mean()), float(low), float(high), False
