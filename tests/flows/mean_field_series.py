"""The mean-field flow for any smooth activation, through the Hermite coefficients of the network.

With ``sigma(R g) = sum_k u_k(R) h_k(g)`` a neuron ``w = (w_V, w_perp)`` of length R contributes
``u_k(R) R^{-k} (w_V.z + r rho)^k`` to degree k. Averaged over the uniform direction of w_perp (rho is the cosine
between two directions in m = d - p dimensions) the loss is a sum of squares of moments of the measure:

    L = sum_{a, j} (M_{a,j} - [j = 0] h_a)^2 / 2 + const,      M_{a,j} = E_rho[a psi_{a,j}(w_V, r)]
    psi_{a,j} = sqrt(C(k, 2j) (n!/a!) E rho^{2j}) u_k(R) R^{-k} w_V^a r^{2j},      n = |a|,   k = n + 2j

so the cost is particles x moments, without pairs. The series stops at a degree K: the network's energy beyond K is
left out, ``sum_{k > K} u_k^2``, which falls geometrically for activations that are analytic in a strip.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from learnability.flows.mean_field import MeanFieldProblem
from learnability.hermite.activations import Activation
from learnability.hermite.basis import gauss_hermite, hermite_basis
from learnability.hermite.rotation import multi_indices

SMALLEST_LENGTH = 1e-2


def cosine_moments(perpendicular: float, count: int) -> list[float]:
    """``E rho^{2j}``, j < count, for the cosine of two independent uniform directions in m dimensions."""
    moments = [1.0]
    for j in range(1, count):
        moments.append(moments[-1] * (2 * j - 1) / (perpendicular + 2 * j - 2))
    return moments


@dataclass
class _Block:
    """The moments of one (k, j): their monomials and factors (batch, count), and the target's coefficients."""

    degree: int
    level: int
    exponents: Tensor
    factors: Tensor
    target: Tensor


class SeriesFlow:
    """Right-hand side like :class:`~learnability.flows.mean_field.MeanFieldFlow`, for a general activation.

    ``degree`` is the last degree K of the series and ``nodes`` the size of the Gauss-Hermite rule for u_k(R). Lengths
    R below 0.01 are not resolved. The phase of the problem is not used. Gradients by automatic differentiation.
    """

    def __init__(
        self, problem: MeanFieldProblem, activation: Activation, weights: Tensor, degree: int = 20, nodes: int = 80
    ) -> None:
        self.problem, self.activation, self.weights, self.degree = problem, activation, weights, degree
        points, christoffel = gauss_hermite(nodes)
        self.points = torch.as_tensor(points, device=weights.device)
        self.basis = torch.as_tensor(christoffel[:, None] * hermite_basis(points, degree), device=weights.device)
        self.blocks = [
            self._block(k, j) for k in range(degree + 1) for j in range(k // 2 + 1) if self._weight(k, j).any()
        ]
        missing = [sum(v * v for b, v in t.coefficients.items() if sum(b) > degree) for t in problem.targets]
        self.beyond = torch.tensor(missing, device=weights.device, dtype=torch.float64)

    def _weight(self, k: int, j: int) -> np.ndarray:
        m = self.problem.dimensions - self.problem.variables
        cosine = [0.0 if math.isinf(value) and j else cosine_moments(float(value), j + 1)[j] for value in m]
        return math.comb(k, 2 * j) * np.array(cosine)

    def _block(self, k: int, j: int) -> _Block:
        exponents = multi_indices(self.problem.variables, k - 2 * j)
        ratio = [math.factorial(k - 2 * j) / math.prod(map(math.factorial, b)) for b in exponents.tolist()]
        factors = np.sqrt(self._weight(k, j)[:, None] * np.array(ratio))
        target = np.zeros_like(factors)
        if j == 0:
            for row, polynomial in enumerate(self.problem.targets):
                target[row] = [polynomial.coefficients.get(tuple(b), 0.0) for b in exponents.tolist()]
        device = self.weights.device
        tensors = (torch.as_tensor(x, device=device) for x in (exponents, factors, target))
        return _Block(k, j, *tensors)

    def loss(self, state: Tensor, index: Tensor) -> Tensor:
        """The loss (b,) of packed states (b, n, p + 2)."""
        a, r, w = state[..., 0], state[..., 1], state[..., 2:]
        length = (w.square().sum(-1) + r.square()).sqrt().clamp_min(SMALLEST_LENGTH)
        expansion = self.activation.value(length[..., None] * self.points) @ self.basis
        mass = self.weights * a
        total = 0.5 * self.beyond[index]
        for block in self.blocks:
            radial = mass * expansion[..., block.degree] * length**-block.degree * r ** (2 * block.level)
            monomials = (w[..., None, :] ** block.exponents).prod(-1)
            moments = block.factors[index] * (radial[..., None, :] @ monomials)[..., 0, :]
            total = total + 0.5 * (moments - block.target[index]).square().sum(-1)
        return total

    def __call__(self, state: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
        """Slopes like the state, and the loss (b,)."""
        with torch.enable_grad():
            leaf = state.detach().requires_grad_()
            loss = self.loss(leaf, index)
            (gradient,) = torch.autograd.grad(loss.sum(), leaf)
        rates = torch.full_like(state[:1, :1], self.problem.rate_w)
        rates[..., 0] = self.problem.rate_a
        return -rates * gradient / self.weights[:, None], loss.detach()
