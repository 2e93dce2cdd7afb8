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
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from learnability.sgd.normal_numbers import standard_normal
from learnability.sgd.full import row_tiles
from learnability.sgd.compiled.steps import Batches, chain_steps, compiles
from learnability.sgd.loop import Engine
from learnability.sgd.problem import TwoLayerProblem, labels, learning_signal

# Numbers that are drawn at once for the steps of one compiled call.
_DRAWN_ENTRIES = 1 << 20


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


def is_orthonormal(factor: Tensor) -> bool:
    """Whether the tasks are the frame's own axes, F = I: their projections are then g itself."""
    return torch.equal(factor, torch.eye(len(factor), dtype=factor.dtype, device=factor.device))


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


def moments(
    problem: TwoLayerProblem, state: ChainState, g: Tensor, h: Tensor, label: Tensor, factor: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """sum c g (replica, neuron, M), then sum c s, sum c h and sum c^2 (replica, neuron), c = factor y sigma'(s +
    bias).
    """
    pulled, along, radial, spread = (0.0 * state.frame, 0.0 * state.rest, 0.0 * state.rest, 0.0 * state.rest)
    for rows in row_tiles(g.shape[1], h.shape[-1], h.device):
        s = torch.matmul(g[:, rows], state.frame.mT).addcmul_(h[:, rows], state.rest[:, None])
        preactivations = s + state.bias[:, None]
        c = learning_signal(problem, preactivations, label[:, rows], state.second_layer).slopes
        c = c.mul_(factor[:, None])
        pulled = torch.baddbmm(pulled, c.mT, g[:, rows])
        along = along + torch.linalg.vecdot(c, h[:, rows], dim=1)
        spread = spread + torch.linalg.vecdot(c, c, dim=1)
        radial = radial + torch.linalg.vecdot(c, s, dim=1)
    return pulled, radial, along, spread


def chain_step(
    problem: TwoLayerProblem, state: ChainState, g: Tensor, h: Tensor, label: Tensor, chi: Tensor, step_size: Tensor
) -> ChainState:
    """One step: g (replica, batch, M), h (replica, batch, neuron), label (replica, batch), chi (replica, neuron)."""
    factor = state.second_layer * (step_size / g.shape[1])
    pulled, radial, along, spread = moments(problem, state, g, h, label, factor)
    kept = 1 - radial if problem.spherical else torch.ones_like(radial)
    frame = state.frame * kept[..., None] + pulled
    rest = ((state.rest * kept + along).square() + spread * chi).sqrt()
    if problem.spherical:
        length = (frame.square().sum(-1) + rest.square()).sqrt()
        frame, rest = frame / length[..., None], rest / length
    return state._replace(frame=frame, rest=rest)


def chain_batches(
    problem: TwoLayerProblem,
    state: ChainState,
    factor: Tensor,
    orthonormal: bool,
    batch_size: int,
    freedom: int,
    steps: int,
    generator: torch.Generator,
) -> Iterator[Batches]:
    """What ``steps`` steps draw, in groups whose numbers are few enough to be in cache when they are used.

    ``orthonormal`` says that the factor is the identity. chi is drawn for all steps at once.
    """
    (replicas, neurons), tasks = state.rest.shape, len(factor)
    degrees = torch.full((steps, replicas, neurons), float(freedom), dtype=factor.dtype, device=factor.device)
    chi = chi_square(degrees, generator)
    group = max(1, _DRAWN_ENTRIES // (replicas * (tasks + neurons) * batch_size))
    for chis in chi.split(group if compiles(problem, factor) else 1):
        g = standard_normal((len(chis), replicas, tasks, batch_size), factor, generator)
        h = standard_normal((len(chis), replicas, neurons, batch_size), factor, generator)
        projections = g.mT if orthonormal else torch.matmul(g.mT, factor.mT)
        yield Batches(g, h, labels(problem, projections, generator), chis)


def own(state: ChainState) -> ChainState:
    """A copy that may be changed in place."""
    return ChainState(*(tensor.clone(memory_format=torch.contiguous_format) for tensor in state))


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
    orthonormal = is_orthonormal(factor)

    def advance(state: ChainState, step_sizes: Tensor, generator: torch.Generator) -> ChainState:
        f, done, inside = factor.to(state.frame), 0, compiles(problem, state.frame)
        state = own(state) if inside else state
        for drawn in chain_batches(problem, state, f, orthonormal, batch_size, freedom, len(step_sizes), generator):
            sizes = step_sizes[done : done + len(drawn.chi)]
            done += len(sizes)
            if inside:
                chain_steps(problem, state, drawn, sizes)
            else:
                state = chain_step(problem, state, *drawn.step(0), sizes[0])
        return state

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
