"""Hitting times and final alignments of phase I over numbers of tasks and dimensions."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.results.sections import Arrays, Section, Sections
from learnability.results.status import Status, status_attributes
from learnability.sgd.loop import run
from learnability.statistics.random import torch_generator
from learnability.studies.ridge_combinations.localisation.setting import LocalisationSetting
from learnability.studies.ridge_combinations.phase_one import plan, population_flow, summarised, work
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


class Timed(Protocol):
    """What :func:`phase_one_grid` reads of a setting."""

    @property
    def phase_one(self) -> PhaseOne: ...
    @property
    def dimensions(self) -> tuple[int, ...]: ...
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
    generator = torch_generator(context.stream(streams[0]))
    planned = plan(phase, target, dimension, seeds, generator, context.device, tasks)
    start = planned.engine.observe(planned.state)["alignment"].double().cpu().numpy()
    steps = np.unique(np.linspace(0, phase.steps, setting.saved + 1).astype(int))
    data = torch_generator(context.stream(streams[1]), context.device)
    engine = summarised(planned.engine)
    result = run(engine, planned.state, steps, planned.step_size, data, checkpoint=section, progress=section.progress)
    samples = steps * float(planned.batch_size)
    largest = result.observed["largest"].astype(np.float64)
    flow = np.full(largest.shape[1:], np.nan)
    # A student of one bias: its time is compared with the flow's, over the flow time of the steps that were taken.
    if phase.bias != "uniform" and not (result.status == Status.DIVERGED).all():
        moments = np.concatenate([[0.0], planned.step_size(np.arange(phase.steps)).cumsum()])[steps]
        followed = np.concatenate([start[None], population_flow(planned, target, start, moments[1:])])
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


def phase_one_grid(
    setting: Timed,
    target: xr.Dataset,
    context: RunContext,
    axis: str,
    values: Sequence[Any],
    point: Callable[[Any, int], tuple[str, int, str]],
    more: Callable[[Callable[..., np.ndarray]], dict[str, xr.Variable]],
) -> xr.Dataset:
    """Phase I at every one of ``values`` along ``axis`` and every dimension, one section each.

    ``point(value, dimension)`` gives the name of the section, the number of tasks and the stream of the starts.
    ``more(stacked)`` gives the variables beyond those of every grid; ``stacked`` puts axis and dimension behind the
    seed, or at the place that is named.
    """
    exponent = int(target["information_exponent"])
    points = [(d, *point(v, d)) for v in values for d in setting.dimensions]
    sections = Sections(context, {name: work(setting.phase_one, tasks, d, exponent) for d, name, tasks, _ in points})
    results = [
        sections.result(name, partial(phase_one_times, setting, target, context, tasks, d, (init, f"data/{name}")))
        for d, name, tasks, init in points
    ]

    def stacked(name: str, at: int = 1) -> np.ndarray:
        found = np.stack([result[name] for result in results], axis=at)
        return found.reshape(*found.shape[:at], len(values), len(setting.dimensions), *found.shape[at + 1 :])

    grid = (axis, "dimension")
    neuron, engine = ("seed", *grid, "neuron"), stacked("engine", 0).astype(np.dtypes.StringDType())
    hitting_time, flow_time = stacked("hitting_time"), stacked("flow_time")
    data = {
        "hitting_time": variable(neuron, hitting_time, "samples until the largest alignment hits", "samples"),
        "flow_time": variable(neuron, flow_time, "the same for the flow from the same start", "samples"),
        "largest": variable(neuron, stacked("largest"), "largest absolute alignment at the end"),
        **more(stacked),
        "status": xr.Variable(("seed", *grid), stacked("status"), status_attributes()),
        "engine": variable(grid, engine, "engine that ran"),
    }
    coords = {"seed": list(context.seeds), axis: list(values), "dimension": list(setting.dimensions)}
    return xr.Dataset(data, coords=coords)


def train(setting: LocalisationSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Phase I for every number of tasks and dimension of the setting."""

    def point(tasks: int, d: int) -> tuple[str, int, str]:
        # The dimensions share their starts, up to the length of the weights: slopes are paired.
        return (f"{tasks}/{d}", tasks, f"init/{tasks}") if setting.tasks else (str(d), tasks, "init")

    def more(stacked: Callable[..., np.ndarray]) -> dict[str, xr.Variable]:
        grid = ("tasks", "dimension")
        neuron, time = ("seed", *grid, "neuron"), ("seed", *grid, "time")
        return {
            "second": variable(neuron, stacked("second"), "second largest absolute alignment at the end"),
            "task": variable(neuron, stacked("task"), "task of the largest alignment at the end"),
            "localised": variable(time, stacked("localised"), "fraction of neurons above 0.9"),
            "samples": variable((*grid, "time"), stacked("time", 0), "samples seen", "samples"),
            "bias": variable(neuron, stacked("bias"), "bias of the neuron"),
            "sign": variable(neuron, stacked("sign"), "sign of the second layer"),
        }

    return phase_one_grid(setting, target, context, "tasks", setting.task_counts, point, more)
