"""Kernel ridge regression: its predictor, and the subspace in which that varies."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from learnability.estimators.moments import leading

Array = NDArray[np.float64]

RIDGE = 1e-3


def gradient_subspace(x: Array, y: Array, count: int, ridge: float = RIDGE) -> Array:
    """The leading eigenvectors (d, count) of ``(1/n) sum_i grad f(x_i) grad f(x_i)^T`` of the kernel predictor f.

    Kernel ``exp(<x, x'>/d)``: with n ~ d^k samples its predictor learns the part of degree k of the target and no more,
    whatever the hidden subspace (it is rotation invariant). ``f(x) = sum_i alpha_i k(x, x_i)`` with
    ``(K + ridge n I / n) alpha = y``, ``grad f(x) = sum_i alpha_i k(x, x_i) x_i / d``.
    """
    n, d = x.shape
    kernel, alpha = _fitted(x, y, ridge)
    gradients = (kernel * alpha) @ x / d
    return leading(gradients.T @ gradients / n, count)


def predictions(x: Array, y: Array, points: Array, ridge: float = RIDGE) -> Array:
    """The predictor of :func:`gradient_subspace` at ``points`` (m, d), with the mean of the labels added again."""
    alpha = _fitted(x, y, ridge)[1]
    return np.asarray(np.exp(points @ x.T / x.shape[1]) @ alpha + y.mean())


def _fitted(x: Array, y: Array, ridge: float) -> tuple[Array, Array]:
    """The kernel matrix (n, n) and the coefficients alpha (n,)."""
    n, d = x.shape
    kernel = np.exp(x @ x.T / d)
    ridged = kernel.copy()
    ridged[np.diag_indices(n)] += ridge * np.trace(kernel) / n
    return kernel, cho_solve(cho_factor(ridged, overwrite_a=True, check_finite=False), y - y.mean(), check_finite=False)
