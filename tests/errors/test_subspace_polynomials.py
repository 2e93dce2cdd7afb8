"""The errors of ``docs/errors/subspace_polynomials-*``, derived again without the study's own code."""

import numpy as np


def test_summary_condition() -> None:
    """z1 z2 is reflective for all of V: the definition by Gauss-Hermite quadrature, for several activations and shifts.

    z1 + z1 z2, for which nothing is reflective, fails the same test.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(30)
    x, y = np.meshgrid(nodes, nodes, indexing="ij")
    mass = np.outer(weights, weights) / weights.sum() ** 2
    for slope in (np.cos, lambda u: 1 / np.cosh(u) ** 2, lambda u: 1 / (1 + np.exp(-u))):
        for u in (-1.3, 0.2, 2.0):
            trapped = [float((mass * z * x * y * slope(u)).sum()) for z in (x, y)]
            free = [float((mass * z * (x + x * y) * slope(u)).sum()) for z in (x, y)]
            assert np.abs(trapped).max() < 1e-13
            assert np.abs(free).max() > 1e-3
