"""Training: for every model the ball of targets behind a loss barrier (Theorem 3), and flows to targets in it."""

import numpy as np
import torch
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.studies.two_parameter.ball.setting import BallSetting
from learnability.studies.two_parameter.families import FAMILIES, flow_to
from learnability.studies.two_parameter.hierarchy.flow import gradient_flow
from learnability.studies.two_parameter.hierarchy.map import HierarchicalMap
from learnability.studies.two_parameter.hierarchy.outcome import STATUS
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.obstructions import Barrier, barrier_ball, in_ball

HIERARCHICAL = "hierarchical"


def train(setting: BallSetting, context: RunContext) -> xr.Dataset:
    """Flows to targets drawn from each model's ball, one a seed."""
    seeds, rng = len(context.seeds), context.stream("data")
    hierarchy = Hierarchy(3, setting.target.depth, (setting.target.rho,))
    barriers, distances, statuses, reach = [], [], [], []
    for name in (HIERARCHICAL, *setting.families):
        if name == HIERARCHICAL:
            barrier = _hierarchical_barrier(hierarchy)
            targets = in_ball(barrier, rng, seeds)
            outcome = gradient_flow((hierarchy,), np.zeros(seeds, dtype=int), targets, 1e-5, setting.max_steps, context)
            away = torch.from_numpy(outcome.point) - torch.tensor([[0.5], [0.0]])
            distance, status = outcome.distance, outcome.status
        else:
            family = FAMILIES[name]
            barrier = barrier_ball(family, family.jacobian(torch.zeros((2, 1), dtype=torch.float64))[:, :, 0], 1.0)
            targets = in_ball(barrier, rng, seeds)
            final = flow_to(family, torch.tensor(targets.T.copy()), 1e7, setting.max_steps)
            away, distance, status = final.parameters, final.distance.numpy(), final.status.numpy()
        barriers.append(barrier)
        distances.append(distance)
        statuses.append(status)
        reach.append(torch.linalg.vector_norm(away, dim=0).numpy() / barrier.disc)
    where = ("seed", "model")
    return xr.Dataset(
        {
            "distance": variable(where, np.stack(distances, axis=1), "final distance |f - Phi|"),
            "status": xr.Variable(where, np.stack(statuses, axis=1).astype(np.int8), STATUS),
            "reach": variable(where, np.stack(reach, axis=1), "final |w| in units of the disc's radius"),
            "radius": variable("model", [b.radius for b in barriers], "radius of the ball of targets"),
            "disc": variable("model", [b.disc for b in barriers], "radius of the disc that holds w"),
            "centre": variable(("model", "axis"), [b.centre for b in barriers], "centre f0 of the ball"),
        },
        coords={"seed": np.asarray(context.seeds), "model": names("model", (HIERARCHICAL, *setting.families), "model")},
    )


def _hierarchical_barrier(hierarchy: Hierarchy) -> Barrier:
    """Its disc stays inside the descent, where there are neither cells nor fingers yet."""
    phi = HierarchicalMap(hierarchy)
    zero = torch.zeros((1, 2), dtype=torch.float64)
    return barrier_ball(lambda w: phi(w.T).T, phi.jacobian(zero)[0], 0.45)
