"""Training: gradient flow of every elementary model to the same targets, one a seed."""

import numpy as np
import torch
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.studies.two_parameter.elementary.setting import ElementarySetting
from learnability.studies.two_parameter.families import FAMILIES, flow_to
from learnability.studies.two_parameter.hierarchy.outcome import STATUS


def train(setting: ElementarySetting, context: RunContext) -> xr.Dataset:
    """Final distances from the targets of one batch of seeds, for every model."""
    seeds = len(context.seeds)
    targets = torch.tensor(context.stream("data").random((3, seeds)), device=context.device)
    distance = np.zeros((seeds, len(setting.families)))
    status = np.zeros((seeds, len(setting.families)), dtype=np.int8)
    for i, name in enumerate(setting.families):
        context.progress(i, len(setting.families), name)
        final = flow_to(FAMILIES[name], targets, setting.end_time, setting.max_steps)
        distance[:, i], status[:, i] = final.distance.cpu().numpy(), final.status.cpu().numpy()
    parameters = [FAMILIES[name].parameters for name in setting.families]
    return xr.Dataset(
        {
            "distance": variable(("seed", "family"), distance, "final distance |f - Phi|"),
            "status": xr.Variable(("seed", "family"), status, STATUS),
            "parameters": variable("family", parameters, "number W of parameters"),
        },
        coords={"seed": np.asarray(context.seeds), "family": names("family", setting.families, "elementary model")},
    )
