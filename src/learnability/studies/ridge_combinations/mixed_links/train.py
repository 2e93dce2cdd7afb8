"""Population flow of neurons with random Hermite coefficients towards tasks with links of several degrees."""

import numpy as np
import xarray as xr

from learnability.flows.correlation import CorrelationFlow, trajectory
from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.ridge_combinations.alignments import uniform_starts
from learnability.studies.ridge_combinations.mixed_links.setting import MixedLinksSetting
from learnability.studies.ridge_combinations.ridge_target import links

# Flow time, in units of the time in which a start of one standard deviation escapes by the leading degree. Neurons
# without a leading coefficient would need a time larger by a power of d.
_PATIENCE = 10.0


def train(setting: MixedLinksSetting, context: RunContext) -> xr.Dataset:
    """Coefficients and last alignments of every neuron, (seed, neuron)."""
    link = links(setting.target)
    tasks, d, p = setting.target.tasks, setting.dimension, setting.target.information_exponent
    used = np.abs(link).max(0) > 0
    unit = np.sqrt(tasks) * d ** ((p - 2) / 2) / (p * (p - 2) * np.abs(link[0, p]))
    coefficients, largest = [], []
    rng = context.stream("init")
    for i in range(len(context.seeds)):
        start = uniform_starts(setting.neurons, tasks, d, rng)
        student = rng.integers(-1, 2, size=(setting.neurons, link.shape[1])) * used
        flow = CorrelationFlow(student.astype(float), link, np.eye(tasks))
        final = trajectory(flow, start, np.array([_PATIENCE * unit]), relative_step=0.1)[0]
        coefficients.append(student)
        largest.append(np.abs(final).max(1))
        context.progress(i + 1, len(context.seeds))
    data = {
        "student": variable(("seed", "neuron", "degree"), np.array(coefficients, np.int8), "Hermite coefficients"),
        "largest": variable(("seed", "neuron"), largest, "largest absolute alignment at the end"),
    }
    return xr.Dataset(data, coords={"seed": list(context.seeds)})
