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

_FIRST_TURN, _TURN = 5e-4, 0.05  # radian
_SHARE = 0.125  # of the inverse curvature: the time of an escape is right to a few percent
_REST = 1e-3  # radian


@dataclass(frozen=True)
class Features:
    """Hermite features of r variables: the constant, and multi-indices of degree ``lowest`` to ``degree``, with weights
    rho^{|b|/2}."""

    r: int
    degree: int
    mehler: float
    lowest: int = 1

    @property
    def indices(self) -> list[tuple[int, ...]]:
        """Multi-indices, the constant first."""
        every = itertools.product(range(self.degree + 1), repeat=self.r)
        kept = (b for b in every if not any(b) or self.lowest <= sum(b) <= self.degree)
        return sorted(kept, key=lambda b: (sum(b), b))

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


@dataclass
class Arrival:
    """How every replica ended: its weights, the flow time at its end, a status, and the steps it took."""

    weights: Tensor
    time: Tensor
    status: Tensor
    steps: Tensor


def follow(
    objective: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    weights: Tensor,
    arrived: Callable[[Tensor], Tensor],
    end_time: float,
    max_steps: int,
) -> Arrival:
    """The gradient flow of every replica until ``arrived(weights)``, rest, or the end time.

    ``objective(weights, active)`` gives losses and gradients of the replicas in ``active``. Steps of the second-order
    Adams-Bashforth method, one gradient each, of a length that keeps the turn below 0.05 radian and the step below an
    eighth of the inverse curvature on the way; time on plateaus costs few steps then. A replica rests when the
    nearest critical point by that curvature is closer than 1e-3 radian (status CONVERGED, as on arrival); one that has
    used up its steps is undecided (MAX_STEPS).
    """
    count = len(weights)
    active = torch.arange(count, device=weights.device)
    end = Arrival(
        weights.clone(),
        torch.zeros(count, dtype=torch.float64, device=weights.device),
        torch.full((count,), int(Status.MAX_STEPS), dtype=torch.int8, device=weights.device),
        torch.full((count,), max_steps, dtype=torch.int64, device=weights.device),
    )
    here, time = weights.clone(), end.time.clone()
    gradient = objective(here, active)[1]
    before, size = gradient, _FIRST_TURN / _lengths(gradient)
    last, curvature = size, torch.zeros_like(size)
    for step in range(max_steps + 1):
        there, late = arrived(here), time >= end_time * (1 - 1e-12)
        rest = _lengths(gradient) <= _REST * curvature
        done = there | late | rest
        if bool(done.any()):
            index = active[done]
            end.weights[index], end.time[index], end.steps[index] = here[done], time[done], step
            code = torch.where(there | rest, int(Status.CONVERGED), int(Status.REACHED_END)).to(torch.int8)
            end.status[index] = code[done]
            active, here, time, gradient = active[~done], here[~done], time[~done], gradient[~done]
            before, size, last, curvature = before[~done], size[~done], last[~done], curvature[~done]
        if not len(active) or step == max_steps:
            break
        size = torch.minimum(torch.minimum(2 * last, _TURN / _lengths(gradient)), _SHARE / curvature.clamp(min=1e-30))
        size = torch.minimum(size, (end_time - time).to(size.dtype))
        ratio = (size / last / 2 if step else torch.zeros_like(size))[:, None, None]
        move = size[:, None, None] * ((1 + ratio) * gradient - ratio * before)
        here = retract(here - move)
        fresh = objective(here, active)[1]
        curvature = _lengths(fresh - gradient) / _lengths(move)
        before, gradient, last, time = gradient, fresh, size, time + size
    end.weights[active], end.time[active] = here, time
    return end


def _lengths(tangents: Tensor) -> Tensor:
    return tangents.square().sum(dim=(-2, -1)).sqrt().clamp(min=1e-30)
