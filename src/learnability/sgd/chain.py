"""SGD on the correlation loss without the dimension: each neuron is a chain of M + 1 numbers.

Neurons do not interact, so the law of each is that of (kappa, r): kappa = E^T w in an orthonormal frame E of the
span of the task directions, r the length of the rest. For one step of batch B, with g_b ~ N(0, I_M) in the frame,
h_b ~ N(0, 1) along the rest of w, c_b = (eta / B) y_b a sigma'(s_b + bias) and s_b = <g_b, kappa> + h_b r,

    kappa' = kappa (1 - sum c s) + sum c_b g_b,    r_1 = r (1 - sum c s) + sum c_b h_b,
    r'^2 = r_1^2 + (sum c_b^2) chi^2_{d-M-1},

divided by sqrt(|kappa'|^2 + r'^2) on the sphere (free weights drop the terms in c s and the division). Exact at any
d > M: g and y are shared by the neurons of a replica, h and chi^2 are independent, so each neuron has its exact law
and neurons of a replica share what the labels make them share.

Batches too large to draw are matched. With step sizes of order d^{-p/2} a batch of B ~ M d^{p-1} / 1000 samples changes
a neuron by a small fraction, but at d = 1e5 it has 1e9 samples. Here b << B of them are drawn. The tangent step is a
mean of B independent terms with mean E (known in closed form from the Hermite expansion); the mean S of the b drawn
terms gives

    E + sqrt(b / B) (S - E),

whose first two moments are those of the whole batch for every state. Only higher cumulants differ, and those of a
mean of B terms fall like B^{-1/2}: the law is that of the chain in the limit of many samples a step, and
:func:`decoupled_engine` checks it where both can run. The squared coefficients that drive the part outside the frame
are scaled alike.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from learnability.sgd.compiled import compiles
from learnability.sgd.compiled.chain import Batches, Matching, chain_steps
from learnability.sgd.full import row_tiles
from learnability.sgd.fused import fused, steps_at_once
from learnability.sgd.loop import Engine, own
from learnability.sgd.normal_numbers import standard_normal
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


def random_chain(
    replicas: int, second_layer: Tensor, bias: Tensor, tasks: int, dimension: int, generator: torch.Generator
) -> ChainState:
    """Uniform unit weights in R^dimension, in chain form; the exact law at any dimension > tasks.

    Raises ValueError for a dimension <= tasks.
    """
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
    # Spelled out: torch.compile of torch 2.11 loses fields in `_replace`.
    return ChainState(frame, rest, state.second_layer, state.bias)


def matched_step(
    problem: TwoLayerProblem,
    state: ChainState,
    g: Tensor,
    h: Tensor,
    label: Tensor,
    chi: Tensor,
    step_size: Tensor,
    matching: Matching,
) -> ChainState:
    """As :func:`chain_step` on the sphere, for a batch of which ``matching.fraction`` is drawn.

    Its exact mean comes from the force g_m = M^{-1/2} sum_i i a alpha_i beta_mi <w, v_m>^{i-1}, by Horner's rule.
    """
    student, teacher, factor, fraction = matching
    alignment = torch.matmul(state.frame, factor.mT) if len(factor) else state.frame
    force = torch.zeros_like(alignment)
    for i in range(teacher.shape[1] - 1, 0, -1):
        force = force * alignment + i * student[:, i, None] * teacher[:, i]
    force = force / teacher.shape[0] ** 0.5
    drift = torch.linalg.vecdot(force, alignment)
    mean = (torch.matmul(force, factor) if len(factor) else force) - drift[..., None] * state.frame
    mean_rest = -drift * state.rest
    pulled, radial, along, spread = moments(problem, state, g, h, label, state.second_layer / g.shape[1])
    in_frame = pulled - radial[..., None] * state.frame
    along = along - radial * state.rest
    spread = fraction * spread
    root = fraction**0.5
    frame = state.frame + step_size * (mean + root * (in_frame - mean))
    along = state.rest + step_size * (mean_rest + root * (along - mean_rest))
    rest = (along.square() + step_size.square() * spread * chi).sqrt()
    length = (frame.square().sum(-1) + rest.square()).sqrt()
    return ChainState(frame / length[..., None], rest / length, state.second_layer, state.bias)


def chain_batches(
    problem: TwoLayerProblem,
    state: ChainState,
    factor: Tensor,
    batch_size: int,
    freedom: int,
    steps: int,
    generator: torch.Generator,
) -> Iterator[Batches]:
    """What ``steps`` steps draw, in groups whose numbers are few enough to be in cache when they are used.

    ``factor`` is the tasks' F, empty where it is the identity. chi is drawn for all steps at once.
    """
    replicas, neurons, tasks = state.frame.shape
    degrees = state.rest.new_full((steps, replicas, neurons), float(freedom))
    chi = chi_square(degrees, generator)
    cached = _DRAWN_ENTRIES if compiles(problem, state.rest) else 0
    for chis in chi.split(steps_at_once(replicas * (tasks + neurons) * batch_size, chi, cached)):
        g = standard_normal((len(chis), replicas, tasks, batch_size), state.rest, generator)
        h = standard_normal((len(chis), replicas, neurons, batch_size), state.rest, generator)
        projections = torch.matmul(g.mT, factor.mT) if len(factor) else g.mT
        yield Batches(g, h, labels(problem, projections, generator), chis)


def observe(state: ChainState, factor: Tensor) -> dict[str, Tensor]:
    """Alignment kappa F^T, squared norms and output parameters (names as in :class:`Engine`)."""
    return {
        "alignment": torch.matmul(state.frame, factor.mT),
        "squared_norm": state.frame.square().sum(-1) + state.rest.square(),
        "second_layer": state.second_layer,
        "bias": state.bias,
    }


def _engine(
    name: str,
    problem: TwoLayerProblem,
    directions: Tensor,
    batch_size: int,
    dimension: int,
    expansions: tuple[Tensor, Tensor, float] | None = None,
) -> Engine:
    """The chain that draws ``batch_size`` samples a step; matched where (student, teacher, fraction) are given."""
    if problem.loss != "correlation" or problem.second_layer_rate or problem.bias_rate:
        raise ValueError("the decoupled chain needs the correlation loss and a fixed second layer and bias")
    tasks = directions.shape[0]
    freedom = dimension - tasks - 1
    if freedom < 1:
        raise ValueError(f"dimension {dimension} is too small for {tasks} tasks in chain form: use the full engine")
    factor = task_factor(directions)
    # Where the tasks are the frame's own axes, F = I, their projections are g itself.
    slant = factor[:0] if torch.equal(factor, torch.eye(tasks).to(factor)) else factor

    def advance(state: ChainState, step_sizes: Tensor, generator: torch.Generator) -> ChainState:
        f, done, inside, matching = slant.to(state.frame), 0, compiles(problem, state.frame), None
        if expansions is not None:
            student, teacher, fraction = expansions
            matching = Matching(student.to(state.frame), teacher.to(state.frame), f, fraction)
        state = own(state) if inside else state
        for drawn in chain_batches(problem, state, f, batch_size, freedom, len(step_sizes), generator):
            sizes = step_sizes[done : done + len(drawn.chi)]
            done += len(sizes)
            if inside:
                chain_steps(problem, state, drawn, sizes, matching)
                continue
            step, more = (chain_step, ()) if matching is None else (matched_step, (matching,))
            step = fused(step, state.rest)
            for k, size in enumerate(sizes):
                state = step(problem, state, *drawn.step(k), size, *more)
        return state

    return Engine(name, advance, lambda state: state, lambda state: observe(state, factor.to(state.frame)))


def decoupled_engine(problem: TwoLayerProblem, directions: Tensor, batch_size: int, dimension: int) -> Engine:
    """The chain at ``dimension``. ``directions`` (task, any) gives the tasks' Gram matrix: only V V^T matters.

    Raises ValueError for a loss that couples neurons, for trained output parameters, and where dimension < tasks +
    2.
    """
    return _engine("decoupled", problem, directions, batch_size, dimension)


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

    Raises ValueError where :func:`decoupled_engine` would, and for label noise, free weights or drawn > batch_size.
    """
    if problem.label_noise or not problem.spherical or drawn > batch_size:
        raise ValueError("matched batches need spherical weights, labels without noise and drawn <= batch_size")
    # On the device from the start: a copy from the host could not be captured in a graph.
    device, alpha = directions.device, problem.activation.expansion(bias.cpu().numpy(), teacher.shape[1] - 1)
    student = torch.as_tensor(alpha).to(device) * second_layer.double().to(device)[:, None]
    expansions = student, torch.as_tensor(teacher, device=device), drawn / batch_size
    return _engine("matched", problem, directions, drawn, dimension, expansions)


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
