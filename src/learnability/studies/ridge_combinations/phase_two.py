"""Phase II: the second layer is refitted on learned, oracle and random features, and a kernel on the raw input."""

from typing import NamedTuple

import numpy as np
import torch
import xarray as xr

from learnability.sgd import chain as decoupled_sgd
from learnability.sgd import full as online_sgd
from learnability.sgd.loop import run
from learnability.results.status import status_attributes
from learnability.statistics.random import torch_generator
from learnability.results.contract import RunContext
from learnability.studies.ridge_combinations.phase_one import directions, label_function, plan
from learnability.studies.ridge_combinations.regressions import (
    REGRESSIONS,
    Samples,
    Score,
    kernel_ridge,
    prepared,
)
from learnability.studies.ridge_combinations.sections import Arrays, Section, Sections
from learnability.studies.ridge_combinations.settings import PhaseTwoSetting

_VALIDATION = 4000


class Refit(NamedTuple):
    """What the second layer is fitted to: directions (M~, d) and link coefficients (M~, degree + 1)."""

    directions: torch.Tensor
    link: np.ndarray

    def samples(self, count: int, rng: np.random.Generator) -> Samples:
        """Fresh inputs (count, d) and labels (count,), float64."""
        x = rng.standard_normal((count, self.directions.shape[1]))
        t = torch.as_tensor(x) @ self.directions.mT
        return Samples(x, label_function(self.link)(t).numpy())


def refit_target(setting: PhaseTwoSetting, target: xr.Dataset) -> Refit:
    """The phase I target, or for fine-tuning a new link on a subset of its directions."""
    frame = directions(target["gram"].values[0], setting.dimension)
    count = setting.subset or len(frame)
    link = target["link"].values[:count]
    if setting.new_link is not None:
        new = np.array(setting.new_link) / np.linalg.norm(setting.new_link)
        link = np.tile(new, (count, 1))
    return Refit(frame[:count], link)


def _trained_weights(setting: PhaseTwoSetting, target: xr.Dataset, context: RunContext, section: Section) -> Arrays:
    """Weights (seed, neuron, d) after phase I, rebuilt in R^d where the chain ran."""
    exponent, dimension = int(target["information_exponent"]), setting.dimension
    generator = torch_generator(context.stream("init"), context.device)
    gram = target["gram"].values[0]
    planned = plan(setting.phase_one, target["link"].values, gram, exponent, dimension, len(context.seeds), generator)
    data = torch_generator(context.stream("data"), context.device)
    steps = [setting.phase_one.steps]
    result = run(
        planned.engine, planned.state, steps, planned.step_size, data, checkpoint=section, progress=context.progress
    )
    if isinstance(result.state, online_sgd.NetworkState):
        weights = result.state.weights
    else:
        basis = torch.eye(len(gram), dimension, device=data.device)
        weights = decoupled_sgd.rebuild_weights(result.state, basis, generator)
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
    biases = rng.uniform(-setting.bias_range, setting.bias_range, size=len(trained))
    validation, test = goal.samples(_VALIDATION, rng), goal.samples(setting.test_samples, rng)
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


def _kernels(setting: PhaseTwoSetting, goal: Refit, rng: np.random.Generator) -> list[Score]:
    degree = int(np.flatnonzero(np.abs(goal.link).max(0))[-1])
    validation, test = goal.samples(1000, rng), goal.samples(2000, rng)
    return [kernel_ridge(goal.samples(n, rng), validation, test, degree) for n in setting.kernel_samples]


def _measure(setting: PhaseTwoSetting, target: xr.Dataset, context: RunContext, phase_one: Arrays) -> Arrays:
    goal = refit_target(setting, target)
    frame = directions(target["gram"].values[0], setting.dimension).numpy()
    scores, zeros, kernels = [], [], []
    for i, seed in enumerate(context.seeds):
        rng = context.stream(f"phase-two/{seed}")
        if not np.isfinite(phase_one["weights"][i]).all():  # phase I diverged: its status says so
            scores.append(np.full((len(setting.samples), len(setting.features) * len(REGRESSIONS), 3), np.nan))
            zeros.append(np.nan)
            kernels.append([(np.nan, np.nan)] * len(setting.kernel_samples))
            continue
        found, zero = _refits(setting, goal, frame, phase_one["weights"][i], rng)
        scores.append(found)
        zeros.append(zero)
        kernels.append([(s.l1, s.l2) for s in _kernels(setting, goal, rng)])
        context.progress(i + 1, len(context.seeds), "phase two")
    kernel = np.array(kernels).reshape(len(zeros), len(setting.kernel_samples), 2)
    return {"scores": np.stack(scores), "zero": np.array(zeros), "kernel": kernel}


def train(setting: PhaseTwoSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Test errors of every feature map and regression over the number of phase II samples."""
    sections = Sections(context.checkpoint)
    phase_one = sections.result("phase-one", lambda s: _trained_weights(setting, target, context, s))
    found = sections.result("phase-two", lambda _: _measure(setting, target, context, phase_one))
    top = np.abs(phase_one["alignment"]).max(axis=-1)
    localised = np.where(np.isnan(top), np.nan, top > 0.9).mean(-1)
    dims = ("seed", "samples", "method")
    data = {
        "l1": (dims, found["scores"][..., 0], "mean absolute error on the test set"),
        "l2": (dims, found["scores"][..., 1], "mean squared error on the test set"),
        "nonzero": (dims, found["scores"][..., 2], "nonzero second-layer coefficients"),
        "zero_l1": (("seed",), found["zero"], "mean absolute error of predicting zero"),
        "kernel_l1": (("seed", "kernel_samples"), found["kernel"][..., 0], "mean absolute error of kernel ridge"),
        "kernel_l2": (("seed", "kernel_samples"), found["kernel"][..., 1], "mean squared error of kernel ridge"),
        "localised": (("seed",), localised, "fraction of neurons above 0.9 after phase I"),
    }
    dataset = xr.Dataset({name: (d, v, {"units": "1", "long_name": text}) for name, (d, v, text) in data.items()})
    total = {"units": "samples", "long_name": "samples that phase I used"}
    dataset["phase_one_samples"] = ((), int(phase_one["samples"]), total)
    dataset["status"] = (("seed",), phase_one["status"], status_attributes())
    methods = [f"{kind} {name}" for kind in setting.features for name in REGRESSIONS]
    dataset.attrs = {"methods": methods, "dimension": setting.dimension}
    dataset = dataset.assign_coords(seed=list(context.seeds), samples=list(setting.samples))
    return dataset.assign_coords(method=list(range(len(methods))), kernel_samples=list(setting.kernel_samples))
