"""What the pictures draw: level curves and trajectories at d = 2, and the flow trapped on the paper's Figure 4."""

import numpy as np
import torch
import xarray as xr

from learnability.results.contract import RunContext
from learnability.studies.two_parameter.attributes import about
from learnability.studies.two_parameter.batched_flow import record_flow
from learnability.studies.two_parameter.hierarchy.frames import FrameTable
from learnability.studies.two_parameter.hierarchy.map import HierarchicalMap
from learnability.studies.two_parameter.hierarchy.sizes import Hierarchy
from learnability.studies.two_parameter.settings import PictureSetting

FIGURE_4_TARGET = (0.2, -0.6)
CHOSEN = np.array([[0.31, 0.42], [0.63, 0.27], [0.86, 0.55], [0.47, 0.71]])


def train_picture(setting: PictureSetting, context: RunContext) -> xr.Dataset:
    """Trajectories to four chosen targets and to the batch's random ones; level curves; the trapped flow."""
    hierarchy = Hierarchy(2, setting.target.depth, (setting.target.rho,))
    drawn = context.stream("data").random((max(0, len(context.seeds) - len(CHOSEN)), 2))
    targets = np.vstack([CHOSEN, drawn])[: len(context.seeds)]
    return xr.Dataset(
        {**_trajectories(hierarchy, targets, context), **_level_curves(hierarchy, setting), **_figure_4(setting)},
        coords={"seed": np.asarray(context.seeds)},
    )


def _trajectories(hierarchy: Hierarchy, targets: np.ndarray, context: RunContext) -> dict[str, tuple]:
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
        "target_point": (("seed", "axis"), targets, about("target f")),
        "flow_time": (where, times.T.cpu().numpy(), about("flow time", "1/|f|^2")),
        "u": (where, u.cpu().numpy(), about("parameter u", "u")),
        "path": ((*where, "axis"), path.numpy(), about("model Phi(w(t))")),
    }


def _level_curves(hierarchy: Hierarchy, setting: PictureSetting) -> dict[str, tuple]:
    """Phi(u, .) before, between and after the stages."""
    starts, halves = hierarchy.stage_starts(), hierarchy.stage_lengths()
    levels = np.array([0.0, starts[0], starts[0] + halves[0], starts[1], starts[1] + halves[1], hierarchy.end])
    # Denser where v's digits are finest: uniform in v is not enough for the second staircase's fingers.
    v = np.linspace(-0.5, 0.5, setting.curve_points)
    grid = np.stack(np.meshgrid(levels, v, indexing="ij"), axis=-1)
    curves = HierarchicalMap(hierarchy)(torch.tensor(grid)).numpy()
    return {
        "level": ("level", levels, about("parameter u of a level curve", "u")),
        "level_curve": (("level", "curve", "axis"), curves, about("level curve Phi(u, .)")),
    }


def _figure_4(setting: PictureSetting) -> dict[str, tuple]:
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
    return {
        "curve": (("curve_point", "axis"), np.sin(rates * curve[:, None]), about("curve (sin w, sin sqrt2 w)")),
        "trapped_path": (("path_point", "axis"), np.sin(rates * w[:, None]), about("flow on the curve")),
        "trapped_parameter": ((), low, about("parameter w where the flow stops", "w")),
        "trapped_distance": (
            (),
            np.linalg.norm(target - np.sin(rates * low)),
            about("distance at the end of the flow"),
        ),
        "nearest_distance": ((), distance.min(), about("least distance of the curve for |w| <= 3000")),
        "figure_4_target": ("axis", target, about("target of Figure 4")),
    }
