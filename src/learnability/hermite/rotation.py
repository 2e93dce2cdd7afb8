"""Rotations of Gaussian polynomials in the orthonormal Hermite basis.

``h_b(R^T z)`` stays within its degree, and a rotation in one coordinate plane mixes only the indices that agree
outside the plane and in the plane's total degree. A product of plane rotations is therefore a product of small
orthogonal matrices: norms are kept to rounding, at any degree.
"""

import itertools
import math
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from learnability.hermite.expansion import HermiteExpansion

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@cache
def multi_indices(variables: int, degree: int) -> Integers:
    """All multi-indices of total degree exactly ``degree``, (count, variables), in lexicographic order."""
    if variables == 1:
        return np.array([[degree]], dtype=np.int64)
    bars = itertools.combinations(range(degree + variables - 1), variables - 1)
    cuts = np.array(list(bars), dtype=np.int64).reshape(-1, variables - 1)
    ends = np.full((len(cuts), 1), degree + variables - 1)
    return np.diff(np.hstack([np.full((len(cuts), 1), -1), cuts, ends])) - 1


def dense(expansion: HermiteExpansion) -> tuple[Integers, Array]:
    """All multi-indices of the degrees that occur, (count, variables), and the orthonormal coefficients (count,)."""
    degrees = sorted({sum(index) for index in expansion.coefficients})
    if not degrees:
        return np.zeros((0, expansion.variables), dtype=np.int64), np.zeros(0)
    indices = np.concatenate([multi_indices(expansion.variables, k) for k in degrees])
    place = {tuple(index): i for i, index in enumerate(indices.tolist())}
    values = np.zeros(len(indices))
    for index, value in expansion.coefficients.items():
        values[place[index]] = value
    return indices, values


def plane_matrix(degree: int, cosine: float, sine: float) -> Array:
    """How the products ``h_{s-q}(x) h_q(y)``, q = 0..s, change under ``(x, y) -> (c x + s y, -s x + c y)``.

    Orthogonal (s+1, s+1); column q holds the image of the product q. The smoothing ``E f(z + v)`` turns
    ``h_b`` into ``v^b / sqrt(b!)``, where this is a binomial expansion.
    """
    matrix = np.zeros((degree + 1, degree + 1))
    norms = np.array([math.sqrt(math.factorial(degree - q) * math.factorial(q)) for q in range(degree + 1)])
    for q in range(degree + 1):
        product = np.ones(1)
        for factor in [(cosine, sine)] * (degree - q) + [(-sine, cosine)] * q:
            product = np.convolve(product, factor)
        matrix[:, q] = product * norms / norms[q]
    return matrix


def plane_rotations(rotation: Array) -> Iterator[tuple[int, int, float, float]]:
    """Plane rotations (i, j, cosine, sine), to be applied in this order, whose product is ``rotation`` up to signs.

    The sign of the last coordinate takes up a determinant of -1; it comes as the "rotation" (i, i, -1, 0).
    """
    rest = np.array(rotation, dtype=float)
    steps = []
    for j in range(rest.shape[1]):
        for i in range(rest.shape[0] - 1, j, -1):
            length = math.hypot(rest[i - 1, j], rest[i, j])
            if abs(rest[i, j]) <= 1e-300 or length == 0:
                continue
            c, s = rest[i - 1, j] / length, rest[i, j] / length
            rest[[i - 1, i]] = np.array([[c, s], [-s, c]]) @ rest[[i - 1, i]]
            steps.append((i - 1, i, c, s))
    for negative in np.flatnonzero(np.diag(rest) < 0):
        yield int(negative), int(negative), -1.0, 0.0
    yield from reversed(steps)


def _rotate_plane(indices: Integers, values: Array, i: int, j: int, cosine: float, sine: float) -> Array:
    if i == j:
        return values * (-1.0) ** indices[:, i]
    within = indices[:, i] + indices[:, j]
    others = np.delete(indices, [i, j], axis=1)
    # Rows of one group: the same other exponents and the same degree in the plane, by rising power of z_j.
    order = np.lexsort((indices[:, j], *others.T, within))
    rotated = np.empty_like(values)
    for degree in range(int(within.max(initial=0)) + 1):
        rows = order[within[order] == degree].reshape(-1, degree + 1)
        rotated[rows] = values[rows] @ plane_matrix(degree, cosine, sine).T
    return rotated


def rotate_values(indices: Integers, values: Array, rotation: Array) -> Array:
    """Coefficients of ``f(R^T z)`` from those of ``f``; ``indices`` as from :func:`dense`."""
    for i, j, cosine, sine in plane_rotations(rotation):
        values = _rotate_plane(indices, values, i, j, cosine, sine)
    return values


def rotate(expansion: HermiteExpansion, rotation: Array) -> HermiteExpansion:
    """``f_R(z) = f(R^T z)`` for an orthogonal ``rotation`` R (variables, variables).

    If f depends on ``u.z`` then f_R depends on ``(R u).z``. Raises ValueError where R is not orthogonal.
    """
    rotation = np.asarray(rotation, dtype=float)
    if rotation.shape != (expansion.variables,) * 2:
        raise ValueError(f"a rotation of {expansion.variables} variables, not of shape {rotation.shape}")
    if not np.allclose(rotation @ rotation.T, np.eye(len(rotation)), atol=1e-10):
        raise ValueError("the matrix is not orthogonal")
    indices, values = dense(expansion)
    rotated = rotate_values(indices, values, rotation)
    pairs = zip(indices.tolist(), rotated.tolist(), strict=True)
    return HermiteExpansion(expansion.variables, {tuple(index): value for index, value in pairs})
