"""Equiangular directions: do neurons still localise? Population flow and SGD over the coherence."""

from typing import Any

import numpy as np
import xarray as xr

from learnability.flows.correlation import CorrelationFlow, trajectory
from learnability.sgd.loop import run
from learnability.results.status import status_attributes
from learnability.hermite.activations import relu_expansion
from learnability.statistics.random import torch_generator
from learnability.results.contract import RunContext
from learnability.studies.ridge_combinations.phase_one import Plan, plan, summarised
from learnability.studies.ridge_combinations.sections import Arrays, Section, Sections
from learnability.studies.ridge_combinations.settings import CoherenceSetting

# The flow runs this many times longer than SGD: its localisation is a statement about where it ends.
_PATIENCE = 30.0


def _sgd(setting: CoherenceSetting, target: xr.Dataset, context: RunContext, index: int, section: Section) -> Arrays:
    phase, exponent = setting.phase_one, int(target["information_exponent"])
    generator = torch_generator(context.stream(f"init/{index}"), context.device)
    seeds = len(context.seeds)
    gram = target["gram"].values[index]
    planned = plan(phase, target["link"].values, gram, exponent, setting.dimension, seeds, generator)
    data = torch_generator(context.stream(f"data/{index}"), context.device)
    start = planned.engine.observe(planned.state)["alignment"].double().cpu().numpy()
    result = run(
        summarised(planned.engine),
        planned.state,
        [phase.steps],
        planned.step_size,
        data,
        checkpoint=section,
        progress=context.progress,
    )
    final = _flow(setting, target, index, start, planned)
    largest = result.observed["largest"][-1]
    return {
        "sgd": np.where(np.isnan(largest), np.nan, largest > 0.9).mean(1),
        "status": result.status,
        "flow": (np.abs(final).max(-1) > 0.9).mean(1),
        "flow_tasks": np.array([len(set(a.argmax(-1)[a.max(-1) > 0.9])) for a in np.abs(final)]),
    }


def _flow(setting: CoherenceSetting, target: xr.Dataset, index: int, start: np.ndarray, planned: Plan) -> np.ndarray:
    """Alignments (seed, neuron, task) where the population flow from the same starts ends."""
    phase, link, gram = setting.phase_one, target["link"].values, target["gram"].values[index]
    alpha = relu_expansion(planned.biases.cpu().double().numpy(), link.shape[1] - 1)
    student = np.tile(alpha * planned.signs.cpu().double().numpy()[:, None], (len(start), 1))
    flow = CorrelationFlow(student, link, gram)
    span = _PATIENCE * float(planned.step_size(np.arange(phase.steps)).sum())
    final = trajectory(flow, start.reshape(-1, len(gram)), np.array([span]), relative_step=0.1)[0]
    return final.reshape(start.shape)


def train(setting: CoherenceSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Fractions of neurons on a single direction, (seed, coherence)."""
    sections = Sections(context.checkpoint)
    values = list(setting.target.coherences)
    results = []
    for index, rho in enumerate(values):

        def compute(section: Section, index: int = index) -> Arrays:
            return _sgd(setting, target, context, index, section)

        results.append(sections.result(f"{rho:g}", compute))
    texts = {
        "sgd": "fraction of neurons with an alignment above 0.9, SGD",
        "flow": "fraction of neurons with an alignment above 0.9, population flow",
        "flow_tasks": "tasks found by the flow",
    }
    data: dict[str, Any] = {
        name: (("seed", "coherence"), np.stack([r[name] for r in results], 1), {"units": "1", "long_name": text})
        for name, text in texts.items()
    }
    data["status"] = (("seed", "coherence"), np.stack([r["status"] for r in results], 1), status_attributes())
    return xr.Dataset(data, coords={"seed": list(context.seeds), "coherence": values})
