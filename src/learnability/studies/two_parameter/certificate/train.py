"""Training: trajectories to targets of F0, and what is proved of du/dt on a tube around each."""

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.two_parameter.certificate.setting import CertificateSetting
from learnability.studies.two_parameter.hierarchy.certificate import certify_rise
from learnability.studies.two_parameter.hierarchy.guaranteed import membership
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy


def train(setting: CertificateSetting, context: RunContext) -> xr.Dataset:
    """The first targets of a stream that lie in F0, one a seed, the same stream for every rho."""
    seeds, counts, targets = len(context.seeds), [], []
    drawn = context.stream("data").random((2000 + 200 * seeds, 3))
    for i, rho in enumerate(setting.rhos):
        hierarchy = Hierarchy(3, setting.target.depth, (rho,))
        chosen = drawn[membership(hierarchy, drawn).inside][:seeds]
        targets.append(chosen)
        for j, target in enumerate(chosen):
            context.progress(i * seeds + j, len(setting.rhos) * seeds, "trajectories")
            rise = certify_rise(hierarchy, target, setting.tolerance, setting.max_steps)
            counts.append([rise.strips, rise.positive, rise.inward, rise.undecided, rise.finished])
    strips, positive, inward, undecided, finished = (
        np.array(counts).reshape(len(setting.rhos), seeds, 5).transpose(2, 1, 0)
    )
    where = ("seed", "map")
    return xr.Dataset(
        {
            "strips": variable(where, strips, "strips that cover the tube around the trajectory"),
            "positive": variable(where, positive, "strips on which du/dt >= 0 is proved"),
            "inward": variable(where, inward, "strips on which du/dt can only rise through 0, as is proved"),
            "undecided": variable(where, undecided, "strips on which neither could be proved"),
            "finished": variable(where, finished.astype(bool), "whether the trajectory reached the end of its stages"),
            "target_point": variable((*where, "axis"), np.stack(targets, axis=1), "target f"),
            "rho": variable("map", np.array(setting.rhos), "splitting parameter"),
        },
        coords={"seed": np.asarray(context.seeds)},
    )
