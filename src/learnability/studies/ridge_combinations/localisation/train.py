"""Hitting times and final alignments of phase I over numbers of tasks and dimensions."""

from functools import partial

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.results.sections import Arrays, Section, Sections
from learnability.results.status import status_attributes
from learnability.sgd.loop import run
from learnability.statistics.random import torch_generator
from learnability.studies.ridge_combinations.localisation.setting import LocalisationSetting
from learnability.studies.ridge_combinations.phase_one import plan, summarised


def hitting_times(samples: np.ndarray, values: np.ndarray, threshold: float) -> np.ndarray:
    """First time that ``values`` (time, ...) reach the threshold, linear between saved times; inf where they never
    do.
    """
    above = values >= threshold
    first = above.argmax(axis=0)
    before = np.maximum(first - 1, 0)
    v0, v1 = (np.take_along_axis(values, index[None], axis=0)[0] for index in (before, first))
    t0, t1 = samples[before], samples[first]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossed = np.where(first == 0, t0, t0 + (threshold - v0) / (v1 - v0) * (t1 - t0))
    return np.where(above.any(axis=0), crossed, np.inf)


def _phase_one(
    setting: LocalisationSetting,
    target: xr.Dataset,
    context: RunContext,
    tasks: int,
    dimension: int,
    name: str,
    section: Section,
) -> Arrays:
    """Phase I for the sum of the first ``tasks`` tasks in R^dimension."""
    phase, seeds = setting.phase_one, len(context.seeds)
    generator = torch_generator(context.stream(f"init/{name}"), context.device)
    planned = plan(phase, target, dimension, seeds, generator, tasks)
    steps = np.unique(np.linspace(0, phase.steps, setting.saved + 1).astype(int))
    data = torch_generator(context.stream(f"data/{name}"), context.device)
    engine = summarised(planned.engine)
    result = run(engine, planned.state, steps, planned.step_size, data, checkpoint=section, progress=context.progress)
    samples = steps * float(planned.batch_size)
    largest = result.observed["largest"].astype(np.float64)
    return {
        "hitting_time": hitting_times(samples, largest, setting.threshold),
        "largest": largest[-1],
        "second": result.observed["second"][-1].astype(np.float64),
        "task": result.observed["task"][-1].astype(np.int16),
        "localised": (largest > 0.9).mean(axis=2).T,
        "time": samples,
        # The seeds of a batch share the student's biases and signs; another batch draws its own.
        "bias": np.tile(planned.biases.cpu().numpy().astype(np.float64), (seeds, 1)),
        "sign": np.tile(planned.signs.cpu().numpy().astype(np.int8), (seeds, 1)),
        "status": result.status,
        "engine": np.array(result.engine),
    }


def train(setting: LocalisationSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Phase I for every number of tasks and dimension of the setting, one section each."""
    sections = Sections(context.checkpoint)
    results = []
    for tasks in setting.task_counts:
        for d in setting.dimensions:
            name = f"{tasks}/{d}" if setting.tasks else str(d)
            results.append(sections.result(name, partial(_phase_one, setting, target, context, tasks, d, name)))
    shape = len(setting.task_counts), len(setting.dimensions)

    def stacked(name: str, axis: int) -> np.ndarray:
        """The results of all sections, their numbers of tasks and dimensions on the axes ``axis`` and ``axis + 1``."""
        values = np.stack([result[name] for result in results], axis=axis)
        return values.reshape(*values.shape[:axis], *shape, *values.shape[axis + 1 :])

    grid = ("tasks", "dimension")
    neuron, time = ("seed", *grid, "neuron"), ("seed", *grid, "time")
    hitting_time, engine = stacked("hitting_time", 1), stacked("engine", 0).astype(np.dtypes.StringDType())
    data = {
        "hitting_time": variable(neuron, hitting_time, "samples until the largest alignment hits", "samples"),
        "largest": variable(neuron, stacked("largest", 1), "largest absolute alignment at the end"),
        "second": variable(neuron, stacked("second", 1), "second largest absolute alignment at the end"),
        "task": variable(neuron, stacked("task", 1), "task of the largest alignment at the end"),
        "localised": variable(time, stacked("localised", 1), "fraction of neurons above 0.9"),
        "samples": variable((*grid, "time"), stacked("time", 0), "samples seen", "samples"),
        "bias": variable(neuron, stacked("bias", 1), "bias of the neuron"),
        "sign": variable(neuron, stacked("sign", 1), "sign of the second layer"),
        "status": xr.Variable(("seed", *grid), stacked("status", 1), status_attributes()),
        "engine": variable(grid, engine, "engine that ran"),
    }
    coords = {"seed": list(context.seeds), "tasks": list(setting.task_counts), "dimension": list(setting.dimensions)}
    return xr.Dataset(data, coords=coords)
