"""The methods of a check, with one signature: samples in, the smallest cosine for every number of samples out."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from learnability.estimators import kernel, moments, reuse, stepwise
from learnability.estimators.moments import smallest_cosine
from learnability.flows.two_timescale import Features, follow, profile_loss, retract
from learnability.studies.atlas.check.setting import CheckSetting
from learnability.studies.atlas.problem import Known

Array = NDArray[np.float64]

_FLOW_STEPS = 150
_FLOW_TIME = 1e4
_DESCENT_DEGREE = 6
_RIDGE = 1e-3
_POPULATION = 200_000
_MOST_THREE = 3162


@dataclass(frozen=True)
class Samples:
    """The samples of one seed: inputs (n, d), whose first r coordinates are the hidden ones, labels of variance one."""

    x: Array
    y: Array
    rng: np.random.Generator


Cosines = list[float]


def counts(first: int, last: int) -> tuple[int, ...]:
    """Numbers of samples in quarters of a decade."""
    steps = range(math.floor(4 * math.log10(last / first) + 1e-3) + 1)
    return tuple(round(first * 10 ** (i / 4)) for i in steps)


def online_sgd(known: Known, data: Samples, grid: Sequence[int]) -> Cosines:
    """Each sample once: the update is the label times a function of the projection."""
    return _network(known, data, grid, 0.0, known.information_exponent)


def reused_samples(known: Known, data: Samples, grid: Sequence[int]) -> Cosines:
    """Each sample twice: the update is a nonlinear function of the label."""
    return _network(known, data, grid, reuse.PROVISIONAL, max(known.generative_exponent, 2))


def _network(known: Known, data: Samples, grid: Sequence[int], rho: float, exponent: int) -> Cosines:
    r = known.directions
    found = reuse.learned_subspaces(data.x, data.y, grid, r, data.rng, rho=rho, exponent=exponent)
    return [smallest_cosine(basis, r) for basis in found]


def partial_trace(known: Known, data: Samples, grid: Sequence[int]) -> Cosines:
    """Partial traces of the label as it is, at the correlational leaps."""
    if max(k for k, _ in known.correlational) > moments.HIGHEST_TRACE:
        return [math.nan] * len(grid)
    return [_stepwise(known, data, n, known.correlational, stepwise.label_weights, moments.partial_trace) for n in grid]


def u_statistic(known: Known, data: Samples, grid: Sequence[int]) -> Cosines:
    """Pairs of samples and a basis of transforms of the label, at the generative leaps; the link is not known."""
    highest = max((k for k, _ in known.generative), default=math.inf)
    most = _MOST_THREE if highest == moments.HIGHEST_PAIRS else math.inf
    if highest > moments.HIGHEST_PAIRS:
        return [math.nan] * len(grid)
    return [
        _stepwise(known, data, n, known.generative, stepwise.rank_weights, moments.u_statistic)
        if n <= most
        else math.nan
        for n in grid
    ]


def _stepwise(
    known: Known,
    data: Samples,
    n: int,
    steps: Sequence[tuple[int, int]],
    weights: stepwise.Weights,
    moment: stepwise.Moment,
) -> float:
    return smallest_cosine(stepwise.stepwise(data.x[:n], data.y[:n], steps, weights, moment), known.directions)


def best_transform(known: Known, data: Samples, grid: Sequence[int]) -> Cosines:
    """The best transforms of the label for the first generative leap, where that is at most 2 and gains every
    direction."""
    if len(known.generative) != 1 or known.generative[0][0] > 2 or known.generative[0][1] != known.directions:
        return [math.nan] * len(grid)
    ((degree, r),) = known.generative
    z = data.rng.standard_normal((_POPULATION, r))
    edges, transform = stepwise.best_transforms(known.labels(z), z, degree, r if degree == 1 else r * (r + 1) // 2)

    def weights(y: Array, along: Array) -> Array:
        return transform[np.searchsorted(edges, y, "right")]

    return [_stepwise(known, data, n, known.generative, weights, moments.partial_trace) for n in grid]


def kernel_ridge(known: Known, data: Samples, grid: Sequence[int]) -> Cosines:
    """The subspace in which the predictor of kernel ridge regression varies most."""
    r = known.directions
    return [smallest_cosine(kernel.gradient_subspace(data.x[:n], data.y[:n], r), r) for n in grid]


def two_timescale(known: Known, data: Samples, grid: Sequence[int]) -> Cosines:
    """Descent of the subspace on the whole batch, the link refitted by ridge regression at every step."""
    r, d = known.directions, data.x.shape[1]
    features = Features(r, min(known.degree, _DESCENT_DEGREE), 1.0)
    start = retract(torch.from_numpy(data.rng.standard_normal((1, d, r))))
    inputs, labels = torch.from_numpy(data.x)[None], torch.from_numpy(data.y)[None]
    found = []
    for n in grid:

        def objective(weights: torch.Tensor, active: torch.Tensor, n: int = n) -> tuple[torch.Tensor, torch.Tensor]:
            return profile_loss(features, _RIDGE, inputs[:, :n], labels[:, :n], weights)

        end = follow(objective, start, _never, _FLOW_TIME, _FLOW_STEPS)
        found.append(smallest_cosine(end.weights[0].numpy(), r))
    return found


def _never(weights: torch.Tensor) -> torch.Tensor:
    """No run knows when it has arrived: it ends at rest, or with its steps."""
    return torch.zeros(len(weights), dtype=torch.bool)


METHODS: dict[str, Callable[[Known, Samples, Sequence[int]], Cosines]] = {
    "online_sgd": online_sgd,
    "reused_samples": reused_samples,
    "two_timescale": two_timescale,
    "partial_trace": partial_trace,
    "best_transform": best_transform,
    "u_statistic": u_statistic,
    "kernel_ridge": kernel_ridge,
}


def most(setting: CheckSetting, method: str) -> int:
    """The largest number of samples of a method."""
    limits = {
        "online_sgd": setting.most_online,
        "reused_samples": setting.most_online,
        "two_timescale": setting.most_batch,
        "u_statistic": setting.most_pairs,
        "kernel_ridge": setting.most_kernel,
    }
    return limits.get(method, setting.most_samples)
