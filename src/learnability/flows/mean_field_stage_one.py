"""The first stage of two-stage training with the network's output kept: mean-field flow with a fixed, from w = 0."""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from learnability.flows.mean_field import MeanFieldFlow, MeanFieldProblem, Particles
from learnability.flows.potential_flow import Controls, integrate
from learnability.hermite.expansion import HermiteExpansion

Array = NDArray[np.float64]


def full_weights(
    target: HermiteExpansion, second_layer: Array, masses: Array, time: float, phase: float = math.pi / 4
) -> Array:
    """w after the first stage with the network's output kept, (n, p): mean-field flow from w = 0 with a fixed."""
    problem = MeanFieldProblem([target], np.array([np.inf]), phase, rate_a=0.0)
    count = len(second_layer)
    start = Particles(
        torch.as_tensor(second_layer)[None],
        torch.zeros(1, count, target.variables, dtype=torch.float64),
        torch.zeros(1, count, dtype=torch.float64),
        torch.as_tensor(masses),
    )
    solution = integrate(
        MeanFieldFlow(problem, start.weights),
        start.packed(),
        torch.tensor([0.0, time], dtype=torch.float64),
        lambda state, loss, index: loss[:, None],
        controls=Controls(relative=1e-10, absolute=1e-14),
    )
    return np.asarray(solution.state[0, :, 2:].numpy())
