"""The source, and predictions that need no run."""

import numpy as np
from scipy import stats

PAPER = "Yarotsky 2024, arXiv 2402.17089"
SUMMARY = "a circulating summary of the paper"

LOST_PER_STAGE = 2.6
"""A stage loses about this many splitting parameters of mass: measured once on uniform targets, not derived."""


def product_law(rhos: tuple[float, ...]) -> float:
    """``prod_n (1 - 2.6 rho_n)``: the learned fraction if every stage loses its share independently."""
    return float(np.prod(1 - LOST_PER_STAGE * np.asarray(rhos)))


def exponent(dimension: int, parameters: int) -> int:
    """d - W: ``P(distance <= eps) ~ eps^(d-W)`` for a model whose image is a W-dimensional surface (Theorem 8)."""
    return dimension - parameters


def precision_ratio(rho: float, dimension: int) -> float:
    """R_{n+1} / R_n of the innermost boxes: widths obey ``h_n ~ rho h_{n+1-d}``, so ``rho^(1/(d-1))`` a stage."""
    return float(rho ** (1 / (dimension - 1)))


def tail_exponent(distances: np.ndarray, largest: float, confidence: float = 0.95) -> tuple[float, float, float, int]:
    """Exponent a of ``P(distance <= x) ~ x^a`` below ``largest``, with its interval and the number of distances used.

    Maximum likelihood (Hill): ``a = n / sum log(largest / x)``; ``2 n a / a_hat`` is chi-square with 2n degrees of
    freedom, so the interval is exact for a pure power law.
    """
    small = distances[(distances <= largest) & (distances > 0)]
    n = len(small)
    if n == 0:
        return np.nan, np.nan, np.nan, 0
    estimate = n / np.log(largest / small).sum()
    low, high = (float(stats.chi2.ppf(p, 2 * n)) / (2 * n) for p in ((1 - confidence) / 2, (1 + confidence) / 2))
    return float(estimate), float(estimate * low), float(estimate * high), n


def intercept(x: np.ndarray, y: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    """Value at x = 0 of the weighted straight line through (x, y), and its standard error."""
    weights = 1 / variance
    design = np.stack([np.ones_like(x), x], axis=1)
    covariance = np.linalg.inv(design.T @ (weights[:, None] * design))
    return float((covariance @ design.T @ (weights * y))[0]), float(np.sqrt(covariance[0, 0]))
