"""Subspaces from Hermite moments of degree k, weighted by functions of the label: partial traces and U-statistics.

With weights ``t_s(y_i)`` (sample, s) and ``He_k(x)`` the Hermite tensor, the moments are

    A_s = (1/n) sum_i t_s(y_i) He_k(x_i),

of which a d x d matrix is made whose leading eigenvectors estimate the subspace:

partial trace
    ``He_k`` is contracted with itself to a vector (odd k) or a matrix (even k), and ``sum_s A_s A_s^T`` is taken. It
    reaches ``n ~ d^(k/2)`` for one direction (Damian, Pillaud-Vivien, Lee, Bruna, arXiv 2403.05529), and sees nothing
    of a tensor without trace, such as that of ``z1*z2*z3``.
U-statistic
    All slots but one are contracted between two different samples, with the kernel ``K = sum_s t_s t_s`` of their
    labels: ``sum_(i != j) K(y_i, y_j) <He_k(x_i), He_k(x_j)>``. No trace is needed, and pairs i = j, whose mean is no
    signal, are left out (Damian, Lee, Bruna, arXiv 2506.05500). ``n ~ d^(k/2)`` again.
"""

import itertools

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HIGHEST_TRACE = 4
HIGHEST_PAIRS = 4
_BLOCK = 256
_CACHED = 1024


def partial_trace(x: Array, weights: Array, degree: int) -> Array:
    """``sum_s A_s A_s^T`` (d, d) with the partial traces A_s of ``He_degree``, degree 1 to 4.

    ``tr He_3 = x (|x|^2 - (d + 2))``, ``tr He_4 = x x^T (|x|^2 - (d + 4)) - I (|x|^2 - (d + 2))``.

    Raises ValueError for another degree.
    """
    n, d = x.shape
    square = np.einsum("ij,ij->i", x, x)[:, None]
    if degree in (1, 3):
        scale = 1.0 if degree == 1 else square - (d + 2)
        vectors = (weights * scale).T @ x / n
        return np.asarray(vectors.T @ vectors)
    if degree not in (2, 4):
        raise ValueError(f"degree is {degree}; partial traces are implemented for 1 to {HIGHEST_TRACE}")
    outer, identity = (
        (weights, weights) if degree == 2 else (weights * (square - (d + 4)), weights * (square - (d + 2)))
    )
    moments = np.zeros((weights.shape[1], d, d))
    # In blocks that a cache holds: the product with a weight is otherwise bound by memory.
    for first in range(0, n, _CACHED):
        part = x[first : first + _CACHED]
        for s, column in enumerate(outer[first : first + _CACHED].T):
            moments[s] += (part * column[:, None]).T @ part
    total = np.zeros((d, d))
    for moment, mean in zip(moments / n, identity.mean(axis=0), strict=True):
        moment[np.diag_indices(d)] -= mean
        total += moment @ moment
    return total


def u_statistic(x: Array, weights: Array, degree: int) -> Array:
    """``(1/n^2) sum_(i != j) K_ij <He_k(x_i), He_k(x_j)>_(k-1 slots)`` (d, d), degree 1 to 4.

    Degree 1: ``x x'^T``. Degree 2: ``(x x^T - I)(x' x'^T - I)``. In general, with ``a = <x, x'>`` and the inner product
    ``P_k(x, x') = <He_k(x), He_k(x')>``, the multiplication ``He_k = (x - D) He_(k-1)`` gives

        <He_k, He_k'>_(k-1 slots) = (x - D)(x' - D')^T P_(k-1),

        P_2 = a^2 - |x|^2 - |x'|^2 + d,     P_3 = a^3 - 3 a (|x|^2 + |x'|^2) + 3 (d + 2) a,

    and so, summed over both orders of a pair, with ``Q = 3 P_2 + 6``:

    degree 3
        ``x x'^T (P_2 + 6) + 2 a I - 2 a (x x^T + x' x'^T)``
    degree 4
        ``x x'^T (P_3 + 18 a) + Q I - (Q + 6)(x x^T + x' x'^T)``

    Raises ValueError for another degree.
    """
    n, d = x.shape
    own = (weights**2).sum(axis=1)
    square = np.einsum("ij,ij->i", x, x)
    if degree == 1:
        vectors = weights.T @ x / n
        return np.asarray(vectors.T @ vectors - (x * own[:, None]).T @ x / n**2)
    if degree == 2:
        # (x x^T - I)^2 = (|x|^2 - 2) x x^T + I is what the pairs i = j would add.
        diagonal = (x * (own * (square - 2))[:, None]).T @ x
        diagonal[np.diag_indices(d)] += own.sum()
        return partial_trace(x, weights, 2) - diagonal / n**2
    if degree in (3, 4):
        return _pairs(x, weights, square, degree) / n**2
    raise ValueError(f"degree is {degree}; U-statistics are implemented for 1 to {HIGHEST_PAIRS}")


def _pairs(x: Array, weights: Array, square: Array, degree: int) -> Array:
    """The sum over pairs i != j at degree 3 or 4, each pair of blocks once: all is symmetric in (i, j)."""
    n, d = x.shape
    total, trace, own = np.zeros((d, d)), 0.0, np.zeros(n)
    blocks = [slice(first, min(first + _BLOCK, n)) for first in range(0, n, _BLOCK)]
    for rows, columns in itertools.combinations_with_replacement(blocks, 2):
        kernel = weights[rows] @ weights[columns].T
        if rows is columns:
            np.fill_diagonal(kernel, 0)
        inner = x[rows] @ x[columns].T
        two = inner**2
        two -= square[rows, None]
        two -= square[columns] - d
        if degree == 3:
            signal = two + 6
            signal *= kernel
            factor, more = inner, 0
            factor *= 2
        else:
            # P_3 + 18 a = a (a^2 - 3 |x|^2 - 3 |x'|^2 + 3 d + 24) = a (3 P_2 - 2 a^2 + 24).
            two *= 3
            signal = inner**2
            signal *= -2
            signal += two
            signal += 24
            signal *= inner
            signal *= kernel
            factor, more = two, 6
            factor += 6
        factor *= kernel
        sides = ((rows, 1),) if rows is columns else ((rows, 1), (columns, 0))
        total += len(sides) * (x[rows].T @ (signal @ x[columns]))
        trace += len(sides) * float(factor.sum())
        for place, axis in sides:
            own[place] += factor.sum(axis=axis)
            if more:
                own[place] += more * kernel.sum(axis=axis)
    total += trace * np.eye(d) - 2 * (x * own[:, None]).T @ x
    return (total + total.T) / 2


def leading(matrix: Array, count: int) -> Array:
    """The ``count`` leading eigenvectors (d, count) of a symmetric matrix. Raises ValueError unless 1 <= count <= d."""
    d = len(matrix)
    if count < 1 or count > d:
        raise ValueError(f"count is {count}; it must be from 1 to {d}")
    return np.asarray(np.linalg.eigh(matrix)[1][:, ::-1][:, :count])


def complement(found: Array) -> Array:
    """An orthonormal basis (d, d - s) of what is orthogonal to ``found`` (d, s)."""
    return np.asarray(np.linalg.qr(found, mode="complete")[0][:, found.shape[1] :])


def smallest_cosine(found: Array, tasks: int) -> float:
    """The smallest cosine of the principal angles between ``found`` (d, r), orthonormal, and the first r axes."""
    return float(np.linalg.svd(found[:tasks], compute_uv=False)[-1])
