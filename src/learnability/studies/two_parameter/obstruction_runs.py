"""Training jobs of the negative results: flows to the targets that cannot all be learned."""

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from learnability.results.contract import RunContext
from learnability.studies.two_parameter.attributes import about
from learnability.studies.two_parameter.columns import STATUS, outcome_columns
from learnability.studies.two_parameter.elementary import FAMILIES
from learnability.studies.two_parameter.elementary_flow import flow_to
from learnability.studies.two_parameter.flow import gradient_flow
from learnability.studies.two_parameter.hierarchy.frames import FrameTable
from learnability.studies.two_parameter.hierarchy.guaranteed import membership
from learnability.studies.two_parameter.hierarchy.map import HierarchicalMap
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.obstructions import Barrier, barrier_ball, directions, in_ball
from learnability.studies.two_parameter.outcome import FlowStatus, Outcome
from learnability.studies.two_parameter.settings import BallSetting, SphereSetting

HIERARCHICAL = "hierarchical"
_TOLERANCE = 1e-5


def _flow(
    hierarchies: tuple[Hierarchy, ...], families: Tensor, targets: np.ndarray, max_steps: int, context: RunContext
) -> Outcome:
    """Flows to targets (n, 3), each of the hierarchy that ``families`` names."""
    return gradient_flow(
        FrameTable(hierarchies, context.device),
        torch.tensor(targets.T.copy(), device=context.device),
        families.to(context.device),
        torch.full((len(targets),), _TOLERANCE, dtype=torch.float64, device=context.device),
        max_steps,
        lambda done, total: context.progress(done, total, "targets"),
        context.checkpoint,
    )


def train_ball(setting: BallSetting, context: RunContext) -> xr.Dataset:
    """Theorem 3: for every model a ball of targets behind a loss barrier, and flows to targets drawn from it."""
    seeds, rng = len(context.seeds), context.stream("data")
    hierarchy = Hierarchy(3, setting.target.depth, (setting.target.rho,))
    barriers, distances, statuses, reach = [], [], [], []
    for name in (HIERARCHICAL, *setting.families):
        if name == HIERARCHICAL:
            # The disc stays inside the descent, where neither cells nor fingers are there yet.
            barrier = _hierarchical_barrier(hierarchy)
            targets = in_ball(barrier, rng, seeds)
            run = _flow((hierarchy,), torch.zeros(seeds, dtype=torch.long), targets, setting.max_steps, context)
            away, distance, status = (
                run.point - torch.tensor([[0.5], [0.0]], device=run.point.device),
                run.distance,
                run.status,
            )
        else:
            family = FAMILIES[name]
            zero = torch.zeros((2, 1), dtype=torch.float64)
            barrier = barrier_ball(family, family.jacobian(zero)[:, :, 0], 1.0)
            targets = in_ball(barrier, rng, seeds)
            final = flow_to(family, torch.tensor(targets.T.copy()), 1e7, setting.max_steps)
            away, distance, status = final.parameters, final.distance, final.status
        barriers.append(barrier)
        distances.append(distance.cpu().numpy())
        statuses.append(status.cpu().numpy())
        reach.append(torch.linalg.vector_norm(away, dim=0).cpu().numpy() / barrier.disc)
    return _ball_dataset(setting, context, barriers, distances, statuses, reach)


def _hierarchical_barrier(hierarchy: Hierarchy) -> Barrier:
    phi = HierarchicalMap(hierarchy)
    zero = torch.zeros((1, 2), dtype=torch.float64)
    return barrier_ball(lambda w: phi(w.T).T, phi.jacobian(zero)[0], 0.45)


def _ball_dataset(
    setting: BallSetting,
    context: RunContext,
    barriers: list[Barrier],
    distances: list[np.ndarray],
    statuses: list[np.ndarray],
    reach: list[np.ndarray],
) -> xr.Dataset:
    where = ("seed", "model")
    return xr.Dataset(
        {
            "distance": (where, np.stack(distances, axis=1), about("final distance |f - Phi|")),
            "status": (where, np.stack(statuses, axis=1).astype(np.int8), STATUS),
            "reach": (where, np.stack(reach, axis=1), about("final |w| in units of the disc's radius")),
            "radius": ("model", np.array([b.radius for b in barriers]), about("radius of the ball of targets")),
            "disc": ("model", np.array([b.disc for b in barriers]), about("radius of the disc that holds w")),
            "centre": (("model", "axis"), np.stack([b.centre for b in barriers]), about("centre f0 of the ball")),
        },
        coords={"seed": np.asarray(context.seeds)},
        attrs={"models": [HIERARCHICAL, *setting.families]},
    )


def train_sphere(setting: SphereSetting, context: RunContext) -> xr.Dataset:
    """Theorem 4: the same directions on every sphere; the small spheres lie wholly inside boxes of the coarse F0."""
    seeds, obstacles = len(context.seeds), setting.target
    coarse = Hierarchy(3, obstacles.depth, (obstacles.rho,))
    fine = Hierarchy(3, obstacles.finer_depth, (obstacles.rho,))
    unit = directions(context.stream("data"), seeds)
    centres, radii = _spheres(setting, fine, context.stream("init"))
    positions = centres[:, None] + radii[:, None, None] * unit
    families = (torch.tensor(radii) < min(setting.radii)).long().repeat_interleave(seeds)
    run = _flow((coarse, fine), families, positions.reshape(-1, 3), setting.max_steps, context)
    measured = outcome_columns(run, (len(radii), seeds), "sphere")
    precision = np.where(radii < min(setting.radii), fine.precision, coarse.precision)
    learned = (measured["status"][1] == FlowStatus.REACHED_END) & (measured["distance"][1] <= precision)
    return xr.Dataset(
        {
            **measured,
            "learned": (("seed", "sphere"), learned, about("passed all stages and came within R_N")),
            "direction": (("seed", "axis"), unit, about("direction of the target from the centre")),
            "centre": (("sphere", "axis"), centres, about("centre of the sphere")),
            "radius": ("sphere", radii, about("radius of the sphere")),
            "in_box": ("sphere", radii < min(setting.radii), about("whether the sphere lies in one box of F0")),
        },
        coords={"seed": np.asarray(context.seeds)},
    )


def _spheres(setting: SphereSetting, fine: Hierarchy, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Centres and radii: concentric large spheres, then small ones that lie inside one box of depth ``depth``."""
    depth = setting.target.depth
    probe = directions(rng, 200)
    size = 0.2 * min(stage.width for stage in fine.stages[:depth])
    centres, radii = [np.full(3, 0.5)] * len(setting.radii), list(setting.radii)
    for centre in rng.random((4000, 3)):
        member = membership(fine, np.vstack([centre, centre + size * probe]))
        digits = member.digits[:, :depth]
        if member.inside[0] and (member.level >= depth).all() and (digits == digits[0]).all():
            centres.append(centre)
            radii.append(size)
        if len(radii) == len(setting.radii) + setting.spheres_in_boxes:
            break
    return np.array(centres), np.array(radii)
