"""The shape of a polynomial target: the directions that it depends on, and its spectrum."""

import math

import numpy as np
from numpy.typing import NDArray

from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.rotation import dense, rotate_values

Array = NDArray[np.float64]

#: Eigenvalues of E[grad f grad f^T] below this share of the trace are directions without influence.
RANK_TOLERANCE = 1e-12


def gradient_covariance(expansion: HermiteExpansion) -> Array:
    """``E[grad f(z) grad f(z)^T]``, (variables, variables), from ``d_i h_b = sqrt(b_i) h_{b - e_i}``."""
    parts = [dict(expansion.derivative(i).coefficients) for i in range(expansion.variables)]
    products = [[math.fsum(a * q[b] for b, a in p.items() if b in q) for q in parts] for p in parts]
    return np.array(products)


def hidden_basis(covariance: Array, tolerance: float = RANK_TOLERANCE) -> Array:
    """An orthonormal basis (variables, rank) of the range; coordinate axes where they lie in it."""
    eigenvalues, vectors = np.linalg.eigh(covariance)
    kept = eigenvalues > tolerance * max(float(eigenvalues.sum()), 0.0)
    if kept.all():
        return np.eye(len(covariance))
    return axis_basis(vectors[:, kept] @ vectors[:, kept].T)


def axis_basis(projector: Array) -> Array:
    """An orthonormal basis of the range of an orthogonal projector, coordinate axes first, by Gram-Schmidt."""
    rank = round(float(np.trace(projector)))
    kept: list[Array] = []
    for axis in np.argsort(-np.round(np.diag(projector), 9), kind="stable"):
        vector = projector[:, axis].copy()
        for other in kept * 2:
            vector -= other * (other @ vector)
        if len(kept) < rank and np.linalg.norm(vector) > 1e-7:
            vector = projector @ (vector / np.linalg.norm(vector))
            kept.append(vector / np.linalg.norm(vector))
    return np.stack(kept, axis=1) if kept else np.zeros((len(projector), 0))


def restricted(expansion: HermiteExpansion, basis: Array) -> HermiteExpansion:
    """The target as a function of its coordinates in ``basis`` (variables, count), on which it depends."""
    variables, count = basis.shape
    if np.array_equal(basis, np.eye(variables)):
        return expansion
    frame = np.concatenate([basis, axis_basis(np.eye(variables) - basis @ basis.T)], axis=1)
    indices, values = dense(expansion)
    turned = rotate_values(indices, values, frame.T)
    keep = (indices[:, count:].sum(axis=1) == 0) & (np.abs(turned) > 1e-14 * expansion.norm)
    pairs = zip(indices[keep, :count].tolist(), turned[keep].tolist(), strict=True)
    return HermiteExpansion(count, {tuple(index): value for index, value in pairs})


def spectrum(expansion: HermiteExpansion) -> dict[int, float]:
    """The share of each degree in the variance."""
    total = expansion.centred().norm_squared
    degrees = sorted({sum(b) for b in expansion.coefficients if sum(b)})
    return {k: expansion.homogeneous(k).norm_squared / total for k in degrees}
