"""The ReLU flow of every target; nothing is random."""

import numpy as np
import xarray as xr

from learnability.flows.mean_field_relu import ReluFlow
from learnability.hermite.activation_class import RELU, SMOOTH
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.quadrature import uniform_nodes
from learnability.hermite.reflective import Diagnosis, diagnose
from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.subspace_polynomials.hidden_polynomials import stripped_expansions
from learnability.studies.subspace_polynomials.relu.setting import ReluSetting

_CLASSES = (SMOOTH, RELU)


def _curves(target: HermiteExpansion, setting: ReluSetting, found: list[Diagnosis], times: np.ndarray) -> np.ndarray:
    """Loss, largest |P_S* w| for each class, and largest |w_V|: (4, time)."""
    a, masses = uniform_nodes(setting.particles)
    states, loss = ReluFlow(target, masses).solve(a, times, setting.tolerance)
    w = states[..., 2:]
    trapped = [np.linalg.norm(w @ d.trapped_projector, axis=-1).max(1) for d in found]
    return np.stack([loss, *trapped, np.linalg.norm(w, axis=-1).max(1)])


def train(setting: ReluSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Loss and trapped weights (target, time); S* by the definition, and for ReLU without a bias."""
    polynomials = stripped_expansions(target)
    found = [[diagnose(h, activation) for activation in _CLASSES] for h in polynomials]
    times = np.linspace(0.0, setting.end_time, setting.save_points)
    curves = np.stack([_curves(h, setting, d, times) for h, d in zip(polynomials, found, strict=True)])
    pair = ("target", "condition")
    size = [[d.trapped.shape[1] for d in row] for row in found]
    floor = [[d.loss_floor for d in row] for row in found]
    return xr.Dataset(
        {
            "loss": variable(("target", "time"), curves[:, 0], "population loss"),
            "trapped_norm": variable((*pair, "time"), curves[:, 1:3], "largest |P_S* w| of any particle"),
            "weight_norm": variable(("target", "time"), curves[:, 3], "largest |w_V| of any particle"),
            "trapped_dimension": variable(pair, np.array(size, dtype=np.int8), "dimension of S*"),
            "loss_floor": variable(pair, floor, "E|h - E_S* h|^2 / 2"),
            "seed_count": variable(
                "seed", np.ones(len(context.seeds), dtype=np.int8), "one entry a seed; nothing here is random"
            ),
        },
        coords={
            "target": target["target"],
            "time": variable("time", times, "flow time", "flow time"),
        },
    )
