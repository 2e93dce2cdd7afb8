"""The closed flows of one target: which form is solved, from which starts, and what counts as a trap."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from learnability.flows import closed_tapes as _closed_tapes  # noqa: F401  with Numba, before a job's work begins
from learnability.flows.multi_index import JointFlow, PlantedFlow, trap_speed
from learnability.flows.multi_index_spectral import SpectralFlow, trap_rate
from learnability.flows.solver import FlowState, Problem, SolverOptions, solve
from learnability.flows.threads import one_torch_thread
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.tensors import leaps, symmetric_tensors

ESCAPED = math.sqrt(0.5)
"""A direction has escaped its saddle when its cosine exceeds this: half of its energy is learned."""

CORRELATION_FORM_LIMIT = 1e7
"""``d^(s-1)`` up to which the joint flow is solved in M: beyond, rounding in I - G reaches the solver's tolerance."""

HARD_START = 1e-13
"""``sigma^(2s-1)`` below which a single start is solved in the spectral form all the same, sigma its smallest cosine:
the speed at which it leaves its saddle must stand a thousand times above the rounding of I - G, which would trap it, or
push it off."""

Form = Literal["auto", "spectral", "correlation"]
"""The form in which the joint flow is solved; see :func:`chosen_form`."""


def chosen_form(form: Form, r: int, exponents: Sequence[int], dimensions: Sequence[int]) -> Form:
    """The form of the joint flow: spectral where the form in M loses precision or r = 1, else in M, which is faster."""
    if form != "auto":
        return form
    hardest = float(max(dimensions)) ** (max(exponents) - 1)
    return "spectral" if r == 1 or hardest > CORRELATION_FORM_LIMIT else "correlation"


def closed_problem(
    target: HermiteExpansion,
    exponents: Sequence[int],
    link: Literal["joint", "planted"],
    starts: NDArray[np.float64],
    dimensions: Sequence[int],
    form: Form = "auto",
    device: str = "cpu",
) -> tuple[Problem, torch.Tensor, torch.Tensor]:
    """The problem of a centred target from starts M (dimension, sample, r, r), its first state and its chart.

    ``exponents`` are the leap exponents of the target. Samples run over dimensions, then starts.
    """
    tensors, r = symmetric_tensors(target), starts.shape[-1]
    correlations = starts.reshape(-1, r, r)
    repeated = np.repeat(np.array(dimensions, dtype=np.int64), starts.shape[1])
    if link == "joint" and chosen_form(form, r, exponents, dimensions) == "spectral":
        spectral = SpectralFlow.build(tensors, device)
        return spectral, *spectral.start(correlations, trap_rate(repeated, max(exponents)))
    problem: Problem
    if link == "joint":
        problem, power = JointFlow.build(tensors, device), 2 * max(exponents) - 1
    else:
        problem, power = PlantedFlow.build(tensors, device), min(tensors) - 1
    state = torch.from_numpy(np.ascontiguousarray(correlations.transpose(1, 2, 0)).reshape(r * r, -1)).to(device)
    return problem, state, torch.from_numpy(trap_speed(repeated, power)).to(device)[None]


def hard_starts(
    exponents: Sequence[int], starts: NDArray[np.float64], dimensions: Sequence[int], form: Form = "auto"
) -> NDArray[np.int64]:
    """Places of the starts M (dimension, sample, r, r) that the form in M, where it was chosen, cannot resolve.

    The joint flow alone has such starts: see :data:`HARD_START`.
    """
    r = starts.shape[-1]
    if form != "auto" or chosen_form(form, r, exponents, dimensions) != "correlation":
        return np.empty(0, dtype=np.int64)
    least = np.linalg.svd(starts.reshape(-1, r, r), compute_uv=False)[:, -1]
    return np.flatnonzero(least ** (2 * max(exponents) - 1) < HARD_START)


def hard_problem(
    target: HermiteExpansion,
    exponents: Sequence[int],
    starts: NDArray[np.float64],
    dimensions: Sequence[int],
    hard: NDArray[np.int64],
    device: str = "cpu",
) -> tuple[Problem, torch.Tensor, torch.Tensor]:
    """The joint flow of the starts at the places ``hard``, one sample each, in the spectral form."""
    r, repeated = starts.shape[-1], np.repeat(np.array(dimensions, dtype=np.int64), starts.shape[1])
    spectral = SpectralFlow.build(symmetric_tensors(target), device)
    return spectral, *spectral.start(starts.reshape(-1, r, r)[hard], trap_rate(repeated[hard], max(exponents)))


def put_in_place(flow: FlowState, solved: FlowState, places: NDArray[np.int64]) -> None:
    """Replace the results of the samples at ``places``, all but their last coordinates, which differ by form."""
    where = torch.from_numpy(places).to(flow.status.device)
    for name in ("final_observed", "final_time", "status", "steps", "crossing_time", "saved", "largest_fall"):
        getattr(flow, name)[..., where] = getattr(solved, name)


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
    exponents = [exponent for exponent, _ in leaps(target)]
    options = SolverOptions(
        relative_tolerance=relative_tolerance,
        end_time=min(end_time, 1e300),
        max_steps=max_steps,
        levels=(*(ESCAPED,) * target.variables, math.nan),
        save_times=save_times,
    )
    hard = hard_starts(exponents, starts, dimensions) if link == "joint" else np.empty(0, dtype=np.int64)
    with one_torch_thread():
        flow = solve(*closed_problem(target, exponents, link, starts, dimensions), options)
        if hard.size:
            put_in_place(flow, solve(*hard_problem(target, exponents, starts, dimensions, hard), options), hard)
    return flow
