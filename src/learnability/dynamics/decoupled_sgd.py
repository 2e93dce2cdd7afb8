"""SGD on the correlation loss without the dimension: each neuron is a chain of M + 1 numbers.

Neurons do not interact, so the law of each is that of (kappa, r): kappa = E^T w in an orthonormal frame E of the
span of the task directions, r the length of the rest. For one step of batch B, with g_b ~ N(0, I_M) in the frame,
h_b ~ N(0, 1) along the rest of w, c_b = (eta / B) y_b a sigma'(s_b + bias) and s_b = <g_b, kappa> + h_b r,

    kappa' = kappa (1 - sum c s) + sum c_b g_b,    r_1 = r (1 - sum c s) + sum c_b h_b,
    r'^2 = r_1^2 + (sum c_b^2) chi^2_{d-M-1},

divided by sqrt(|kappa'|^2 + r'^2) on the sphere (free weights drop the terms in c s and the division). Exact at any
d > M: g and y are shared by the neurons of a replica, h and chi^2 are independent, so each neuron has its exact law
and neurons of a replica share what the labels make them share.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from learnability.dynamics.online_sgd import row_tiles
from learnability.dynamics.sgd_loop import Engine
from learnability.dynamics.two_layer import TwoLayerProblem, labels, learning_signal


class ChainState(NamedTuple):
    """``frame`` (replica, neuron, M), kappa; ``rest`` (replica, neuron), r; ``second_layer``, ``bias`` (replica,
    neuron).
    """

    frame: Tensor
    rest: Tensor
    second_layer: Tensor
    bias: Tensor


def chi_square(degrees: Tensor, generator: torch.Generator) -> Tensor:
    """Chi-square numbers with ``degrees`` > 0 degrees of freedom (exact: twice a gamma number)."""
    return 2 * torch._standard_gamma(degrees / 2, generator=generator)


def task_factor(directions: Tensor) -> Tensor:
    """The tasks in an orthonormal frame of their span: lower-triangular F (task, task) with F F^T = V V^T.

    ``directions`` V is (task, dimension), of full rank.
    """
    return torch.linalg.qr(directions.double().mT, mode="r")[1].mT.contiguous()


def random_chain(
    replicas: int, second_layer: Tensor, bias: Tensor, tasks: int, dimension: int, generator: torch.Generator
) -> ChainState:
    """Uniform unit weights in R^dimension, in chain form; the exact law at any dimension > tasks."""
    if dimension <= tasks:
        raise ValueError(
            f"the chain needs dimension > number of tasks, got {dimension} and {tasks}: use the full engine"
        )
    shape = (replicas, second_layer.shape[-1])
    frame = second_layer.new_empty(*shape, tasks).normal_(generator=generator)
    rest = chi_square(torch.full(shape, float(dimension - tasks)).to(second_layer), generator).sqrt()
    length = (frame.square().sum(-1) + rest.square()).sqrt()
    return ChainState(frame / length[..., None], rest / length, second_layer.expand(shape), bias.expand(shape))


def chain_step(
    problem: TwoLayerProblem, state: ChainState, g: Tensor, h: Tensor, label: Tensor, chi: Tensor, step_size: Tensor
) -> ChainState:
    """One step: g (replica, batch, M), h (replica, batch, neuron), label (replica, batch), chi (replica, neuron)."""
    batch_size = g.shape[1]
    pulled, along, radial, spread = (0.0 * state.frame, 0.0 * state.rest, 0.0 * state.rest, 0.0 * state.rest)
    for rows in row_tiles(batch_size, h.shape[-1], h.device):
        s = torch.matmul(g[:, rows], state.frame.mT).addcmul_(h[:, rows], state.rest[:, None])
        preactivations = s + state.bias[:, None]
        c = learning_signal(problem, preactivations, label[:, rows], state.second_layer).slopes
        c = c.mul_((state.second_layer * (step_size / batch_size))[:, None])
        pulled = torch.baddbmm(pulled, c.mT, g[:, rows])
        along = along + torch.linalg.vecdot(c, h[:, rows], dim=1)
        spread = spread + torch.linalg.vecdot(c, c, dim=1)
        if problem.spherical:
            radial = radial + torch.linalg.vecdot(c, s, dim=1)
    frame = state.frame * (1 - radial)[..., None] + pulled
    rest = ((state.rest * (1 - radial) + along).square() + spread * chi).sqrt()
    if problem.spherical:
        length = (frame.square().sum(-1) + rest.square()).sqrt()
        frame, rest = frame / length[..., None], rest / length
    return state._replace(frame=frame, rest=rest)


def observe(state: ChainState, factor: Tensor) -> dict[str, Tensor]:
    """Alignment kappa F^T, squared norms and output parameters (names as in :class:`Engine`)."""
    return {
        "alignment": torch.matmul(state.frame, factor.mT),
        "squared_norm": state.frame.square().sum(-1) + state.rest.square(),
        "second_layer": state.second_layer,
        "bias": state.bias,
    }


def decoupled_engine(problem: TwoLayerProblem, directions: Tensor, batch_size: int, dimension: int) -> Engine:
    """The chain at ``dimension``. ``directions`` (task, any) gives the tasks' Gram matrix: only V V^T matters.

    Raises ValueError for a loss that couples neurons, for trained output parameters, and where dimension < tasks +
    2.
    """
    if problem.loss != "correlation" or problem.second_layer_rate or problem.bias_rate:
        raise ValueError("the decoupled chain needs the correlation loss and a fixed second layer and bias")
    tasks = directions.shape[0]
    freedom = dimension - tasks - 1
    if freedom < 1:
        raise ValueError(f"dimension {dimension} is too small for {tasks} tasks in chain form: use the full engine")
    factor = task_factor(directions)

    def advance(state: ChainState, step_sizes: Tensor, generator: torch.Generator) -> ChainState:
        replicas, neurons = state.rest.shape
        f = factor.to(state.frame)
        g = f.new_empty(replicas, batch_size, tasks).normal_(generator=generator)
        h = f.new_empty(replicas, batch_size, neurons).normal_(generator=generator)
        chi = chi_square(torch.full_like(state.rest, float(freedom)), generator)
        label = labels(problem, torch.matmul(g, f.mT), generator)
        return chain_step(problem, state, g, h, label, chi, step_sizes[0])

    return Engine("decoupled", advance, lambda state: state, lambda state: observe(state, factor.to(state.frame)))


def rebuild_weights(state: ChainState, basis: Tensor, generator: torch.Generator) -> Tensor:
    """Weights (replica, neuron, d) in R^d with the chain's law: kappa in the frame, a uniform direction for the
    rest.

    ``basis`` (M, d) has the frame's orthonormal vectors as rows. Neurons get independent directions outside the
    span.
    """
    replicas, neurons = state.rest.shape
    noise = basis.new_empty(replicas, neurons, basis.shape[1]).normal_(generator=generator)
    noise = noise - (noise @ basis.mT) @ basis
    outside = noise / noise.norm(dim=-1, keepdim=True)
    return state.frame.to(basis) @ basis + state.rest.to(basis)[..., None] * outside


def relative_step(problem_scale: float, tasks: int, dimension: int, information_exponent: int) -> float:
    """delta M^{-1/2} d^{-p/2}: the per-sample step size of Algorithm 1 at relative size delta = ``problem_scale``."""
    return problem_scale / (math.sqrt(tasks) * dimension ** (information_exponent / 2))
