"""Hitting times of phase I where the number of tasks grows with the dimension."""

from functools import partial

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.results.sections import Sections
from learnability.results.status import status_attributes
from learnability.studies.ridge_combinations.growth.setting import GrowthSetting
from learnability.studies.ridge_combinations.localisation.train import phase_one_times


def train(setting: GrowthSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Phase I for every power and dimension, one section each."""
    sections = Sections(context.checkpoint)
    results = []
    for power in setting.powers:
        for d in setting.dimensions:
            name, tasks = f"{power:g}/{d}", setting.tasks_at(power, d)
            streams = f"init/{name}", f"data/{name}"
            run_one = partial(phase_one_times, setting, target, context, tasks, d, streams)
            results.append(sections.result(name, run_one))
    shape = len(setting.powers), len(setting.dimensions)

    def stacked(name: str) -> np.ndarray:
        """The results of all sections, (seed, power, dimension, ...)."""
        values = np.stack([result[name] for result in results], axis=1)
        return values.reshape(values.shape[0], *shape, *values.shape[2:])

    grid = ("power", "dimension")
    neuron = ("seed", *grid, "neuron")
    counts = [[setting.tasks_at(power, d) for d in setting.dimensions] for power in setting.powers]
    engine = np.stack([result["engine"] for result in results]).reshape(shape).astype(np.dtypes.StringDType())
    data = {
        "hitting_time": variable(
            neuron, stacked("hitting_time"), "samples until the largest alignment hits", "samples"
        ),
        "flow_time": variable(neuron, stacked("flow_time"), "the same for the flow from the same start", "samples"),
        "largest": variable(neuron, stacked("largest"), "largest absolute alignment at the end"),
        "tasks": variable(grid, counts, "number of tasks, d^gamma rounded", "tasks"),
        "status": xr.Variable(("seed", *grid), stacked("status"), status_attributes()),
        "engine": variable(grid, engine, "engine that ran"),
    }
    coords = {"seed": list(context.seeds), "power": list(setting.powers), "dimension": list(setting.dimensions)}
    return xr.Dataset(data, coords=coords)
