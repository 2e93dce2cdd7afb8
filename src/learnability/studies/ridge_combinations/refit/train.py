"""Ridge refits on true directions over samples and tasks, and the population error over the width."""

import math

import numpy as np
import torch
import xarray as xr

from learnability.hermite.basis import hermite_basis
from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.ridge_combinations import theory
from learnability.studies.ridge_combinations.phase_one import BIAS_RANGE, label_function
from learnability.studies.ridge_combinations.phase_two.regressions import Samples, prepared, ridge
from learnability.studies.ridge_combinations.refit.setting import RefitSetting
from learnability.studies.ridge_combinations.ridge_target import links

_CHECKED = 4000
_POINTS = 4001
_REFERENCE = 500  # samples at which a task has neurons_per_task neurons, where they grow with the samples


def _tasks_of(setting: RefitSetting, tasks: int, neurons_per_task: int, rng: np.random.Generator) -> np.ndarray:
    """The task of every neuron (neuron,): each gets its share of the neurons, drawn at random."""
    weak = theory.weak_share(tasks, setting.target.strength_ratio, setting.target.information_exponent)
    odd = np.arange(tasks) % 2 == 1
    strong = (1 - weak * odd.sum()) / (~odd).sum()
    return rng.choice(tasks, size=neurons_per_task * tasks, p=np.where(odd, weak, strong))


def _errors(
    setting: RefitSetting, tasks: int, counts: tuple[int, ...], neurons_per_task: int, rng: np.random.Generator
) -> list[float]:
    """L1 errors against the target without noise, over the numbers ``counts`` of samples."""
    label = label_function(links(setting.target, tasks))
    of = _tasks_of(setting, tasks, neurons_per_task, rng)
    signs = rng.choice([-1.0, 1.0], size=len(of))
    biases = rng.uniform(-BIAS_RANGE, BIAS_RANGE, size=len(of))

    def samples(count: int, noise: float) -> Samples:
        t = rng.standard_normal((count, tasks))
        labels = label(torch.as_tensor(t)).numpy() + noise * rng.standard_normal(count)
        return Samples(np.maximum(t[:, of] * signs + biases, 0), labels)

    pool = samples(max(counts), setting.label_noise)
    checked, tested = samples(_CHECKED, setting.label_noise), samples(_CHECKED, 0.0)
    return [ridge(prepared(Samples(pool.inputs[:n], pool.labels[:n])), checked, tested).l1 for n in counts]


def _joint_errors(setting: RefitSetting, rng: np.random.Generator) -> list[float]:
    """L1 errors over ``joint_samples`` where the neurons grow like sqrt(n), as J ~ 1/eps does at n ~ 1/eps^2."""
    errors = []
    for n in setting.joint_samples:
        neurons = round(setting.neurons_per_task * math.sqrt(n / _REFERENCE))
        errors += _errors(setting, setting.joint_tasks, (n,), neurons, rng)
    return errors


def _population_error(setting: RefitSetting, width: int, rng: np.random.Generator) -> float:
    """L1 error of the best fit of one link by ``width`` neurons with random biases, under the normal law."""
    link = links(setting.target, 2)[0]
    x = np.linspace(-8, 8, _POINTS)  # features have kinks, which a Gauss rule would not see
    weights = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) * (x[1] - x[0])
    signs = rng.choice([-1.0, 1.0], size=width)
    biases = rng.uniform(-BIAS_RANGE, BIAS_RANGE, size=width)
    features = np.concatenate([np.ones((_POINTS, 1)), np.maximum(x[:, None] * signs + biases, 0)], axis=1)
    goal = hermite_basis(x, len(link) - 1) @ link
    root = np.sqrt(weights)[:, None]
    fitted = features @ np.linalg.lstsq(root * features, root[:, 0] * goal, rcond=1e-12)[0]
    return float(weights @ np.abs(fitted - goal))


def train(setting: RefitSetting, context: RunContext) -> xr.Dataset:
    """Errors (seed, tasks, samples) and (seed, joint_samples) of the refit, and (seed, width) of the best fit."""
    rng, joint_rng = context.stream("data"), context.stream("joint")
    seeds = len(context.seeds)
    error = np.empty((seeds, len(setting.tasks), len(setting.samples)))
    best = np.empty((seeds, len(setting.widths)))
    joint = np.empty((seeds, len(setting.joint_samples)))
    equal = setting.target.strength_ratio == 1
    for i in range(seeds):
        for k, tasks in enumerate(setting.tasks):
            error[i, k] = _errors(setting, tasks, setting.samples, setting.neurons_per_task, rng)
            context.progress(i * len(setting.tasks) + k + 1, seeds * len(setting.tasks))
        if equal:
            joint[i] = _joint_errors(setting, joint_rng)
        best[i] = [_population_error(setting, width, rng) for width in setting.widths]
    data = {
        "error": variable(("seed", "tasks", "samples"), error, "mean absolute error against the target without noise"),
        "best": variable(("seed", "width"), best, "mean absolute error of the best fit of one link"),
    }
    if equal:
        text = "mean absolute error, neurons growing like sqrt(n)"
        data["joint"] = variable(("seed", "joint_samples"), joint, text)
    coords = {
        "seed": list(context.seeds),
        "tasks": list(setting.tasks),
        "samples": list(setting.samples),
        "joint_samples": list(setting.joint_samples),
        "width": list(setting.widths),
    }
    return xr.Dataset(data, coords=coords)
