"""Reflective subspaces by their definition and by search: independent checks of the closure.

Neither check shares code with :mod:`learnability.hermite.reflective`: the definition is integrated by Gauss-Hermite
quadrature, and the defect of a subspace is minimised over the Grassmannian.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from learnability.hermite.activation_class import SMOOTH, ActivationClass
from learnability.hermite.basis import evaluate, gauss_hermite
from learnability.hermite.expansion import HermiteExpansion

Array = NDArray[np.float64]


def gauss_grid(variables: int, nodes: int) -> tuple[Array, Array]:
    """Tensor Gauss-Hermite grid for N(0, I): points (nodes^variables, variables) and weights."""
    x, w = gauss_hermite(nodes)
    points = np.array(list(itertools.product(x, repeat=variables)))
    weights = np.array([np.prod(t) for t in itertools.product(w, repeat=variables)])
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
    """The allowed homogeneous parts of ``H(v) = E h(z + v)`` as monomials, evaluated with gradient and Hessian."""

    variables: int
    exponents: Array
    coefficients: Array
    degrees: tuple[int, ...]

    @classmethod
    def of(cls, target: HermiteExpansion, activation: ActivationClass = SMOOTH) -> "SmoothedParts":
        """The parts of a target in units of its norm."""
        terms = {b: c for b, c in target.unnormalised().items() if sum(b) and activation.allows(sum(b))}
        exponents = np.array(list(terms), dtype=float).reshape(-1, target.variables)
        degrees = tuple(sorted({sum(b) for b in terms}))
        return cls(target.variables, exponents, np.array(list(terms.values())) / target.norm, degrees)

    def _monomials(self, rows: NDArray[np.intp], points: Array, lowered: tuple[int, ...]) -> Array:
        """``sum of c_b d_lowered v^b`` over the chosen rows, at points (n, p) -> (n,)."""
        exponents, factors = self.exponents[rows].copy(), self.coefficients[rows].copy()
        for i in lowered:
            factors *= exponents[:, i]
            exponents[:, i] = np.maximum(exponents[:, i] - 1, 0)
        return np.prod(points[:, None, :] ** exponents, axis=2) @ factors

    def gradient(self, degree: int, points: Array) -> Array:
        """``grad H_k`` at points (n, p) -> (n, p)."""
        rows = np.flatnonzero(self.exponents.sum(1) == degree)
        return np.stack([self._monomials(rows, points, (i,)) for i in range(self.variables)], axis=1)

    def hessian(self, degree: int, points: Array) -> Array:
        """The second derivatives of H_k at points (n, p) -> (n, p, p)."""
        rows = np.flatnonzero(self.exponents.sum(1) == degree)
        hessian = np.empty((len(points), self.variables, self.variables))
        for i, j in itertools.combinations_with_replacement(range(self.variables), 2):
            hessian[:, i, j] = hessian[:, j, i] = self._monomials(rows, points, (i, j))
        return hessian


def defect(parts: SmoothedParts, projector: Array) -> tuple[float, Array]:
    """``R(S) = sum_k E|P grad H_k((1 - P) x)|^2``, x ~ N(0, I_p), and its symmetric gradient in the projector P.

    Zero exactly when the range of P is reflective. The expectation is an exact quadrature.
    """
    p = parts.variables
    points, weights = gauss_grid(p, max(parts.degrees, default=1))
    outside = points @ (np.eye(p) - projector)
    value, slope = 0.0, np.zeros((p, p))
    for k in parts.degrees:
        gradient = parts.gradient(k, outside)
        projected = gradient @ projector
        value += float(weights @ np.square(projected).sum(1))
        turned = np.einsum("nij,nj->ni", parts.hessian(k, outside), projected)
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
