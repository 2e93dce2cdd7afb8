"""SGD on Gaussian input without the dimension: an exact chain of overlaps, for any loss of the projections.

Q = W W^T and R = W V^T form a Markov chain in law, for every finite d. Here they are kept as coordinates: an
orthonormal frame of M + J axes, the first M spanning the tasks, in which V has the coordinates [F 0] and the weights
K = [R F^-T, L]:

1. the batch in the frame is Z (B x (M + J)), standard normal; T = Z [F 0]^T, H = Z K^T;
2. the loss gives C(H, T) (B x J); the gradient has C^T Z / B in the frame;
3. outside the frame it is C^T X / B with X (B x (d - M - J)) normal. With C = O S (QR), O^T X is again normal, of
   m = min(B, J) rows, and X^T O has the R factor A of Bartlett's decomposition: in new axes the gradient is S^T A^T
   / B, A upper triangular with A_ii^2 ~ chi^2(d - M - J - i) and normal entries above;
4. the weights are now J x (M + J + m); one QR of their last J + m columns returns them to M + J axes.

This is the square-root form of the recursion for (Q, R): no Gram matrix is ever factorised, so neurons that collapse
on each other (Q singular) and batches smaller than the number of neurons need no special case, and no condition
number is squared.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from learnability.sgd.chain import chi_square, task_factor
from learnability.sgd.loop import Engine
from learnability.sgd.normal_numbers import standard_normal
from learnability.sgd.problem import TwoLayerProblem, labels, learning_signal, moved


class OverlapState(NamedTuple):
    """``coordinates`` (replica, J, M + J) of the weights in the frame; ``second_layer`` and ``bias`` (replica, J)."""

    coordinates: Tensor
    second_layer: Tensor
    bias: Tensor


def bartlett(rows: int, columns: int, replicas: int, like: Tensor, generator: torch.Generator) -> Tensor:
    """The L factor (replica, rows, min(rows, columns)) of a ``rows`` x ``columns`` standard normal matrix.

    Lower triangular (trapezoidal where columns < rows): L_ii^2 ~ chi^2(columns - i), i from 0, standard normal
    below.
    """
    rank = min(rows, columns)
    factor = standard_normal((replicas, rows, rank), like, generator).tril_(-1)
    degrees = torch.arange(columns, columns - rank, -1, dtype=like.dtype, device=like.device)
    factor.diagonal(dim1=1, dim2=2).copy_(chi_square(degrees.expand(replicas, rank).contiguous(), generator).sqrt())
    return factor


def check_dimension(dimension: int, tasks: int, width: int) -> None:
    """Raises ValueError where the weights and tasks leave no room for a frame."""
    if dimension < tasks + width:
        raise ValueError(
            f"the overlap engine needs dimension >= tasks + width, got {dimension} < {tasks} + {width}: "
            "use the full engine"
        )


def random_overlaps(
    replicas: int, second_layer: Tensor, bias: Tensor, tasks: int, dimension: int, generator: torch.Generator
) -> OverlapState:
    """Independent uniform unit weights in R^dimension, in overlap form (float64)."""
    width = second_layer.shape[-1]
    check_dimension(dimension, tasks, width)
    second_layer, bias = (t.double().expand(replicas, width) for t in (second_layer, bias))
    inside = second_layer.new_empty(replicas, width, tasks).normal_(generator=generator)
    outside = bartlett(width, dimension - tasks, replicas, second_layer, generator)
    coordinates = torch.cat([inside, outside], dim=-1)
    return OverlapState(coordinates / coordinates.norm(dim=-1, keepdim=True), second_layer, bias)


def overlap_state(weights: Tensor, directions: Tensor, second_layer: Tensor, bias: Tensor) -> OverlapState:
    """The overlap form of given weights (replica, J, d) and full-rank task directions (M, d)."""
    weights, directions = weights.double(), directions.double()
    basis = torch.linalg.qr(directions.mT)[0]
    inside = weights @ basis
    outside = weights - inside @ basis.mT
    lower = torch.linalg.qr(outside.mT, mode="r")[1].mT
    lower = torch.nn.functional.pad(lower, (0, weights.shape[1] - lower.shape[-1]))
    shape = weights.shape[:-1]
    return OverlapState(
        torch.cat([inside, lower], -1), second_layer.double().expand(shape), bias.double().expand(shape)
    )


def overlap_step(
    problem: TwoLayerProblem, state: OverlapState, z: Tensor, label: Tensor, outside: Tensor, step_size: Tensor
) -> OverlapState:
    """One step: z (replica, batch, M + J), label (replica, batch), outside (replica, m, m') Bartlett's factor."""
    batch_size, tasks = z.shape[1], z.shape[2] - state.bias.shape[1]
    projections = torch.matmul(z, state.coordinates.mT)
    signal = learning_signal(problem, projections + state.bias[:, None], label, state.second_layer)
    coefficients = signal.slopes * state.second_layer[:, None]
    factor = step_size / batch_size
    inside = factor * torch.matmul(coefficients.mT, z)
    beyond = factor * torch.matmul(torch.linalg.qr(coefficients, mode="r")[1].mT, outside)
    kept = state.coordinates
    if problem.spherical:
        radial = factor * torch.linalg.vecdot(coefficients, projections, dim=1)
        kept = kept * (1 - radial)[..., None]
    coordinates = kept + inside
    rest = torch.cat([coordinates[..., tasks:], beyond], dim=-1)
    lower = torch.linalg.qr(rest.mT, mode="r")[1].mT
    coordinates = torch.cat([coordinates[..., :tasks], lower], dim=-1)
    if problem.spherical:
        coordinates = coordinates / torch.linalg.vector_norm(coordinates, dim=-1, keepdim=True)
    return OverlapState(
        coordinates,
        moved(state.second_layer, signal.second_layer, step_size, problem.second_layer_rate),
        moved(state.bias, signal.bias, step_size, problem.bias_rate),
    )


def observe(state: OverlapState, factor: Tensor) -> dict[str, Tensor]:
    """Alignment, squared norms and output parameters (names as in :class:`Engine`)."""
    tasks = factor.shape[0]
    return {
        "alignment": torch.matmul(state.coordinates[..., :tasks], factor.mT),
        "squared_norm": state.coordinates.square().sum(-1),
        "second_layer": state.second_layer,
        "bias": state.bias,
    }


def gram(state: OverlapState) -> Tensor:
    """Q = W W^T (replica, J, J)."""
    return torch.matmul(state.coordinates, state.coordinates.mT)


def overlap_engine(problem: TwoLayerProblem, directions: Tensor, batch_size: int, dimension: int) -> Engine:
    """The exact overlap chain at ``dimension``, float64; its cost does not depend on it.

    Input must be isotropic Gaussian (that is the engine's draw). ``directions`` (task, any) gives the tasks' Gram
    matrix.
    """
    tasks = directions.shape[0]
    factor = task_factor(directions)

    def advance(state: OverlapState, step_sizes: Tensor, generator: torch.Generator) -> OverlapState:
        replicas, width, axes = state.coordinates.shape
        check_dimension(dimension, tasks, width)
        f = factor.to(state.coordinates.device)
        for step_size in step_sizes:
            z = standard_normal((replicas, batch_size, axes), f, generator)
            label = labels(problem, torch.matmul(z[..., :tasks], f.mT), generator)
            outside = bartlett(min(batch_size, width), dimension - axes, replicas, f, generator)
            state = overlap_step(problem, state, z, label, outside, step_size)
        return state

    return Engine("overlap", advance, lambda s: s, lambda s: observe(s, factor.to(s.coordinates.device)))


def rebuild_weights(state: OverlapState, basis: Tensor, generator: torch.Generator) -> Tensor:
    """Weights (replica, J, d) with exactly the state's Gram matrix and task overlaps, uniform over all such weights.

    ``basis`` (M, d): orthonormal rows that span the tasks, the frame's first axes. The other J axes are a uniformly
    drawn orthonormal system of their complement.
    """
    replicas, width, axes = state.coordinates.shape
    tasks, dimension = basis.shape
    check_dimension(dimension, tasks, width)
    noise = basis.new_empty(replicas, dimension, width).normal_(generator=generator)
    noise = noise - basis.mT @ (basis @ noise)
    complement, upper = torch.linalg.qr(noise)
    complement = complement * torch.sign(upper.diagonal(dim1=-2, dim2=-1))[:, None]
    inside, outside = state.coordinates.to(basis).split([tasks, axes - tasks], dim=-1)
    return inside @ basis + outside @ complement.mT
