"""Analysis: how many targets of each sphere are not learned."""

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import share, variable
from learnability.studies.two_parameter.hierarchy.outcome import UNRESOLVED


def analyse(runs: list[Run], rng: np.random.Generator) -> xr.Dataset:
    """Every sphere with all its targets: seed batches share the large spheres, and have small ones of their own."""
    _, result = only(runs, Setting)
    seeds, spheres = result.radius.shape
    places = np.concatenate([result.centre.values, result.radius.values[:, :, None]], axis=2).reshape(-1, 4)
    _, first, sphere = np.unique(places, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)  # as they come in the training results, not by their centres
    at = np.repeat(np.arange(seeds), spheres), np.argsort(order)[sphere.ravel()]
    tried, learned, open_ = np.zeros((3, seeds, len(first)), dtype=bool)
    tried[at], learned[at] = True, result.learned.values.ravel()
    open_[at] = np.isin(result.status.values, UNRESOLVED).ravel()
    shape, in_box = places[first[order]], result.in_box.values.ravel()[first[order]]
    where, missed = ("seed", "sphere"), (tried & ~learned & ~open_).sum(axis=0)
    return xr.Dataset(
        {
            "learned": share(
                "sphere",
                learned.sum(axis=0),
                tried.sum(axis=0),
                "fraction of the sphere learned",
                "Wilson",
                open_.sum(axis=0),
            ),
            "counterexamples": variable("sphere", missed, "targets of the sphere that were not learned"),
            "is_learned": variable(where, learned, "whether the target was learned"),
            "is_tried": variable(where, tried, "whether the seed has a target on this sphere"),
            "direction": result.direction,
            "nearest_lost": result.nearest_lost,
            "innermost_side": result.innermost_side,
            "nearby_unresolved": result.nearby_unresolved,
            "centre": variable(("sphere", "axis"), shape[:, :3], "centre of the sphere"),
            "radius": variable("sphere", shape[:, 3], "radius of the sphere"),
            "in_box": variable("sphere", in_box, "whether the sphere lies in one box of F0"),
        }
    )
