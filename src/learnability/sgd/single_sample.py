"""Single-sample SGD on the correlation loss, a block of samples at a time, without approximation.

With correlation loss neurons do not interact and the update of w_j is a multiple of the sample. Inside a block of K
samples the direction of w_j is therefore u_j + sum_{i<k} gamma_ji x_i, and all that the recursion needs of it is

    <u_j^(k), x_k> = <u_j, x_k> + sum_{i<k} gamma_ji <x_i, x_k>,

K x K inner products of samples. K rank-one updates of the weights become two matrix products, U X^T before and
U + Gamma^T X after (as Householder reflections do in the WY form), and a recursion along the block that is
vectorised over neurons. The numbers are those of the plain loop up to rounding.

ReLU networks take the plain loop itself, compiled: on the CPU 96 neurons side by side, whose weights stay in the
first-level cache while the samples pass, on a GPU 64 neurons in registers.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from learnability.hermite.activations import RELU
from learnability.sgd.compiled import compiles
from learnability.sgd.compiled.single_sample import sample_steps
from learnability.sgd.full import NetworkState, observe
from learnability.sgd.fused import has_triton
from learnability.sgd.loop import Engine
from learnability.sgd.normal_numbers import standard_normal
from learnability.sgd.problem import TwoLayerProblem, labels

# Corrections inside a panel are applied sample by sample, those of a whole panel to the rest of the block in one
# product.
_PANEL = 16
# Samples of one compiled call: enough that moving the weights in and out of cache order does not count.
_SAMPLES = 4096


class Panel(NamedTuple):
    """A few samples of a block: ``projections`` <u_j, x_k> (replica, sample, neuron), ``targets`` eta y a of that
    shape, ``lengths`` |x_k|^2 (replica, sample, 1), ``inner`` <x_i, x_k> (replica, sample, sample)."""

    projections: Tensor
    targets: Tensor
    lengths: Tensor
    inner: Tensor


def _panel(problem: TwoLayerProblem, state: NetworkState, rows: Panel, scale: Tensor) -> tuple[Tensor, list[Tensor]]:
    """The samples of one panel in turn: the scale after them and their gamma, (replica, neuron) each.

    Spherical step on w = scale * u, with c = eta y a sigma'(s + b) and s = <w, x>: w (1 - c s) + c x has the squared
    length 1 + c^2 |x|^2 - (c s)^2, so gamma = c / (scale (1 - c s)) and the length goes into the scale.
    """
    derivative, gammas, one = problem.activation.derivative, [], torch.ones_like(scale)
    projections = rows.projections.unbind(1)
    # Free weights have c = target a sigma', without the length.
    for k, (target, lengths) in enumerate(zip(rows.targets.unbind(1), rows.lengths.unbind(1), strict=True)):
        s = projections[k] * scale
        c = derivative(s + state.bias) * target
        if problem.spherical:
            cs = s.mul_(c)
            kept = torch.addcmul(scale, cs, scale, value=-1)
            squared = torch.addcmul(one, c, lengths * c).addcmul_(cs, cs, value=-1)
            scale = squared.rsqrt_().mul_(kept)
            c = c.div_(kept)
        gammas.append(c)
        if k + 1 < len(projections):
            rows.projections[:, k + 1 :].addcmul_(rows.inner[:, k + 1 :, k, None], c[:, None])
    return scale, gammas


def _recursion(
    problem: TwoLayerProblem, state: NetworkState, x: Tensor, label: Tensor, step_sizes: Tensor
) -> tuple[Tensor, Tensor]:
    """Gamma (replica, sample, neuron) of a block and the scales after it."""
    samples, scale = x.shape[1], state.scale
    inner = torch.matmul(x, x.mT)
    lengths = inner.diagonal(dim1=1, dim2=2)[..., None]
    projections = torch.matmul(x, state.weights.mT)
    targets = (label * step_sizes)[:, :, None] * state.second_layer[:, None]
    gamma = torch.empty_like(projections)
    for first in range(0, samples, _PANEL):
        here = slice(first, min(first + _PANEL, samples))
        rows = Panel(projections[:, here], targets[:, here], lengths[:, here], inner[:, here, here])
        scale, gammas = _panel(problem, state, rows, scale)
        torch.stack(gammas, dim=1, out=gamma[:, here])
        if here.stop < samples:
            projections[:, here.stop :].baddbmm_(inner[:, here.stop :, here], gamma[:, here])
    return gamma, scale


def block_step(
    problem: TwoLayerProblem, state: NetworkState, x: Tensor, label: Tensor, step_sizes: Tensor
) -> NetworkState:
    """K single-sample steps on x (replica, K, dimension) and label (replica, K) with step_sizes (K,)."""
    gamma, scale = _recursion(problem, state, x, label, step_sizes)
    return state._replace(weights=torch.baddbmm(state.weights, gamma.mT, x), scale=scale)


def _settle(problem: TwoLayerProblem, state: NetworkState) -> NetworkState:
    """Scale one. Unit length is restored too: inside a block it holds by algebra, hence up to rounding only."""
    weights = state.weights * state.scale[..., None]
    if problem.spherical:
        weights = weights / torch.linalg.vector_norm(weights, dim=-1, keepdim=True)
    return state._replace(weights=weights, scale=torch.ones_like(state.scale))


def _plain_loop(
    problem: TwoLayerProblem, weights: Tensor
) -> Callable[[tuple[Tensor, Tensor, Tensor], Tensor, Tensor, Tensor], None] | None:
    """The compiled loop over (weights, second layer, bias), samples, labels and step sizes; None where there is none.

    It works in place on the weights.
    """
    if compiles(problem, weights):
        return lambda network, x, label, sizes: sample_steps(problem, network, x, label, sizes)
    if not (weights.is_cuda and problem.activation is RELU and has_triton()):
        return None
    from learnability.sgd import cuda_single_sample as cuda

    if not cuda.serves(weights):
        return None
    return lambda network, x, label, sizes: cuda.sample_steps(problem.spherical, *network, x, label * sizes)


def single_sample_engine(problem: TwoLayerProblem, directions: Tensor, block: int = 64) -> Engine:
    """The engine of batch size one; saved steps are multiples of ``block``. ``directions`` (task, dimension) is V.

    Raises ValueError where neurons interact (squared loss) or output parameters move, since the reduction does not hold
    there.
    """
    if problem.loss != "correlation" or problem.second_layer_rate or problem.bias_rate:
        raise ValueError("blocks of single-sample steps need the correlation loss and a fixed second layer and bias")

    def samples(state: NetworkState, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        replicas, _, dimension = state.weights.shape
        x = standard_normal((replicas, count, dimension), state.weights, generator)
        return x, labels(problem, torch.matmul(x, directions.mT), generator)

    def advance(state: NetworkState, step_sizes: Tensor, generator: torch.Generator) -> NetworkState:
        plain_loop = _plain_loop(problem, state.weights)
        if plain_loop is not None:
            weights = (state.weights * state.scale[..., None]).contiguous()
            for part in step_sizes.split(_SAMPLES):
                plain_loop((weights, *state[2:]), *samples(state, len(part), generator), part)
            return state._replace(weights=weights, scale=torch.ones_like(state.scale))
        for part in step_sizes.split(block):
            state = block_step(problem, state, *samples(state, len(part), generator), part)
        return state

    return Engine("single_sample", advance, lambda s: _settle(problem, s), lambda s: observe(s, directions), block)
