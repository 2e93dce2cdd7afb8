"""Training: flows to targets on spheres (Theorem 4); the small spheres lie wholly inside boxes of the coarse F0."""

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.results.sections import Arrays, Section, Sections
from learnability.studies.two_parameter.hierarchy.flow import gradient_flow
from learnability.studies.two_parameter.hierarchy.guaranteed import membership, moved_to_swept_region
from learnability.studies.two_parameter.hierarchy.outcome import Outcome
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.obstructions import directions
from learnability.studies.two_parameter.sphere.setting import SphereSetting


def train(setting: SphereSetting, context: RunContext) -> xr.Dataset:
    """The same directions on every sphere, one a seed. Every batch of seeds draws small spheres of its own."""
    seeds, obstacles = len(context.seeds), setting.target
    coarse = Hierarchy(3, obstacles.depth, (obstacles.rho,))
    fine = Hierarchy(3, obstacles.finer_depth, (obstacles.rho,))
    unit = directions(context.stream("data"), seeds)
    centres, radii = _spheres(setting, fine, context.stream("init"))
    positions = centres[:, None] + radii[:, None, None] * unit
    in_box = radii < min(setting.radii)
    families = in_box.astype(int).repeat(seeds)
    sections = Sections(context, {"spheres": len(radii), "nearby": 1, "moved": fine.depth})
    outcome = _follow("spheres", (coarse, fine), families, positions.reshape(-1, 3), setting, context, sections)
    learned = outcome.learned(np.where(in_box, fine.precision, coarse.precision).repeat(seeds))
    nearby = _nearby(setting, fine, context, sections)
    where = ("seed", "sphere")

    def every_seed(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values, (seeds, *values.shape))

    return xr.Dataset(
        {
            **outcome.variables("sphere", len(radii)),
            "learned": variable(where, learned.reshape(-1, seeds).T, "passed all stages and came within R_N"),
            "direction": variable(("seed", "axis"), unit, "direction of the target from the centre"),
            "centre": variable((*where, "axis"), every_seed(centres), "centre of the target's sphere"),
            "radius": variable(where, every_seed(radii), "radius of the target's sphere"),
            "in_box": variable(where, every_seed(in_box), "whether the sphere lies in one box of F0"),
            **nearby,
        },
        coords={"seed": np.asarray(context.seeds)},
    )


def _follow(
    name: str,
    hierarchies: tuple[Hierarchy, ...],
    families: np.ndarray,
    targets: np.ndarray,
    setting: SphereSetting,
    context: RunContext,
    sections: Sections,
) -> Outcome:
    """The flows to ``targets`` (n, 3) as one section of the job: its checkpoint is no other flow's."""

    def compute(section: Section) -> Arrays:
        return vars(gradient_flow(hierarchies, families, targets, 1e-5, setting.max_steps, _Part(context, section)))

    return Outcome(**sections.result(name, compute))


class _Part:
    """The job's surroundings with the checkpoint of one section."""

    def __init__(self, context: RunContext, section: Section) -> None:
        self.seeds, self.device, self.checkpoint = context.seeds, context.device, section
        self.stream, self.progress = context.stream, section.progress


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


def _nearby(setting: SphereSetting, fine: Hierarchy, context: RunContext, sections: Sections) -> dict[str, xr.Variable]:
    """Corollary 5: around a random target of the cube, one a seed, targets that are not learned at small distances.

    The target itself, and the target moved to where the teeth of each stage of the deeper map sweep."""
    seeds = len(context.seeds)
    targets = context.stream("init-nearby").random((seeds, 3))

    def follow(name: str, to: np.ndarray) -> Outcome:
        return _follow(name, (fine,), np.zeros(len(to), dtype=int), to, setting, context, sections)

    first = follow("nearby", targets)
    levels = range(1, fine.depth + 1)
    moved = [moved_to_swept_region(fine, targets, first.digits.T, level) for level in levels]
    second = follow("moved", np.concatenate(moved))
    outcomes, tried = (first, second), np.stack([targets, *moved])
    lost = [~outcome.learned(np.full(len(outcome.status), fine.precision)) for outcome in outcomes]
    open_ = np.concatenate([outcome.unresolved() for outcome in outcomes]).reshape(len(tried), seeds)
    lost_there = np.concatenate(lost).reshape(len(tried), seeds) & ~open_
    distance = np.linalg.norm(tried - targets, axis=2)
    return {
        "nearest_lost": variable(
            "seed",
            np.where(lost_there, distance, np.inf).min(axis=0),
            "distance of a target from one that is not learned",
        ),
        "nearby_unresolved": variable("seed", open_.sum(axis=0), "flows to nearby targets that did not finish"),
        "innermost_side": variable("seed", np.full(seeds, fine.box_sides.max()), "largest side of an innermost box"),
    }
