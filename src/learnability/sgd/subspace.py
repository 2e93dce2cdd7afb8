"""Online SGD of a two-layer network until it has learned a hidden subspace, by the exact overlap chain.

The network has ReLU neurons with random biases, unit weights and outer weights of either sign; the loss is the
correlation loss, so that neurons do not interact. Its subspace is the span of the r leading right singular vectors of
the weights; it has been learned when the smallest cosine of the principal angles with the hidden one exceeds 0.8.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learnability.hermite.activations import RELU
from learnability.hermite.basis import hermite_columns
from learnability.hermite.expansion import HermiteExpansion
from learnability.sgd.loop import run, saved_steps
from learnability.sgd.overlap import OverlapState, overlap_engine, random_overlaps
from learnability.sgd.problem import TwoLayerProblem
from learnability.statistics.random import torch_generator

LEARNED = 0.8
"""The smallest cosine of the principal angles from which a subspace counts as learned."""

_SHARE_OF_NOISE = 0.1
_LARGEST_STEP = 0.1
_SAVED = 60
_MOST_STEPS = 1000
_MULTIPLE = 10


@dataclass(frozen=True)
class Budget:
    """The samples of a run, the neurons of its network, and how many runs there are."""

    samples: int
    width: int = 16
    chains: int = 8


def schedule(exponent: int, dimension: int) -> tuple[float, int]:
    """(step size, batch size) of online SGD for a target of this information exponent k and unit variance.

    The noise of a batch of B samples turns a neuron away from the signal ``k c_k m^(k-1)`` at ``m ~ d^(-1/2)`` once the
    step size exceeds ``~ (B/d) d^(-(k-2)_+/2)`` (Ben Arous, Gheissari, Jagannath, arXiv 2003.10409); the step is a
    fixed share of that. B is chosen so that the step is 0.1, as large as the flow can be followed with.
    """
    slowed = dimension ** (-max(exponent - 2, 0) / 2)
    batch = max(1, math.ceil(_LARGEST_STEP * dimension / (_SHARE_OF_NOISE * slowed)))
    return _SHARE_OF_NOISE * slowed * batch / dimension, batch


def polynomial(target: HermiteExpansion, z: Tensor) -> Tensor:
    """``f(z)`` for z (..., r)."""
    columns = [hermite_columns(z[..., i], target.degree) for i in range(target.variables)]
    total = torch.zeros_like(z[..., 0])
    for index, value in target.coefficients.items():
        total = total + value * math.prod(columns[i][k] for i, k in enumerate(index) if k)
    return total


def smallest_cosine(coordinates: Tensor, tasks: int) -> Tensor:
    """The smallest cosine of the principal angles (replica,) from weights (replica, J, axes), tasks on the first
    axes."""
    leading = torch.linalg.svd(coordinates, full_matrices=False)[2][:, :tasks]
    return torch.linalg.svdvals(leading[..., :tasks])[:, -1]


def samples_tried(target: HermiteExpansion, dimension: int, budget: Budget) -> int:
    """The samples after which a run ends: the budget, or a thousand steps; 0 where no run is made.

    None is made where the budget is below ``10 d^max(1, k-1)``, so that it would say nothing.
    """
    exponent = target.centred().information_exponent
    if budget.samples < _MULTIPLE * dimension ** max(1, exponent - 1):
        return 0
    batch = schedule(exponent, dimension)[1]
    return batch * min(budget.samples // batch, _MOST_STEPS)


def samples_to_learn(
    target: HermiteExpansion, dimension: int, budget: Budget, rng: np.random.Generator, label_noise: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(samples until the subspace is learned, inf beyond the budget; smallest cosine at the end), one entry a chain.

    ``label_noise`` is the standard deviation of the noise of a label in the units of the target; labels are scaled to
    variance one with it. NaN where no run is made (:func:`samples_tried`).
    """
    link, r = target.centred(), target.variables
    size = math.hypot(link.norm, label_noise)
    link = link.scaled(1 / size)
    step_size, batch = schedule(link.information_exponent, dimension)
    steps = samples_tried(target, dimension, budget) // batch
    if not steps:
        return np.full(budget.chains, math.nan), np.full(budget.chains, math.nan)
    problem = TwoLayerProblem(label=lambda z: polynomial(link, z), activation=RELU, label_noise=label_noise / size)
    signs = torch.ones(budget.width, dtype=torch.float64)
    signs[1::2] = -1
    # Biases away from zero and not too large: every Hermite coefficient of the activation is then of order one.
    shape = (budget.chains, budget.width)
    bias = torch.from_numpy(rng.uniform(0.3, 1.0, shape) * rng.choice([-1.0, 1.0], shape))
    state = random_overlaps(budget.chains, signs, bias, r, dimension, torch_generator(rng))

    def observe(state: OverlapState) -> dict[str, Tensor]:
        return {"cosine": smallest_cosine(state.coordinates, r)}

    learned = np.zeros(budget.chains, dtype=bool)

    def stop(observed: dict[str, NDArray[np.float64]]) -> bool:
        learned[observed["cosine"] > LEARNED] = True
        return bool(learned.sum() >= 0.9 * budget.chains - 0.5)  # the upper end of an 80% band

    engine = replace(overlap_engine(problem, torch.eye(r, dtype=torch.float64), batch, dimension), observe=observe)
    trajectory = run(
        engine,
        state,
        saved_steps(steps, _SAVED, first=10),
        lambda numbers: np.full(len(numbers), step_size),
        torch_generator(rng),
        stop=stop,
    )
    cosines = trajectory.observed["cosine"]
    reached = cosines > LEARNED
    first = np.where(reached.any(axis=0), trajectory.steps[reached.argmax(axis=0)], math.inf)
    return first * batch, cosines[-1]
