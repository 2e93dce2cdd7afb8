"""Which task a neuron picks when tasks differ in strength: population flow from the exact start at dimension d."""

import numpy as np
import xarray as xr

from learnability.flows.correlation import CorrelationFlow, trajectory
from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.ridge_combinations.alignments import uniform_starts
from learnability.studies.ridge_combinations.ridge_target import links
from learnability.studies.ridge_combinations.width.setting import WidthSetting

# Flow time after which a start of median size has long escaped, in units of its escape time.
_PATIENCE = 40.0


def _weak_fraction(setting: WidthSetting, tasks: int, rng: np.random.Generator) -> float:
    """Fraction of neurons that end on one of the weak tasks (every second one)."""
    link = links(setting.target, tasks)
    d, p = setting.dimension, setting.target.information_exponent
    start = uniform_starts(setting.neurons, tasks, d, rng)
    # A Hermite mixture with unit coefficients in the degrees of the links satisfies the descent condition of
    # Assumption 3.
    student = np.where(np.abs(link).max(0) > 0, 1.0, 0.0)
    flow = CorrelationFlow(np.tile(student, (setting.neurons, 1)), link, np.eye(tasks))
    unit = np.sqrt(tasks) / (p * (p - 2)) * d ** ((p - 2) / 2)
    final = trajectory(flow, start, np.array([_PATIENCE * unit]), relative_step=0.2)[0]
    winner, reached = np.abs(final).argmax(1), np.abs(final).max(1) > 0.9
    return float(((winner % 2 == 1) & reached).sum() / max(1, reached.sum()))


def train(setting: WidthSetting, context: RunContext) -> xr.Dataset:
    """Shares of one weak task over M, one row for every seed."""
    rng = context.stream("init")
    share = np.empty((len(context.seeds), len(setting.tasks)))
    for i in range(len(context.seeds)):
        for k, tasks in enumerate(setting.tasks):
            share[i, k] = _weak_fraction(setting, tasks, rng) / (tasks // 2)
            context.progress(i * len(setting.tasks) + k + 1, share.size)
    data = {"share": variable(("seed", "tasks"), share, "fraction of neurons on one weak task")}
    return xr.Dataset(data, coords={"seed": list(context.seeds), "tasks": list(setting.tasks)})
