"""Kernel ridge regression: its predictor, and the subspace in which that varies.

Kernel ``k(x, x') = exp(<x, x'>/d)``: with n ~ d^k samples its predictor learns the part of degree k of the target and
no more, whatever the hidden subspace (it is rotation invariant). ``f(x) = mean(y) + sum_i alpha_i k(x, x_i)`` with
``(K + ridge e I) alpha = y - mean(y)``, where ``e = k(x, x)`` at the typical ``|x|^2 = d``.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular

from learnability.estimators.moments import leading

Array = NDArray[np.float64]

RIDGE = 1e-3


def gradient_subspace(x: Array, y: Array, count: int, ridge: float = RIDGE) -> Array:
    """The leading eigenvectors (d, count) of ``(1/n) sum_i grad f(x_i) grad f(x_i)^T``, f the predictor from inputs
    (n, d) and labels (n,): ``grad f(x) = sum_i alpha_i k(x, x_i) x_i / d``."""
    n, d = x.shape
    kernel = _kernel(x, x)
    alpha = cho_solve(cho_factor(_ridged(kernel.copy(), ridge), overwrite_a=True, check_finite=False), y - y.mean())
    gradients = (kernel * alpha) @ x / d
    return leading(gradients.T @ gradients / n, count)


class NestedRegression:
    """Predictors from the first n of up to ``most`` samples, for one n after the other, at ``points`` (m, d).

    The Cholesky factor of a leading block is the leading block of the factor. So every sample is factored once, and a
    second n among those that were seen costs a pair of triangular solutions.
    """

    def __init__(self, points: Array, most: int, ridge: float = RIDGE) -> None:
        self._points, self._ridge, self._seen = points, ridge, 0
        self._factor = np.zeros((most, most), order="F")
        self._at_points = np.empty((len(points), most), order="F")

    def predictions(self, x: Array, y: Array) -> Array:
        """f at the points (m,), from inputs (n, d) and labels (n,); the inputs of all calls begin alike."""
        n = len(x)
        self._extend(x)
        alpha = cho_solve((self._factor[:n, :n], True), y - y.mean(), check_finite=False)
        return np.asarray(self._at_points[:, :n] @ alpha + y.mean())

    def _extend(self, x: Array) -> None:
        seen, n = self._seen, len(x)
        if n <= seen:
            return
        old, new = slice(0, seen), slice(seen, n)
        self._at_points[:, new] = _kernel(self._points, x[new])
        corner = _ridged(_kernel(x[new], x[new]), self._ridge)
        if seen:
            across = solve_triangular(self._factor[old, old], _kernel(x[old], x[new]), lower=True, check_finite=False)
            corner -= across.T @ across
            self._factor[new, old] = across.T
        self._factor[new, new] = cholesky(corner, lower=True, overwrite_a=True, check_finite=False)
        self._seen = n


def _kernel(x: Array, others: Array) -> Array:
    inner = x @ others.T
    inner /= x.shape[1]
    return np.asarray(np.exp(inner, out=inner))


def _ridged(kernel: Array, ridge: float) -> Array:
    """With the ridge on its diagonal; in place."""
    kernel[np.diag_indices(len(kernel))] += ridge * math.e
    return kernel
