"""Training: level curves and trajectories at d = 2, and the flow trapped on the curve of the paper's Figure 4."""

import numpy as np
import torch
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.two_parameter.hierarchy.batched_flow import record_flow
from learnability.studies.two_parameter.hierarchy.frames import FrameTable
from learnability.studies.two_parameter.hierarchy.map import HierarchicalMap
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.picture.setting import PictureSetting

FIGURE_4_TARGET = (0.2, -0.6)
CHOSEN = np.array([[0.31, 0.42], [0.63, 0.27], [0.86, 0.55], [0.47, 0.71]])


def train(setting: PictureSetting, context: RunContext) -> xr.Dataset:
    """Trajectories to four chosen targets (seeds 0 to 3) and to random ones; level curves; the trapped flow."""
    hierarchy = Hierarchy(2, setting.target.depth, (setting.target.rho,))
    chosen = CHOSEN[context.seeds.start : context.seeds.stop]
    targets = np.vstack([chosen, context.stream("data").random((len(context.seeds) - len(chosen), 2))])
    return xr.Dataset(
        {**_trajectories(hierarchy, targets, context), **_level_curves(hierarchy, setting), **_figure_4()},
        coords={"seed": np.asarray(context.seeds)},
    )


def _trajectories(hierarchy: Hierarchy, targets: np.ndarray, context: RunContext) -> dict[str, xr.Variable]:
    table, n = FrameTable((hierarchy,), context.device), len(targets)
    times, points = record_flow(
        table,
        torch.tensor(targets.T.copy(), device=context.device),
        torch.zeros(n, dtype=torch.long, device=context.device),
        torch.full((n,), 1e-5, dtype=torch.float64, device=context.device),
        steps=2400,
    )
    u, v = points[:, 1].T, points[:, 0].T - 0.5
    path = HierarchicalMap(hierarchy)(torch.stack([u, v], dim=-1).cpu())
    where = ("seed", "record")
    return {
        "target_point": variable(("seed", "axis"), targets, "target f"),
        "flow_time": variable(where, times.T.cpu().numpy(), "flow time", "1/|f|^2"),
        "u": variable(where, u.cpu().numpy(), "parameter u", "u"),
        "path": variable((*where, "axis"), path.numpy(), "model Phi(w(t))"),
    }


def _level_curves(hierarchy: Hierarchy, setting: PictureSetting) -> dict[str, xr.Variable]:
    """Phi(u, .) before, between and after the stages."""
    starts, halves = hierarchy.stage_starts(), hierarchy.stage_lengths()
    levels = np.array([0.0, starts[0], starts[0] + halves[0], starts[1], starts[1] + halves[1], hierarchy.end])
    # Denser where v's digits are finest: uniform in v is not enough for the second staircase's fingers.
    v = np.linspace(-0.5, 0.5, setting.curve_points)
    grid = np.stack(np.meshgrid(levels, v, indexing="ij"), axis=-1)
    curves = HierarchicalMap(hierarchy)(torch.tensor(grid)).numpy()
    return {
        "level": variable("level", levels, "parameter u of a level curve", "u"),
        "level_curve": variable(("level", "curve", "axis"), curves, "level curve Phi(u, .)"),
    }


def _figure_4() -> dict[str, xr.Variable]:
    """The flow w' = (f - Phi) . Phi' on Phi = (sin w, sin sqrt2 w) stops at the first critical point of the distance.

    In one dimension the flow is monotone, so its end is the first zero of the force downhill of the start, exactly.
    """
    rates, target = np.array([1.0, np.sqrt(2.0)]), np.array(FIGURE_4_TARGET)

    def force(w: np.ndarray) -> np.ndarray:
        angle = rates * w[..., None]
        return ((target - np.sin(angle)) * rates * np.cos(angle)).sum(axis=-1)

    direction = np.sign(force(np.array(0.0)))
    low, high = 0.0, direction * 1e-3
    while np.sign(force(np.array(high))) == direction:
        low, high = high, high + direction * 1e-3
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.sign(force(np.array(middle))) == direction else (low, middle)
    w = np.linspace(0.0, low, 400)
    far = np.linspace(-3000.0, 3000.0, 1_200_001)
    distance = np.linalg.norm(target - np.sin(rates * far[:, None]), axis=1)
    curve = np.linspace(-25.0, 25.0, 4000)
    on_curve, on_path = ("curve_point", "axis"), ("path_point", "axis")
    trapped = np.linalg.norm(target - np.sin(rates * low))
    return {
        "curve": variable(on_curve, np.sin(rates * curve[:, None]), "curve (sin w, sin sqrt2 w)"),
        "trapped_path": variable(on_path, np.sin(rates * w[:, None]), "flow on the curve"),
        "trapped_parameter": variable((), low, "parameter w where the flow stops", "w"),
        "trapped_distance": variable((), trapped, "distance at the end of the flow"),
        "nearest_distance": variable((), distance.min(), "least distance of the curve for |w| <= 3000"),
        "figure_4_target": variable("axis", target, "target of Figure 4"),
    }
