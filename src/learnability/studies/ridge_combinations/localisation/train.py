"""Hitting times and final alignments of phase I over numbers of tasks and dimensions."""

from functools import partial
from typing import Protocol

import numpy as np
import xarray as xr

from learnability.flows.correlation import CorrelationFlow, trajectory
from learnability.hermite.activations import relu_expansion
from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.results.sections import Arrays, Section, Sections
from learnability.results.status import Status, status_attributes
from learnability.sgd.loop import run
from learnability.statistics.random import torch_generator
from learnability.studies.ridge_combinations.localisation.setting import LocalisationSetting
from learnability.studies.ridge_combinations.phase_one import Plan, plan, summarised
from learnability.studies.ridge_combinations.settings import PhaseOne


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


def flow_alignment(planned: Plan, target: xr.Dataset, tasks: int, start: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Alignments (time, seed, neuron, task) of the population flow from the starts (seed, neuron, task) of SGD, at flow
    times that begin with 0.
    """
    link, gram = target["link"].values[:tasks], target["gram"].values[0, :tasks, :tasks]
    alpha = relu_expansion(planned.biases.cpu().double().numpy(), link.shape[1] - 1)
    student = np.tile(alpha * planned.signs.cpu().double().numpy()[:, None], (len(start), 1))
    followed = trajectory(CorrelationFlow(student, link, gram), start.reshape(-1, tasks), times[1:], relative_step=0.1)
    return np.concatenate([start[None], followed.reshape(-1, *start.shape)])


class Timed(Protocol):
    """What :func:`phase_one_times` reads of a setting."""

    @property
    def phase_one(self) -> PhaseOne: ...
    @property
    def threshold(self) -> float: ...
    @property
    def saved(self) -> int: ...


def phase_one_times(
    setting: Timed,
    target: xr.Dataset,
    context: RunContext,
    tasks: int,
    dimension: int,
    streams: tuple[str, str],
    section: Section,
) -> Arrays:
    """Phase I for the sum of the first ``tasks`` tasks in R^dimension; ``streams`` name those of start and data."""
    phase, seeds = setting.phase_one, len(context.seeds)
    generator = torch_generator(context.stream(streams[0]), context.device)
    planned = plan(phase, target, dimension, seeds, generator, tasks)
    start = planned.engine.observe(planned.state)["alignment"].double().cpu().numpy()
    steps = np.unique(np.linspace(0, phase.steps, setting.saved + 1).astype(int))
    data = torch_generator(context.stream(streams[1]), context.device)
    engine = summarised(planned.engine)
    result = run(engine, planned.state, steps, planned.step_size, data, checkpoint=section, progress=context.progress)
    samples = steps * float(planned.batch_size)
    largest = result.observed["largest"].astype(np.float64)
    flow = np.full(largest.shape[1:], np.nan)
    # A student of one bias: its time is compared with the flow's, over the flow time of the steps that were taken.
    if phase.bias != "uniform" and not (result.status == Status.DIVERGED).all():
        moments = np.concatenate([[0.0], planned.step_size(np.arange(phase.steps)).cumsum()])[steps]
        followed = flow_alignment(planned, target, tasks, start, moments)
        flow = hitting_times(samples, np.abs(followed).max(-1), setting.threshold)
    return {
        "hitting_time": hitting_times(samples, largest, setting.threshold),
        "flow_time": flow,
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
            # The dimensions share their starts, up to the length of the weights: slopes are paired.
            streams = (f"init/{tasks}" if setting.tasks else "init", f"data/{name}")
            run_one = partial(phase_one_times, setting, target, context, tasks, d, streams)
            results.append(sections.result(name, run_one))
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
        "flow_time": variable(neuron, stacked("flow_time", 1), "the same for the flow from the same start", "samples"),
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
