"""The law of the smallest cosine lambda_r between a fixed and a uniform subspace of dimension r in R^d, d >= 2r.

The squared cosines have the density of the real Jacobi ensemble, ``prod x_i^{-1/2} (1-x_i)^{(d-2r-1)/2} prod |x_i -
x_j|``. With the smallest one at x and the others at ``x + (1-x) v_i``, what is left is a mean of ``prod (1 - (1-x)
w_i)^{-1/2}`` over ``w = 1 - v``, again from a Jacobi ensemble. The product is the generating function of the zonal
polynomials of one row (Jack, alpha = 2), and their means are known (Kadell), so that the mean is one hypergeometric
function of one variable. The Selberg integrals of the constants leave

    f(x) = h_r h_{d-r} x^{-1/2} (1-x)^{r(d-r)/2 - 1} Phi(x),    h_m = Gamma((m+1)/2) / Gamma(m/2),
    Phi(x) = F(1-x) / F(1),    F(y) = 2F1((r-1)/2, (d-r-1)/2; (d+1)/2; y),

as the density of ``x = lambda_r^2``: Beta(1/2, (d-1)/2) for r = 1, and for d to infinity, in d x, Edelman's law of the
smallest eigenvalue of a real Wishart matrix of r degrees of freedom (SIAM J. Matrix Anal. Appl. 9, 1988).
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Array = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)
_ASYMPTOTIC = 200
_MOST_TERMS = 10_000


def half_step(m: int) -> float:
    """``h_m = Gamma((m+1)/2) / Gamma(m/2)``, from its asymptotic series where Gamma overflows."""
    if m < _ASYMPTOTIC:
        return math.gamma((m + 1) / 2) / math.gamma(m / 2) if m else 0.0
    u = 1 / m
    return math.sqrt(m / 2) * (1 - u / 4 + u**2 / 32 + 5 * u**3 / 128 - 21 * u**4 / 2048 - 399 * u**5 / 8192)


def _series(a: float, b: float, c: float, x: Array) -> Array:
    """``2F1(a, b; c; x)`` by its series, 0 <= x < 1."""
    term, total = np.ones_like(x), np.ones_like(x)
    for k in range(_MOST_TERMS):
        term = term * ((a + k) * (b + k) / ((c + k) * (k + 1)) * x)
        total = total + term
        if np.all(np.abs(term) <= 1e-17 * np.abs(total)):
            break
    return total


def _ratio(rank: int, dimension: int, x: Array) -> Array:
    """``Phi(x)``: the transformation of 2F1 from 1 - x to x, whose two series converge at once where x is small."""
    r, d = rank, dimension
    first = _series((r - 1) / 2, (d - r - 1) / 2, -0.5, x)
    factor = 2 / 3 * r * (d - r) * half_step(r - 1) * half_step(d - r - 1)
    return first + factor * x**1.5 * _series((d - r + 2) / 2, (r + 2) / 2, 2.5, x)


def density(rank: int, dimension: int, cosine: Array) -> Array:
    """The density of lambda_r at the cosines: ``2 lambda f(lambda^2)``."""
    r, d, x = rank, dimension, np.square(cosine)
    power = np.exp((r * (d - r) / 2 - 1) * np.log1p(-x))
    return np.asarray(2 * half_step(r) * half_step(d - r) * power * _ratio(r, d, x))


def probability(rank: int, dimension: int, cosine: float) -> float:
    """``P(lambda_r <= cosine)`` by a Gauss rule of 40 nodes: the density is smooth in lambda."""
    half = cosine / 2
    return float(half * (_WEIGHTS @ density(rank, dimension, half * (1 + _NODES))))


def quantile(rank: int, dimension: int, share: float) -> float:
    """The cosine below which lambda_r lies with probability ``share``. Raises ValueError for a dimension below 2 r."""
    if dimension < 2 * rank:
        raise ValueError(f"subspaces of dimension {rank} meet in dimension {dimension}: it must be at least {2 * rank}")
    scale = 1 / math.sqrt(rank * dimension)
    low = math.log(share * scale / 10)
    high = math.log(min(scale * 4 * math.sqrt(-math.log1p(-share)) + scale, 1.0))

    def excess(log_cosine: float) -> float:
        return probability(rank, dimension, math.exp(log_cosine)) - share

    return math.exp(float(brentq(excess, low, high, xtol=1e-14, rtol=1e-14)))
