"""The empirical flow of h2 in closed form, and what theory says of it.

The fitted link explains ``U(w) = A(w)^2 / 2`` with ``A(w) = w^T S w``, and the flow on the sphere is
``w' = 2 A (S w - A w)``. In the time tau of ``d tau = 2 A dt`` it is linear up to its length,
``w(tau) ~ e^{tau S} w_0``. A rises with tau, so that it keeps its sign: a start with A > 0 ends at the top eigenvector
of S, one with A < 0 at the bottom one, which the target has nothing to do with. The population has ``S = e_1 e_1^T``.

For n = C d^2 and d to infinity, with ``X = d lambda_0^2 ~ chi^2_1`` and a standard normal xi,
``A = (X e^{2 tau} + xi / sqrt(C)) / d`` until the escape, so that the time over that of the population is
``log(1 + rho) / rho`` with ``rho = xi / (sqrt(C) X)``, and there is no escape for ``rho <= -1``.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betaincinv, gammaincinv, ndtr

from learnability.studies.multi_index.empirical_flow.sampling import Krylov

Array = NDArray[np.float64]

ESCAPED = 0.5
"""A direction has escaped when lambda^2 exceeds this."""

_LAST, _GRID = 40.0, 800  # tau, in which the population's lambda^2 / (1 - lambda^2) grows as e^{2 tau}
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_EDGES = np.concatenate([[0.0], 2.0 ** -np.arange(24, -1, -1)])
_SHARES = (np.arange(2000) + 0.5) / 2000


class EmpiricalFlow:
    """The flow in a Krylov space: ``final``, the |cosine| at its end, and the escape time."""

    def __init__(self, krylov: Krylov) -> None:
        self.values, vectors = np.linalg.eigh(krylov.matrix)
        self.start, self.overlaps = vectors[0], krylov.overlaps @ vectors
        self.forward = float(krylov.matrix[0, 0]) > 0
        self.final = abs(float(self.overlaps[-1 if self.forward else 0]))

    def _weights(self, tau: Array) -> Array:
        """The coordinates of w(tau) along the eigenvectors, up to their length: the largest exponent is taken out."""
        exponents = np.multiply.outer(tau, self.values)
        return np.asarray(self.start * np.exp(exponents - exponents.max(axis=-1, keepdims=True)))

    def energy(self, tau: Array) -> Array:
        """lambda^2 at tau."""
        w = self._weights(tau)
        return np.asarray((w @ self.overlaps) ** 2 / (w**2).sum(axis=-1))

    def fit(self, tau: Array) -> Array:
        """A at tau."""
        w = self._weights(tau) ** 2
        return np.asarray(w @ self.values / w.sum(axis=-1))

    def escape_time(self) -> float:
        """The flow time to lambda^2 = 1/2; infinite where it is never reached."""
        grid = np.linspace(0, _LAST if self.forward else -_LAST, _GRID + 1)
        beyond = np.flatnonzero(self.energy(grid) >= ESCAPED)
        if not beyond.size:
            return math.inf
        first = int(beyond[0])
        if first == 0:
            return 0.0
        end = brentq(lambda tau: float(self.energy(np.array(tau))) - ESCAPED, grid[first - 1], grid[first])
        # Panels shrink towards the start, where 1/A may be steep.
        low, high = end * _EDGES[:-1, None], end * _EDGES[1:, None]
        nodes = low + (high - low) * (1 + _NODES) / 2
        return float(((high - low) / 2 * _WEIGHTS / (2 * self.fit(nodes))).sum())


def population_time(energy: float) -> float:
    """Escape time of the population flow, ``mu' = 4 mu^2 (1 - mu)`` from mu = ``energy``."""

    def antiderivative(mu: float) -> float:
        return (math.log(mu / (1 - mu)) - 1 / mu) / 4

    return antiderivative(ESCAPED) - antiderivative(energy) if energy < ESCAPED else 0.0


def share_of_positive_fits(dimension: int, count: float) -> float:
    """P(A(w_0) > 0) at uniform starts, A a mean of ``count`` samples of variance ``1 + 8 mu + 5 mu^2``, taken for
    normal: 1/2 in the limit of n = C d, and a constant above it for n = C d^2."""
    mu = betaincinv(0.5, (dimension - 1) / 2, _SHARES)
    return float(ndtr(mu * math.sqrt(count) / np.sqrt(1 + 8 * mu + 5 * mu**2)).mean())


def share_that_follows(multiple: float, error: float) -> float:
    """The limit, for n = multiple d^2, of the share of starts whose escape time is the population's within the
    relative ``error`` < 1."""
    x = 2 * gammaincinv(0.5, _SHARES)
    low, high = (_deviation(sign * error) for sign in (1, -1))
    scale = math.sqrt(multiple) * x
    return float((ndtr(high * scale) - ndtr(low * scale)).mean())


def _deviation(error: float) -> float:
    """rho with ``log(1 + rho) / rho = 1 + error``."""
    return float(brentq(lambda rho: math.log1p(rho) / rho - 1 - error, -1 + 1e-15, 1e6)) if error else 0.0
