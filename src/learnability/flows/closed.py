"""The closed flows of one target: which form is solved, from which starts, and what counts as a trap."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from learnability.flows.multi_index import JointFlow, PlantedFlow, trap_speed
from learnability.flows.multi_index_spectral import SpectralFlow, trap_rate
from learnability.flows.solver import FlowState, Problem, SolverOptions, solve
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.tensors import leaps, symmetric_tensors

ESCAPED = math.sqrt(0.5)
"""A direction has escaped its saddle when its cosine exceeds this: half of its energy is learned."""

CORRELATION_FORM_LIMIT = 1e7
"""``d^(s-1)`` up to which the joint flow is solved in M: beyond, rounding in I - G reaches the solver's tolerance."""


def solve_closed(
    target: HermiteExpansion,
    link: Literal["joint", "planted"],
    starts: NDArray[np.float64],
    dimensions: Sequence[int],
    *,
    relative_tolerance: float = 1e-6,
    end_time: float = math.inf,
    max_steps: int = 20_000,
    save_times: tuple[float, ...] = (),
) -> FlowState:
    """The joint or planted flow of a centred target from starts M (dimension, sample, r, r).

    The samples of the result run over dimensions, then starts. ``crossing_time[:r]`` are the escape times of the r
    directions, NaN for those that never escape. Unit of time: the flow of the loss with its factor 1/2. Source: Bietti,
    Bruna and Pillaud-Vivien, arXiv 2310.19793.
    """
    tensors, r = symmetric_tensors(target), target.variables
    exponents = [exponent for exponent, _ in leaps(target)]
    correlations = starts.reshape(-1, r, r)
    repeated = np.repeat(np.array(dimensions, dtype=np.int64), starts.shape[1])
    options = SolverOptions(
        relative_tolerance=relative_tolerance,
        end_time=min(end_time, 1e300),
        max_steps=max_steps,
        levels=(*(ESCAPED,) * r, math.nan),
        save_times=save_times,
    )
    problem: Problem
    if link == "joint" and (r == 1 or float(max(dimensions)) ** (max(exponents) - 1) > CORRELATION_FORM_LIMIT):
        spectral = SpectralFlow.build(tensors)
        problem = spectral
        state, chart = spectral.start(correlations, trap_rate(repeated, max(exponents)))
    else:
        if link == "joint":
            problem, power = JointFlow.build(tensors), 2 * max(exponents) - 1
        else:
            problem, power = PlantedFlow.build(tensors), min(tensors) - 1
        state = torch.from_numpy(np.ascontiguousarray(correlations.transpose(1, 2, 0)).reshape(r * r, -1))
        chart = torch.from_numpy(trap_speed(repeated, power))[None]
    return solve(problem, state, chart, options)
