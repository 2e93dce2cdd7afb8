"""Hitting times and final alignments of phase I over numbers of tasks and dimensions."""

import json

import numpy as np
import xarray as xr

from learnability.sgd.loop import run
from learnability.results.status import status_attributes
from learnability.statistics.random import torch_generator
from learnability.results.contract import RunContext
from learnability.studies.ridge_combinations.phase_one import ENGINE_CODES, plan, summarised
from learnability.studies.ridge_combinations.sections import Arrays, Section, Sections
from learnability.studies.ridge_combinations.settings import LocalisationSetting


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


def _one_run(
    setting: LocalisationSetting,
    target: xr.Dataset,
    context: RunContext,
    tasks: int,
    dimension: int,
    name: str,
    section: Section,
) -> Arrays:
    """Phase I for the sum of the first ``tasks`` tasks in R^dimension."""
    phase = setting.phase_one
    generator = torch_generator(context.stream(f"init/{name}"), context.device)
    planned = plan(
        phase,
        target["link"].values[:tasks],
        target["gram"].values[0, :tasks, :tasks],
        int(target["information_exponent"]),
        dimension,
        len(context.seeds),
        generator,
    )
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
        "bias": planned.biases.cpu().numpy().astype(np.float64),
        "sign": planned.signs.cpu().numpy().astype(np.int8),
        "status": result.status,
        "engine": np.int8(ENGINE_CODES[result.engine]),
    }


def train(setting: LocalisationSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Phase I for every number of tasks and dimension of the setting, one section each."""
    sections = Sections(context.checkpoint)
    results = []
    for tasks in setting.task_counts:
        for d in setting.dimensions:
            name = f"{tasks}/{d}" if setting.tasks else str(d)

            def compute(section: Section, tasks: int = tasks, d: int = d, name: str = name) -> Arrays:
                return _one_run(setting, target, context, tasks, d, name, section)

            results.append(sections.result(name, compute))
    grid = len(setting.task_counts), len(setting.dimensions)

    def stacked(name: str, axis: int) -> np.ndarray:
        """The results of all runs, their numbers of tasks and dimensions on the axes ``axis`` and ``axis + 1``."""
        values = np.stack([result[name] for result in results], axis=axis)
        return values.reshape(*values.shape[:axis], *grid, *values.shape[axis + 1 :])

    per_neuron = ("seed", "tasks", "dimension", "neuron")
    data = {
        "hitting_time": (per_neuron, stacked("hitting_time", 1), "samples", "samples until the largest alignment hits"),
        "largest": (per_neuron, stacked("largest", 1), "1", "largest absolute alignment at the end"),
        "second": (per_neuron, stacked("second", 1), "1", "second largest absolute alignment at the end"),
        "task": (per_neuron, stacked("task", 1), "1", "task of the largest alignment at the end"),
        "localised": (
            ("seed", "tasks", "dimension", "time"),
            stacked("localised", 1),
            "1",
            "fraction of neurons above 0.9",
        ),
        "samples": (("tasks", "dimension", "time"), stacked("time", 0), "samples", "samples seen"),
        "bias": (("tasks", "dimension", "neuron"), stacked("bias", 0), "1", "bias of the neuron"),
        "sign": (("tasks", "dimension", "neuron"), stacked("sign", 0), "1", "sign of the second layer"),
    }
    dataset = xr.Dataset(
        {name: (dims, values, {"units": u, "long_name": text}) for name, (dims, values, u, text) in data.items()}
    )
    dataset["status"] = (("seed", "tasks", "dimension"), stacked("status", 1), status_attributes())
    flags = {"flag_values": list(ENGINE_CODES.values()), "flag_meanings": " ".join(ENGINE_CODES)}
    engines = stacked("engine", 0)
    dataset["engine"] = (("tasks", "dimension"), engines, {"units": "1", "long_name": "engine that ran", **flags})
    names = {code: name for name, code in ENGINE_CODES.items()}
    dataset.attrs["engines"] = json.dumps([names[int(code)] for code in dict.fromkeys(engines.ravel())])
    return dataset.assign_coords(
        seed=list(context.seeds), tasks=list(setting.task_counts), dimension=list(setting.dimensions)
    )
