"""The methods of a check, with one signature: samples in, the smallest cosine for every number of samples out."""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from learnability.estimators import kernel, moments, reuse, stepwise
from learnability.estimators.moments import smallest_cosine
from learnability.flows.feature_table import FeatureTable
from learnability.flows.two_timescale import follow, profile_loss, retract
from learnability.studies.atlas.check.setting import CheckSetting
from learnability.studies.atlas.problem import Known

Array = NDArray[np.float64]

_FLOW_STEPS = 250
_FLOW_TIME = 1e4
_DESCENT_DEGREE = 6
_RIDGE = 1e-3
_POPULATION = 400_000


@dataclass(frozen=True)
class Samples:
    """The samples of one seed: inputs (n, d), whose first r coordinates are the hidden ones, labels of variance one."""

    x: Array
    y: Array
    rng: np.random.Generator


MOST_PAIRS_CHECKED = 3162
"""The largest number of samples of a method on pairs of degree 3 and 4: its cost grows as n^2."""

LEARNED = 0.8
"""The smallest cosine of the principal angles from which a subspace counts as learned."""

Cosines = list[float]


def counts(first: int, last: int, ratio: float = 10**0.25, slack: float = 1e-3) -> tuple[int, ...]:
    """Numbers of samples in steps of ``ratio``, a quarter of a decade where none is given; the last may lie beyond
    ``last`` by a part ``slack`` of a step."""
    steps = math.floor(math.log(max(last / first, 1), ratio) + slack)
    return tuple(round(first * ratio**i) for i in range(steps + 1))


def online_sgd(known: Known, data: Samples, grid: Sequence[int]) -> Cosines:
    """Each sample once: the update is the label times a function of the projection."""
    return _network(known, data, grid, reused=False)


def reused_samples(known: Known, data: Samples, grid: Sequence[int]) -> Cosines:
    """Each sample twice: the update is a nonlinear function of the label."""
    return _network(known, data, grid, reused=True)


def step_of(known: Known, reused: bool) -> tuple[float, int]:
    """The provisional step rho of a pass, and the exponent that its step size follows."""
    return (reuse.PROVISIONAL, max(known.generative_exponent, 2)) if reused else (0.0, known.information_exponent)


def _network(known: Known, data: Samples, grid: Sequence[int], reused: bool) -> Cosines:
    r, (rho, exponent) = known.directions, step_of(known, reused)
    found = reuse.learned_subspaces(data.x, data.y, grid, r, data.rng, rho=rho, exponent=exponent)
    return [smallest_cosine(basis, r) for basis in found]


def partial_trace(known: Known, data: Samples, grid: Sequence[int]) -> Cosines:
    """Partial traces of the label as it is, at the correlational leaps."""
    if max(k for k, _ in known.correlational) > moments.HIGHEST_TRACE:
        return [math.nan] * len(grid)
    return until_learned(
        grid, lambda n: _stepwise(known, data, n, known.correlational, stepwise.label_weights, moments.partial_trace)
    )


def u_statistic(known: Known, data: Samples, grid: Sequence[int]) -> Cosines:
    """Pairs of samples and a basis of transforms of the label, at the generative leaps; the link is not known."""
    return _at_generative_leaps(known, data, grid, stepwise.rank_weights, moments.u_statistic)


def _at_generative_leaps(
    known: Known,
    data: Samples,
    grid: Sequence[int],
    weights: stepwise.Weights,
    moment: stepwise.Moment,
    frame: Array | None = None,
) -> Cosines:
    """From degree 3 on, the cost of pairs ends the grid."""
    highest = max((k for k, _ in known.generative), default=math.inf)
    if highest > moments.HIGHEST_PAIRS:
        return [math.nan] * len(grid)
    most = MOST_PAIRS_CHECKED if highest > 2 and len(grid) > 1 else math.inf
    found = until_learned(
        [n for n in grid if n <= most],
        lambda n: _stepwise(known, data, n, known.generative, weights, moment, frame),
    )
    return found + [math.nan] * (len(grid) - len(found))


def until_learned(grid: Sequence[int], cosine: Callable[[int], float]) -> Cosines:
    """``cosine(n)`` for every n, until it exceeds :data:`LEARNED` at two neighbouring n; NaN beyond."""
    found: Cosines = []
    for n in grid:
        done = len(found) > 1 and min(found[-2:]) > LEARNED
        if done or (found and math.isnan(found[-1])):
            found.append(math.nan)
        else:
            found.append(cosine(n))
    return found


def _stepwise(
    known: Known,
    data: Samples,
    n: int,
    steps: Sequence[tuple[int, int]],
    weights: stepwise.Weights,
    moment: stepwise.Moment,
    frame: Array | None = None,
) -> float:
    found = stepwise.stepwise(data.x[:n], data.y[:n], steps, weights, moment, frame)
    return smallest_cosine(found, known.directions)


def best_transform(known: Known, data: Samples, grid: Sequence[int]) -> Cosines:
    """The best transforms of the label at every generative leap: the matrix of their moments up to degree 2, pairs of
    samples beyond."""
    if not known.complete:
        return [math.nan] * len(grid)

    def weights(y: Array, along: Array) -> Array:
        return _transforms(known, along.shape[1])(y, along)

    return _at_generative_leaps(known, data, grid, weights, _moment, known.frame)


def _moment(x: Array, weights: Array, degree: int) -> Array:
    return (moments.partial_trace if degree <= 2 else moments.u_statistic)(x, weights, degree)


@functools.lru_cache(maxsize=64)
def _transforms(known: Known, found: int) -> stepwise.BestTransforms:
    """Those of the leap after ``found`` directions, of the population: the same for every seed, whose samples do not
    enter."""
    gained = np.cumsum([0, *(count for _, count in known.generative)]).tolist()
    degree, _ = known.generative[gained.index(found)]
    rng = np.random.default_rng(20_240_307)
    z = rng.standard_normal((_POPULATION, known.directions))
    own = z @ known.frame
    return stepwise.best_transforms(known.sampled(z, rng), own[:, :found], own[:, found:], degree)


def kernel_ridge(known: Known, data: Samples, grid: Sequence[int]) -> Cosines:
    """The subspace in which the predictor of kernel ridge regression varies most."""
    r = known.directions
    return until_learned(grid, lambda n: smallest_cosine(kernel.gradient_subspace(data.x[:n], data.y[:n], r), r))


def two_timescale(known: Known, seeds: Sequence[Samples], grid: Sequence[int]) -> list[Cosines]:
    """Descent of the subspace on the whole batch, the link refitted by ridge regression at every step: 250 steps.

    All seeds side by side, in single precision: a step on few samples is otherwise spent on calls. Ends where all of
    them have learned at two neighbouring n.
    """
    r, d = known.directions, seeds[0].x.shape[1]
    features = FeatureTable(r, min(known.degree, _DESCENT_DEGREE), 1.0)
    starts = np.stack([data.rng.standard_normal((d, r)) for data in seeds])
    start = retract(torch.from_numpy(starts.astype(np.float32)))
    found = np.full((len(grid), len(seeds)), math.nan)
    for place, n in enumerate(grid):
        if place > 1 and (found[place - 2 : place] > LEARNED).all():
            break
        inputs = torch.from_numpy(np.stack([data.x[:n] for data in seeds]).astype(np.float32))
        labels = torch.from_numpy(np.stack([data.y[:n] for data in seeds]).astype(np.float32))

        def objective(
            weights: torch.Tensor, active: torch.Tensor, x: torch.Tensor = inputs, y: torch.Tensor = labels
        ) -> tuple[torch.Tensor, torch.Tensor]:
            running = slice(None) if len(active) == len(x) else active
            return profile_loss(features, _RIDGE, x[running], y[running], weights)

        end = follow(objective, start, _never, _FLOW_TIME, _FLOW_STEPS)
        found[place] = [smallest_cosine(basis, r) for basis in end.weights.double().numpy()]
    return [list(column) for column in found.T]


def _never(weights: torch.Tensor) -> torch.Tensor:
    """No run knows when it has arrived: it ends at rest, or with its steps."""
    return torch.zeros(len(weights), dtype=torch.bool)


SEPARATE: dict[str, Callable[[Known, Samples, Sequence[int]], Cosines]] = {
    "online_sgd": online_sgd,
    "reused_samples": reused_samples,
    "partial_trace": partial_trace,
    "best_transform": best_transform,
    "u_statistic": u_statistic,
    "kernel_ridge": kernel_ridge,
}
"""Methods that run one seed after the other; ``two_timescale`` runs all at once."""


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
