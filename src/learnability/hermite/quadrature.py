"""Quadrature rules for the laws that the studies draw from, beside Gauss-Hermite."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def uniform_nodes(count: int) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights (sum 1) of the uniform law on [-1, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights / 2
