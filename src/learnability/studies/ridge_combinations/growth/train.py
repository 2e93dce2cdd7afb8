"""Hitting times of phase I where the number of tasks grows with the dimension."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.ridge_combinations.growth.setting import GrowthSetting
from learnability.studies.ridge_combinations.localisation.train import phase_one_grid


def train(setting: GrowthSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Phase I for every power and dimension."""

    def point(power: float, d: int) -> tuple[str, int, str]:
        name = f"{power:g}/{d}"
        return name, setting.tasks_at(power, d), f"init/{name}"

    def more(stacked: Callable[..., np.ndarray]) -> dict[str, xr.Variable]:
        counts = [[setting.tasks_at(power, d) for d in setting.dimensions] for power in setting.powers]
        return {"tasks": variable(("power", "dimension"), counts, "number of tasks, d^gamma rounded", "tasks")}

    return phase_one_grid(setting, target, context, "power", setting.powers, point, more)
