"""Phase II: the second layer is refitted on learned, oracle and random features, and a kernel on the raw input."""

from typing import NamedTuple

import numpy as np
import torch
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.results.sections import Arrays, Section, Sections
from learnability.results.status import status_attributes
from learnability.sgd.chain import rebuild_weights
from learnability.sgd.full import NetworkState
from learnability.sgd.loop import run
from learnability.statistics.random import torch_generator
from learnability.studies.ridge_combinations.alignments import above
from learnability.studies.ridge_combinations.phase_one import BIAS_RANGE, directions, label_function, plan
from learnability.studies.ridge_combinations.phase_two.regressions import (
    REGRESSIONS,
    Samples,
    Score,
    kernel_ridge,
    prepared,
)
from learnability.studies.ridge_combinations.phase_two.setting import PhaseTwoSetting

_VALIDATION = 4000


class Refit(NamedTuple):
    """What the second layer is fitted to: directions (M~, d), link coefficients (M~, degree + 1), label noise."""

    directions: torch.Tensor
    link: np.ndarray
    noise: float = 0.0

    def samples(self, count: int, rng: np.random.Generator, noisy: bool = True) -> Samples:
        """Fresh inputs (count, d) and labels (count,), float64."""
        x = rng.standard_normal((count, self.directions.shape[1]))
        t = torch.as_tensor(x) @ self.directions.mT
        clean = label_function(self.link)(t).numpy()
        return Samples(x, clean + self.noise * rng.standard_normal(count) if noisy and self.noise else clean)


def refit_target(setting: PhaseTwoSetting, target: xr.Dataset) -> Refit:
    """The phase I target, or for fine-tuning a new link on a subset of its directions."""
    frame = directions(target["gram"].values[0], setting.dimension)
    count = setting.subset or len(frame)
    link = target["link"].values[:count]
    if setting.new_link is not None:
        new = np.array(setting.new_link) / np.linalg.norm(setting.new_link)
        link = np.tile(new, (count, 1))
    return Refit(frame[:count], link, setting.label_noise)


def trained_weights(setting: PhaseTwoSetting, target: xr.Dataset, context: RunContext, section: Section) -> Arrays:
    """Weights (seed, neuron, d) after phase I, rebuilt in R^d where the chain ran."""
    dimension = setting.dimension
    generator, seeds = torch_generator(context.stream("init")), len(context.seeds)
    noise = setting.label_noise
    planned = plan(setting.phase_one, target, dimension, seeds, generator, context.device, label_noise=noise)
    data = torch_generator(context.stream("data"), context.device)
    steps = [setting.phase_one.steps]
    result = run(
        planned.engine, planned.state, steps, planned.step_size, data, checkpoint=section, progress=section.progress
    )
    if isinstance(result.state, NetworkState):
        weights = result.state.weights
    else:
        state = type(result.state)(*(tensor.cpu() for tensor in result.state))
        weights = rebuild_weights(state, torch.eye(target.sizes["task"], dimension), generator)
    total = planned.batch_size * setting.phase_one.steps
    alignment = result.observed["alignment"][-1]
    arrays = {"weights": weights.cpu().double().numpy(), "alignment": alignment}
    return {**arrays, "samples": np.array(total), "status": result.status}


def hidden_weights(kind: str, trained: np.ndarray, frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """First-layer directions (neuron, d): trained, true directions at random, or uniform on the sphere."""
    if kind == "trained":
        return trained
    if kind == "oracle":
        return frame[rng.integers(len(frame), size=len(trained))]
    drawn = rng.standard_normal(trained.shape)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def _refits(
    setting: PhaseTwoSetting, goal: Refit, frame: np.ndarray, trained: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Scores (samples, feature x regression, 3) of one seed, and the L1 error of predicting zero.

    As in Algorithm 1, biases are drawn anew and signs of the weights flipped before the fit.
    """
    signs = rng.choice([-1.0, 1.0], size=len(trained))
    biases = rng.uniform(-BIAS_RANGE, BIAS_RANGE, size=len(trained))
    validation, test = goal.samples(_VALIDATION, rng), goal.samples(setting.test_samples, rng, noisy=False)
    pool = goal.samples(max(setting.samples), rng)
    scores = np.full((len(setting.samples), len(setting.features) * len(REGRESSIONS), 3), np.nan)
    for f, kind in enumerate(setting.features):
        weights = signs[:, None] * hidden_weights(kind, trained, frame, rng)

        def features(samples: Samples, weights: np.ndarray = weights) -> Samples:
            return Samples(np.maximum(samples.inputs @ weights.T + biases, 0), samples.labels)

        fitted, checked, tested = features(pool), features(validation), features(test)
        for i, n in enumerate(setting.samples):
            training = prepared(Samples(fitted.inputs[:n], fitted.labels[:n]))
            for r, (name, regression) in enumerate(REGRESSIONS.items()):
                if (kind, name) == ("random", "lasso"):
                    continue  # random features are there to show that nothing is learned: ridge does
                score = regression(training, checked, tested)
                scores[i, f * len(REGRESSIONS) + r] = score.l1, score.l2, score.nonzero
    return scores, float(np.abs(test.labels).mean())


def kernel_counts(setting: PhaseTwoSetting, phase_one_samples: int) -> list[int]:
    """Numbers of samples of the kernel: those of the setting, and with ``equal_total`` those of both phases."""
    total = [phase_one_samples + max(setting.samples)] if setting.equal_total else []
    return [*setting.kernel_samples, *total]


def _kernels(setting: PhaseTwoSetting, goal: Refit, counts: list[int], rng: np.random.Generator) -> list[Score]:
    degree = int(np.flatnonzero(np.abs(goal.link).max(0))[-1])
    validation, test = goal.samples(1000, rng), goal.samples(2000, rng, noisy=False)
    return [kernel_ridge(goal.samples(n, rng), validation, test, degree) for n in counts]


def _measure(
    setting: PhaseTwoSetting, target: xr.Dataset, context: RunContext, phase_one: Arrays, section: Section
) -> Arrays:
    """Scores of all seeds; NaN where phase I diverged, as its status says."""
    goal = refit_target(setting, target)
    frame = directions(target["gram"].values[0], setting.dimension).numpy()
    seeds, methods = len(context.seeds), len(setting.features) * len(REGRESSIONS)
    scores, zero = np.full((seeds, len(setting.samples), methods, 3), np.nan), np.full(seeds, np.nan)
    counts = kernel_counts(setting, int(phase_one["samples"]))
    kernel = np.full((seeds, len(counts), 2), np.nan)
    for i, seed in enumerate(context.seeds):
        rng, trained = context.stream(f"phase-two/{seed}"), phase_one["weights"][i]
        if not np.isfinite(trained).all():
            continue
        scores[i], zero[i] = _refits(setting, goal, frame, trained, rng)
        for k, score in enumerate(_kernels(setting, goal, counts, rng)):
            kernel[i, k] = score.l1, score.l2
        section.progress(i + 1, seeds, "phase two")
    return {"scores": scores, "zero": zero, "kernel": kernel}


def train(setting: PhaseTwoSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Test errors of every feature map and regression over the number of phase II samples."""
    sections = Sections(context, {"phase-one": 1, "phase-two": 1})
    phase_one = sections.result("phase-one", lambda s: trained_weights(setting, target, context, s))
    found = sections.result("phase-two", lambda s: _measure(setting, target, context, phase_one, s))
    localised = above(np.abs(phase_one["alignment"]).max(axis=-1), 0.9).mean(-1)
    axes, kernel = ("seed", "samples", "method"), ("seed", "kernel_samples")
    l1, l2, nonzero = np.moveaxis(found["scores"], -1, 0)
    methods = [f"{kind} {name}" for kind in setting.features for name in REGRESSIONS]
    data = {
        "l1": variable(axes, l1, "mean absolute error on the test set"),
        "l2": variable(axes, l2, "mean squared error on the test set"),
        "nonzero": variable(axes, nonzero, "nonzero second-layer coefficients"),
        "zero_l1": variable("seed", found["zero"], "mean absolute error of predicting zero"),
        "kernel_l1": variable(kernel, found["kernel"][..., 0], "mean absolute error of kernel ridge"),
        "kernel_l2": variable(kernel, found["kernel"][..., 1], "mean squared error of kernel ridge"),
        "localised": variable("seed", localised, "fraction of neurons above 0.9 after phase I"),
        "phase_one_samples": variable((), int(phase_one["samples"]), "samples that phase I used", "samples"),
        "status": xr.Variable("seed", phase_one["status"], status_attributes()),
    }
    coords = {
        "seed": list(context.seeds),
        "samples": list(setting.samples),
        "method": names("method", methods, "features and regression"),
        "kernel_samples": kernel_counts(setting, int(phase_one["samples"])),
    }
    return xr.Dataset(data, coords=coords, attrs={"dimension": setting.dimension})
