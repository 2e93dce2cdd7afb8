"""Equiangular directions: do neurons still localise? Population flow and SGD over the coherence."""

from functools import partial

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.results.sections import Arrays, Section, Sections
from learnability.results.status import status_attributes
from learnability.sgd.loop import run
from learnability.statistics.random import torch_generator
from learnability.studies.ridge_combinations.alignments import above
from learnability.studies.ridge_combinations.coherence.setting import CoherenceSetting
from learnability.studies.ridge_combinations.phase_one import plan, population_flow, summarised

# The flow runs this many times longer than SGD: its localisation is a statement about where it ends.
_PATIENCE = 30.0
# A neuron is on the average of the tasks where its least alignment is this fraction of its largest: both are equal at
# the average, and in the ratio 1 : 2.6 at the localised point when it vanishes (M = 8).
_EVEN = 0.9


def _both(setting: CoherenceSetting, target: xr.Dataset, context: RunContext, index: int, section: Section) -> Arrays:
    """Fractions of neurons on a single direction at one coherence, by SGD and by the flow from the same starts."""
    phase, seeds = setting.phase_one, len(context.seeds)
    generator = torch_generator(context.stream(f"init/{index}"))
    planned = plan(phase, target, setting.dimension, seeds, generator, context.device, coherence=index)
    data = torch_generator(context.stream(f"data/{index}"), context.device)
    start = planned.engine.observe(planned.state)["alignment"].double().cpu().numpy()
    engine, steps = summarised(planned.engine), [phase.steps]
    result = run(engine, planned.state, steps, planned.step_size, data, checkpoint=section, progress=section.progress)
    span = _PATIENCE * float(planned.step_size(np.arange(phase.steps)).sum())
    final = population_flow(planned, target, start, np.array([span]), index)[0]
    return {
        "sgd": above(result.observed["largest"][-1], 0.9).mean(1),
        "status": result.status,
        "flow": (np.abs(final).max(-1) > 0.9).mean(1),
        "flow_average": (final.min(-1) > _EVEN * final.max(-1)).mean(1),
        "flow_tasks": np.array([len(set(a.argmax(-1)[a.max(-1) > 0.9])) for a in np.abs(final)]),
    }


def train(setting: CoherenceSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Fractions of neurons on a single direction, (seed, coherence)."""
    values = list(setting.target.coherences)
    sections = Sections(context, {f"{rho:g}": 1 for rho in values})
    results = [
        sections.result(f"{rho:g}", partial(_both, setting, target, context, index)) for index, rho in enumerate(values)
    ]

    def stacked(name: str) -> np.ndarray:
        return np.stack([result[name] for result in results], axis=1)

    axes = ("seed", "coherence")
    data = {
        "sgd": variable(axes, stacked("sgd"), "fraction of neurons with an alignment above 0.9, SGD"),
        "flow": variable(axes, stacked("flow"), "fraction of neurons with an alignment above 0.9, population flow"),
        "flow_average": variable(axes, stacked("flow_average"), "fraction of neurons on the average, population flow"),
        "flow_tasks": variable(axes, stacked("flow_tasks"), "tasks found by the flow"),
        "status": xr.Variable(axes, stacked("status"), status_attributes()),
    }
    return xr.Dataset(data, coords={"seed": list(context.seeds), "coherence": values})
