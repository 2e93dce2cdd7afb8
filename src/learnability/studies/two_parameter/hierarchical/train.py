"""Training: gradient flow of all maps of a setting, one target of each a seed."""

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.two_parameter.hierarchical.points import (
    hierarchy_of,
    point_names,
    point_variables,
    targets_of,
)
from learnability.studies.two_parameter.hierarchical.setting import HierarchicalSetting
from learnability.studies.two_parameter.hierarchy.flow import gradient_flow
from learnability.studies.two_parameter.hierarchy.guaranteed import OBSTACLES, membership

_CODES = ", ".join(f"{int(code)} {text}" for code, text in ((0, "none"), *OBSTACLES.items()))


def train(setting: HierarchicalSetting, context: RunContext) -> xr.Dataset:
    """All maps and all targets of the batch in one array."""
    maps, seeds = setting.target, len(context.seeds)
    points = maps.points()
    hierarchies = tuple(hierarchy_of(point, maps.mass) for point in points)
    largest = max(point.dimension for point in points)
    uniforms = context.stream("data").random((seeds, largest + 1))
    targets = np.zeros((len(points), seeds, largest))
    guaranteed = np.zeros((len(points), seeds), dtype=bool)
    obstacle = np.zeros((len(points), seeds), dtype=np.int8)
    known = np.full((len(points), seeds, max(p.depth for p in points)), np.nan)
    for i, (point, hierarchy) in enumerate(zip(points, hierarchies, strict=True)):
        drawn = targets_of(point, uniforms)
        targets[i, :, : point.dimension] = drawn
        member = membership(hierarchy, drawn)
        guaranteed[i], known[i, :, : point.depth] = member.inside, member.digits
        obstacle[i] = member.obstacle
    outcome = gradient_flow(
        hierarchies,
        np.arange(len(points)).repeat(seeds),
        targets.reshape(-1, largest),
        np.array([point.local_tolerance for point in points]).repeat(seeds),
        setting.max_steps,
        context,
    )
    learned = outcome.learned(np.array([h.precision for h in hierarchies]).repeat(seeds))
    same = ((outcome.digits.T.reshape(known.shape) == known) | np.isnan(known)).all(axis=2)
    where = ("seed", "point")
    return xr.Dataset(
        {
            **outcome.variables("point", len(points)),
            "learned": variable(where, learned.reshape(-1, seeds).T, "passed all stages and came within R_N"),
            "guaranteed": variable(where, guaranteed.T, "target in the guaranteed set F0"),
            "obstacle": variable(where, obstacle.T, f"first condition of F0 that the target violates: {_CODES}"),
            "same_digits": variable(where, same.T, "digits of v are those of the target's box"),
            "drawn": variable((*where, "axis"), targets[:, :, :3].transpose(1, 0, 2), "first three coordinates of f"),
            **point_variables(points),
        },
        coords={"seed": np.asarray(context.seeds), **point_names(points)},
    )
