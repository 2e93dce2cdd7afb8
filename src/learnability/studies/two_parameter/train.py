"""The training stage: gradient flow, one target a seed."""

from typing import cast

import numpy as np
import torch
import xarray as xr

from learnability.results.contract import RunContext, Setting
from learnability.studies.two_parameter.columns import STATUS, about, outcome_columns
from learnability.studies.two_parameter.elementary import FAMILIES
from learnability.studies.two_parameter.elementary_flow import flow_to
from learnability.studies.two_parameter.flow import gradient_flow
from learnability.studies.two_parameter.hierarchy.frames import FrameTable
from learnability.studies.two_parameter.hierarchy.guaranteed import membership
from learnability.studies.two_parameter.measures import MEASURES
from learnability.studies.two_parameter.obstruction_runs import train_ball, train_sphere
from learnability.studies.two_parameter.outcome import FlowStatus
from learnability.studies.two_parameter.pictures import train_picture
from learnability.studies.two_parameter.settings import (
    BallSetting,
    ElementarySetting,
    HierarchicalSetting,
    PictureSetting,
    SphereSetting,
)
from learnability.studies.two_parameter.targets import hierarchy_of, point_columns


def train(setting: Setting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Gradient flow for one batch of seeds of any of the study's settings."""
    if isinstance(setting, HierarchicalSetting):
        return _hierarchical(setting, context)
    if isinstance(setting, ElementarySetting):
        return _elementary(setting, context)
    if isinstance(setting, BallSetting):
        return train_ball(setting, context)
    if isinstance(setting, SphereSetting):
        return train_sphere(setting, context)
    return train_picture(cast(PictureSetting, setting), context)


def _hierarchical(setting: HierarchicalSetting, context: RunContext) -> xr.Dataset:
    """All maps and all targets of the batch in one array."""
    maps, seeds = setting.target, len(context.seeds)
    points = maps.points()
    hierarchies = tuple(hierarchy_of(point, maps.mass) for point in points)
    largest = max(point.dimension for point in points)
    uniforms = context.stream("data").random((seeds, largest + 1))
    targets = np.zeros((len(points), seeds, largest))
    guaranteed = np.zeros((len(points), seeds), dtype=bool)
    known = np.full((len(points), seeds, max(p.depth for p in points)), np.nan)
    for i, (point, hierarchy) in enumerate(zip(points, hierarchies, strict=True)):
        columns = [*range(point.dimension), -1]
        drawn = MEASURES[point.measure].sample(uniforms[:, columns])
        targets[i, :, : point.dimension] = drawn
        member = membership(hierarchy, drawn)
        guaranteed[i], known[i, :, : point.depth] = member.inside, member.digits
    table = FrameTable(hierarchies, context.device)
    outcome = gradient_flow(
        table,
        torch.tensor(targets.reshape(-1, largest).T.copy(), device=context.device),
        torch.arange(len(points), device=context.device).repeat_interleave(seeds),
        torch.tensor([p.local_tolerance for p in points], dtype=torch.float64, device=context.device).repeat_interleave(
            seeds
        ),
        setting.max_steps,
        lambda done, total: context.progress(done, total, "targets"),
        context.checkpoint,
    )
    shape = (len(points), seeds)
    precision = np.array([h.precision for h in hierarchies])[:, None]
    digits = outcome.digits.cpu().numpy().T.reshape(*shape, -1)
    same = ((digits == known) | np.isnan(known)).all(axis=2)
    measured = outcome_columns(outcome, shape)
    learned = (measured["status"][1] == FlowStatus.REACHED_END) & (measured["distance"][1] <= precision.T)
    variables = {
        **measured,
        "learned": (("seed", "point"), learned, about("passed all stages and came within R_N")),
        "guaranteed": (("seed", "point"), guaranteed.T, about("target in the guaranteed set F0")),
        "same_digits": (("seed", "point"), same.T, about("digits of v as the boxes foretell")),
        **point_columns(points),
    }
    return xr.Dataset(variables, coords={"seed": np.asarray(context.seeds)})


def _elementary(setting: ElementarySetting, context: RunContext) -> xr.Dataset:
    seeds = len(context.seeds)
    targets = torch.tensor(context.stream("data").random((3, seeds)), device=context.device)
    distance = np.zeros((seeds, len(setting.families)))
    status = np.zeros((seeds, len(setting.families)), dtype=np.int8)
    for i, name in enumerate(setting.families):
        context.progress(i, len(setting.families), name)
        final = flow_to(FAMILIES[name], targets, setting.end_time, setting.max_steps)
        distance[:, i], status[:, i] = final.distance.cpu().numpy(), final.status.cpu().numpy()
    parameters = np.array([FAMILIES[name].parameters for name in setting.families])
    return xr.Dataset(
        {
            "distance": (("seed", "family"), distance, about("final distance |f - Phi|")),
            "status": (("seed", "family"), status, STATUS),
            "parameters": ("family", parameters, about("number W of parameters")),
        },
        coords={"seed": np.asarray(context.seeds)},
        attrs={"families": list(setting.families)},
    )
