"""Reflective subspaces by their definition and by search: independent checks of the closure.

Neither check shares code with :mod:`learnability.hermite.reflective`: the definition is integrated by Gauss-Hermite
quadrature, and the defect of a subspace is minimised over the Grassmannian.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from learnability.hermite.activation_class import SMOOTH, ActivationClass
from learnability.hermite.basis import evaluate, gauss_hermite
from learnability.hermite.expansion import HermiteExpansion, lowered

Array = NDArray[np.float64]


@functools.cache
def gauss_grid(variables: int, nodes: int) -> tuple[Array, Array]:
    """Tensor Gauss-Hermite grid for N(0, I): points (nodes^variables, variables) and weights."""
    x, w = gauss_hermite(nodes)
    points = np.stack(np.meshgrid(*[x] * variables, indexing="ij"), axis=-1).reshape(-1, variables)
    weights = functools.reduce(np.multiply.outer, [w] * variables).ravel()
    points.flags.writeable = weights.flags.writeable = False
    return points, weights


def definition_residual(
    target: HermiteExpansion,
    subspace: Array,
    derivative: Callable[[Array], Array],
    shifts: Array,
    directions: Array,
    nodes: int = 20,
) -> float:
    """The largest ``|E[z_S h(z) sigma'(u + v.z_perp)]|`` over pairs of shifts u (n,) and directions v (n, p).

    ``subspace`` (p, s) is an orthonormal basis of S and ``derivative`` is sigma'. Zero up to the quadrature's error
    for every u and v exactly when S is reflective.
    """
    points, weights = gauss_grid(target.variables, nodes)
    inside = points @ subspace
    outside = points - inside @ subspace.T
    slopes = derivative(shifts[:, None] + directions @ outside.T)
    moments = (slopes * (weights * evaluate(target, points))) @ inside
    return float(np.linalg.norm(moments, axis=1).max())


@dataclass(frozen=True)
class SmoothedParts:
    """The allowed homogeneous parts H_k of ``H(v) = E h(z + v)``: their derivatives as combinations of monomials.

    ``exponents`` (monomial, p); ``gradients`` and ``hessians`` hold for each degree k the coefficients (p, monomial)
    and (p^2, monomial).
    """

    variables: int
    exponents: NDArray[np.intp]
    gradients: dict[int, Array]
    hessians: dict[int, Array]

    @classmethod
    def of(cls, target: HermiteExpansion, activation: ActivationClass = SMOOTH) -> "SmoothedParts":
        """The parts of a target in units of its norm."""
        p = target.variables
        terms = {b: c / target.norm for b, c in target.unnormalised().items() if sum(b) and activation.allows(sum(b))}
        first = {(b, i): lowered(b, i) for b in terms for i in range(p) if b[i]}
        second = {(b, i, j): lowered(c, j) for (b, i), c in first.items() for j in range(p) if c[j]}
        number = {c: m for m, c in enumerate(dict.fromkeys([*first.values(), *second.values()]))}
        gradients = {sum(b): np.zeros((p, len(number))) for b in terms}
        hessians = {k: np.zeros((p * p, len(number))) for k in gradients}
        for (b, i), c in first.items():
            gradients[sum(b)][i, number[c]] += terms[b] * b[i]
        for (b, i, j), c in second.items():
            hessians[sum(b)][i * p + j, number[c]] += terms[b] * b[i] * lowered(b, i)[j]
        return cls(p, np.array(list(number), dtype=np.intp).reshape(-1, p), gradients, hessians)

    @property
    def degree(self) -> int:
        """The highest degree, zero where no part is allowed."""
        return max(self.gradients, default=0)

    def monomials(self, points: Array) -> Array:
        """The monomials at points (n, p), shape (monomial, n)."""
        factors = np.broadcast_to(points.T, (self.degree + 1, *points.T.shape)).copy()
        factors[0] = 1
        powers = np.multiply.accumulate(factors)
        return np.asarray(np.prod([powers[self.exponents[:, i], i] for i in range(self.variables)], axis=0))


def defect(parts: SmoothedParts, projector: Array) -> tuple[float, Array]:
    """``R(S) = sum_k E|P grad H_k((1 - P) x)|^2``, x ~ N(0, I_p), and its symmetric gradient in the projector P.

    Zero exactly when the range of P is reflective. The expectation is an exact quadrature.
    """
    p = parts.variables
    points, weights = gauss_grid(p, max(parts.degree, 1))
    monomials = parts.monomials(points @ (np.eye(p) - projector))
    value, slope = 0.0, np.zeros((p, p))
    for k, combined in parts.gradients.items():
        gradient = (combined @ monomials).T
        projected = gradient @ projector
        value += float(weights @ np.square(projected).sum(1))
        hessian = (parts.hessians[k] @ monomials).reshape(p, p, -1)
        turned = np.einsum("ijn,nj->ni", hessian, projected)
        slope += (weights[:, None] * gradient).T @ gradient - 2 * (weights[:, None] * turned).T @ points
    return value, 0.5 * (slope + slope.T)


def subspace_defect(target: HermiteExpansion, subspace: Array, activation: ActivationClass = SMOOTH) -> float:
    """``R(S)`` of the span of an orthonormal basis (p, s), in units of the target's squared norm."""
    return defect(SmoothedParts.of(target, activation), subspace @ subspace.T)[0]


def _objective(entries: Array, parts: SmoothedParts, dimension: int) -> tuple[float, Array]:
    frame = entries.reshape(parts.variables, dimension)
    inverse = np.linalg.inv(frame.T @ frame)
    projector = frame @ inverse @ frame.T
    value, slope = defect(parts, projector)
    gradient = 2 * (np.eye(parts.variables) - projector) @ slope @ frame @ inverse
    return value, gradient.ravel()


def grassmann_search(
    target: HermiteExpansion, dimension: int, starts: Array, activation: ActivationClass = SMOOTH
) -> tuple[Array, Array]:
    """Local minima of the defect over subspaces of one dimension.

    ``starts`` (n, p, dimension) are any frames of full rank. Returns defects (n,) and projectors (n, p, p).
    """
    parts = SmoothedParts.of(target, activation)
    values, projectors = [], []
    for start in starts:
        found = minimize(
            _objective,
            np.linalg.qr(start)[0].ravel(),
            (parts, dimension),
            method="BFGS",
            jac=True,
            options={"gtol": 1e-9, "maxiter": 400},
        )
        basis = np.linalg.qr(found.x.reshape(parts.variables, dimension))[0]
        values.append(max(float(found.fun), 0.0))
        projectors.append(basis @ basis.T)
    return np.array(values), np.array(projectors)
