"""Empirical two-timescale descent: the link is refitted by ridge regression at every step, the subspace descends.

On samples (x_i, y_i) the profile loss of W on the Stiefel manifold St(d, r) is

    L(W) = min_a  (1/2n) sum_i (y_i - sum_b a_b rho^{|b|/2} h_b(W^T x_i))^2 + (ridge/2) |a|^2,

with Hermite features of total degree at most K and Mehler weights rho^{|b|/2}, those of the smoothing kernel. By the
envelope theorem its gradient is that of the residual at the fitted coefficients. Source: Bietti, Bruna and
Pillaud-Vivien, arXiv 2310.19793, section 5.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from learnability.hermite.basis import hermite_columns
from learnability.results.status import Status

_SUFFICIENT = 1e-4  # Armijo's constant
_STATIONARY = 1e-6  # tangent gradient; a larger bound would count slow starts near the equator as trapped
_LONGEST = 64.0


@dataclass(frozen=True)
class Features:
    """Hermite features of r variables: multi-indices of degree at most ``degree`` with weights rho^{|b|/2}."""

    r: int
    degree: int
    mehler: float

    @property
    def indices(self) -> list[tuple[int, ...]]:
        """Multi-indices, the constant first."""
        every = itertools.product(range(self.degree + 1), repeat=self.r)
        return sorted((b for b in every if sum(b) <= self.degree), key=lambda b: (sum(b), b))

    def values(self, projections: Tensor) -> tuple[Tensor, list[list[Tensor]]]:
        """(features (..., sample, feature), columns h_k(z_i) by variable) of projections (..., sample, r)."""
        columns = [hermite_columns(projections[..., i], self.degree) for i in range(self.r)]
        return torch.stack([self._product(b, columns) for b in self.indices], dim=-1), columns

    def slope(self, coefficients: Tensor, columns: list[list[Tensor]]) -> Tensor:
        """Gradient of the fitted link at the projections: shape (..., sample, r)."""
        slopes = []
        for i in range(self.r):
            total = torch.zeros_like(columns[i][0])
            for place, b in enumerate(self.indices):
                if b[i]:
                    lowered = (*b[:i], b[i] - 1, *b[i + 1 :])
                    # h_k' = sqrt(k) h_{k-1}; the weight stays that of b.
                    weight = math.sqrt(b[i] * self.mehler)
                    total = total + coefficients[..., place, None] * (weight * self._product(lowered, columns))
            slopes.append(total)
        return torch.stack(slopes, dim=-1)

    def _product(self, b: tuple[int, ...], columns: list[list[Tensor]]) -> Tensor:
        product = columns[0][b[0]] * self.mehler ** (sum(b) / 2)
        for i in range(1, self.r):
            if b[i]:
                product = product * columns[i][b[i]]
        return product


def profile_loss(
    features: Features, ridge: float, inputs: Tensor, labels: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor]:
    """(L (replica,), Riemannian gradient (replica, d, r)) for inputs (replica, sample, d) and weights (replica, d,
    r)."""
    count = inputs.shape[1]
    values, columns = features.values(inputs @ weights)
    gram = (values.mT @ values).double() / count
    moment = (values.mT @ labels[..., None]).double() / count
    penalty = ridge * torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    fitted = torch.linalg.solve(gram + penalty, moment)[..., 0]
    coefficients = fitted.to(inputs.dtype)
    residual = labels - (values @ coefficients[..., None])[..., 0]
    loss = residual.double().square().mean(dim=-1) / 2 + ridge / 2 * fitted.square().sum(dim=-1)
    pull = residual[..., None] * features.slope(coefficients, columns)
    gradient = -(inputs.mT @ pull) / count
    product = weights.mT @ gradient
    return loss, gradient - weights @ (product + product.mT) / 2


def retract(weights: Tensor) -> Tensor:
    """The orthonormal factor with a positive diagonal of R: back onto the Stiefel manifold."""
    if weights.shape[-1] == 1:
        return weights / weights.norm(dim=-2, keepdim=True)
    orthonormal, upper = torch.linalg.qr(weights)
    signs = upper.diagonal(dim1=-2, dim2=-1).sign()
    return orthonormal * signs[..., None, :]


def descend(
    objective: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    weights: Tensor,
    step_size: float,
    steps: int,
    line_search: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """(weights, status (replica,), steps (replica,)) after Riemannian descent of every replica.

    ``objective(weights, active)`` gives losses and gradients of the replicas in ``active``. Without line search the
    steps are plain: time is ``step_size * steps``. With it the step of a replica doubles after a sufficient decrease
    and halves otherwise; that method is faster, and it is not the flow. A replica ends when its gradient vanishes.
    """
    weights = weights.clone()
    active = torch.arange(len(weights), device=weights.device)
    status = torch.full((len(weights),), int(Status.REACHED_END), dtype=torch.int8, device=weights.device)
    taken = torch.full((len(weights),), steps, dtype=torch.int64, device=weights.device)
    size = torch.full((len(weights),), step_size, dtype=weights.dtype, device=weights.device)
    loss, gradient = objective(weights, active)
    for step in range(steps):
        square = gradient.square().sum(dim=(-2, -1))
        still = square.sqrt() > _STATIONARY
        if not bool(still.all()):
            status[active[~still]], taken[active[~still]] = int(Status.CONVERGED), step
            active, loss, gradient, square = active[still], loss[still], gradient[still], square[still]
            if not len(active):
                break
        proposed = retract(weights[active] - size[active][:, None, None] * gradient)
        new_loss, new_gradient = objective(proposed, active)
        better = torch.ones_like(still[still])
        if line_search:
            better = new_loss <= loss - _SUFFICIENT * size[active] * square
            size[active] = (size[active] * torch.where(better, 2.0, 0.5)).clamp(max=_LONGEST)
        keep = better[:, None, None]
        weights[active] = torch.where(keep, proposed, weights[active])
        loss, gradient = torch.where(better, new_loss, loss), torch.where(keep, new_gradient, gradient)
    return weights, status, taken
