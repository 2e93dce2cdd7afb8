"""Hermite polynomials, orthonormal for the standard Gaussian, and their quadrature."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learnability.hermite.expansion import HermiteExpansion

Array = NDArray[np.float64]


def hermite_columns(x: Any, degree: int) -> list[Any]:
    """``[h_0(x), ..., h_degree(x)]`` for a numpy array or torch tensor of any shape.

    Normalised recurrence ``sqrt(k+1) h_{k+1} = x h_k - sqrt(k) h_{k-1}``: in float64 the orthonormality
    error stays below 2e-14 up to degree 299; in float32 use it to degree 50 only.
    """
    columns = [x * 0 + 1, x]
    for k in range(1, degree):
        columns.append((x * columns[k] - math.sqrt(k) * columns[k - 1]) / math.sqrt(k + 1))
    return columns[: degree + 1]


def hermite_basis(x: Array, degree: int) -> Array:
    """``h_0(x), ..., h_degree(x)`` along a new last axis: shape ``x.shape + (degree + 1,)``."""
    return np.stack(hermite_columns(np.asarray(x, dtype=np.float64), degree), axis=-1)


def gauss_hermite(n: int) -> tuple[Array, Array]:
    """Nodes and weights of the n-point Gauss rule for N(0, 1), exact to degree 2n - 1.

    Christoffel weights ``1 / sum_{k<n} h_k(x)^2``: they keep full relative accuracy where those from the
    eigenvectors of the Jacobi matrix do not.
    """
    from scipy.special import roots_hermitenorm  # SciPy's import is paid only where a rule is asked for

    nodes = np.asarray(roots_hermitenorm(n)[0], dtype=np.float64)
    # One Newton step on h_n (h_n' = sqrt(n) h_{n-1}) and exact symmetry.
    basis = hermite_basis(nodes, n)
    nodes = nodes - basis[:, n] / (math.sqrt(n) * basis[:, n - 1])
    nodes = (nodes - nodes[::-1]) / 2
    weights = 1 / (hermite_basis(nodes, n - 1) ** 2).sum(axis=-1)
    return nodes, weights / weights.sum()


def coefficients(function: Callable[[Array], Array], degree: int, nodes: int = 256) -> Array:
    """``a_k = E[function(z) h_k(z)]`` for k = 0..degree by Gauss-Hermite quadrature with ``nodes`` nodes.

    Exact for polynomials with ``degree + deg(function) < 2 nodes``; a kink makes the error fall only as a
    power of ``nodes``: use a closed form there.
    """
    x, weights = gauss_hermite(nodes)
    return hermite_basis(x, degree).T @ (weights * function(x))


def evaluate(expansion: HermiteExpansion, z: Any) -> Any:
    """``f(z) = sum_b a_b h_b(z)`` for z of shape (..., variables), a numpy array or a torch tensor."""
    degrees = [max((b[i] for b in expansion.coefficients), default=0) for i in range(expansion.variables)]
    columns = [hermite_columns(z[..., i], degree) for i, degree in enumerate(degrees)]
    total = z[..., 0] * 0
    for index, value in expansion.coefficients.items():
        total = total + math.prod([columns[i][k] for i, k in enumerate(index) if k], start=value)
    return total
