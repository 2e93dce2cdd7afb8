"""Batches too large to draw: the decoupled chain with the exact mean and covariance of its step, at any batch size.

With step sizes of order d^{-p/2} a batch of B ~ M d^{p-1} / 1000 samples changes a neuron by a small fraction, but
at d = 1e5 it has 1e9 samples. Here b << B of them are drawn. The tangent step is a mean of B independent terms with
mean E (known in closed form from the Hermite expansion); the mean S of the b drawn terms gives

    E + sqrt(b / B) (S - E),

whose first two moments are those of the whole batch for every state. Only higher cumulants differ, and those of a
mean of B terms fall like B^{-1/2}: the law is that of the chain in the limit of many samples a step, and
:func:`decoupled_engine` checks it where both can run. The squared coefficients that drive the part outside the frame
are scaled alike.
"""

import numpy as np
import torch
from torch import Tensor

from learnability.sgd.chain import (
    ChainState,
    chain_batches,
    decoupled_engine,
    is_orthonormal,
    moments,
    observe,
    own,
    task_factor,
)
from learnability.sgd.compiled.steps import Matching, chain_steps, compiles
from learnability.sgd.loop import Engine
from learnability.sgd.problem import TwoLayerProblem


def _force(student: Tensor, teacher: Tensor, alignment: Tensor) -> Tensor:
    """g_m = M^{-1/2} sum_i i a alpha_i beta_mi kappa_m^{i-1}, (replica, neuron, task), by Horner's rule."""
    total = torch.zeros_like(alignment)
    for i in range(teacher.shape[1] - 1, 0, -1):
        total = total * alignment + i * student[..., i, None] * teacher[:, i]
    return total / teacher.shape[0] ** 0.5


def matched_step(
    problem: TwoLayerProblem,
    state: ChainState,
    drawn: tuple[Tensor, Tensor, Tensor, Tensor],
    mean: tuple[Tensor, Tensor],
    fraction: float,
    step_size: Tensor,
) -> ChainState:
    """One spherical step from the drawn (g, h, label, chi), the mean tangent step and b / B.

    ``mean`` is (in the frame (replica, neuron, M), along the rest (replica, neuron)), per unit of step size.
    """
    g, h, label, chi = drawn
    pulled, radial, along, spread = moments(problem, state, g, h, label, state.second_layer / g.shape[1])
    in_frame = pulled - radial[..., None] * state.frame
    along = along - radial * state.rest
    spread = fraction * spread
    root = fraction**0.5
    frame = state.frame + step_size * (mean[0] + root * (in_frame - mean[0]))
    along = state.rest + step_size * (mean[1] + root * (along - mean[1]))
    rest = (along.square() + step_size.square() * spread * chi).sqrt()
    length = (frame.square().sum(-1) + rest.square()).sqrt()
    return state._replace(frame=frame / length[..., None], rest=rest / length)


def large_batch_engine(
    problem: TwoLayerProblem,
    directions: Tensor,
    teacher: np.ndarray,
    batch_size: int,
    drawn: int,
    dimension: int,
    second_layer: Tensor,
    bias: Tensor,
) -> Engine:
    """Spherical SGD in batches of ``batch_size``, of which ``drawn`` are drawn. ``teacher`` (task, degree + 1) is
    the exact expansion of the links in the label M^{-1/2} sum_m f_m. ``second_layer`` and ``bias`` (neuron,) are
    those of every replica.

    Raises ValueError where the exact chain would, and for label noise, free weights or drawn > batch_size.
    """
    exact = decoupled_engine(problem, directions, batch_size, dimension)
    if problem.label_noise or not problem.spherical or drawn > batch_size:
        raise ValueError("matched batches need spherical weights, labels without noise and drawn <= batch_size")
    # On the device from the start: a copy from the host could not be captured in a graph.
    factor, beta = task_factor(directions), torch.as_tensor(teacher, device=directions.device)
    alpha = torch.as_tensor(problem.activation.expansion(bias.cpu().numpy(), teacher.shape[1] - 1))
    student = alpha.to(directions.device) * second_layer.double().to(directions.device)[:, None]

    freedom, orthonormal = dimension - len(factor) - 1, is_orthonormal(factor)

    def mean_step(state: ChainState, f: Tensor, b: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        alignment = torch.matmul(state.frame, f.mT)
        force = _force(weights, b, alignment)
        radial = torch.linalg.vecdot(force, alignment)
        return torch.matmul(force, f) - radial[..., None] * state.frame, -radial * state.rest

    def advance(state: ChainState, step_sizes: Tensor, generator: torch.Generator) -> ChainState:
        f, b, weights = factor.to(state.frame), beta.to(state.frame), student.to(state.frame)
        done, inside = 0, compiles(problem, state.frame)
        state = own(state) if inside else state
        matching = Matching(weights, b, f[:0] if orthonormal else f, drawn / batch_size)
        for batches in chain_batches(problem, state, f, orthonormal, drawn, freedom, len(step_sizes), generator):
            sizes = step_sizes[done : done + len(batches.chi)]
            done += len(sizes)
            if inside:
                chain_steps(problem, state, batches, sizes, matching)
            else:
                mean = mean_step(state, f, b, weights)
                state = matched_step(problem, state, batches.step(0), mean, matching.fraction, sizes[0])
        return state

    return Engine("matched", advance, exact.settle, lambda state: observe(state, factor.to(state.frame)))
