"""What the theory predicts without a run."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

PAPER = "Bietti, Bruna, Pillaud-Vivien, arXiv 2310.19793"

Array = NDArray[np.float64]


def joint_exponent(leap: int) -> float:
    """Escape time of the joint flow ~ d^(s - 1), log d for s = 1: Theorem 3.25."""
    return leap - 1.0


def planted_exponent(leap: int) -> float:
    """Escape time of the planted flow ~ d^(s/2 - 1), log d for s = 2: Theorem 4.1."""
    return leap / 2 - 1.0


def start_quantile(dimension: int, probability: float) -> float:
    """Quantile of lambda^2 = cos^2 of the angle between two uniform directions of R^d: Beta(1/2, (d - 1)/2)."""
    return float(betaincinv(0.5, (dimension - 1) / 2, probability))


def joint_escape_time(s: int, energy: Array | float) -> Array:
    """Time of the joint flow of h_s (r = 1) from lambda^2 = ``energy`` to lambda^2 = 1/2, exactly.

    ``d mu = 2 s mu^s (1 - mu) dt`` for mu = lambda^2 gives ``2 s t = [log(mu/(1 - mu)) - sum_{j<s} mu^{-j}/j]``.
    """
    return (_joint_primitive(s, 0.5) - _joint_primitive(s, energy)) / (2 * s)


def planted_escape_time(s: int, cosine: Array | float) -> Array:
    """Time of the planted flow of h_s (r = 1) from the cosine lambda > 0 to sqrt(1/2), exactly.

    ``d lambda = s lambda^(s-1) (1 - lambda^2) dt``; ``1/(x^p (1 - x^2)) = 1/x^p + 1/(x^(p-2) (1 - x^2))``.
    """
    return (_planted_primitive(s - 1, math.sqrt(0.5)) - _planted_primitive(s - 1, cosine)) / s


def _joint_primitive(s: int, mu: Array | float) -> Array:
    mu = np.asarray(mu, dtype=float)
    powers = [mu**-j / j for j in range(1, s)]
    return np.asarray(np.log(mu) - np.log1p(-mu) - sum(powers, start=np.zeros_like(mu)))


def _planted_primitive(power: int, x: Array | float) -> Array:
    x = np.asarray(x, dtype=float)
    if power == 0:
        return np.asarray(np.arctanh(x))
    if power == 1:
        return np.asarray(np.log(x) - np.log1p(-(x**2)) / 2)
    return np.asarray(x ** (1 - power) / (1 - power) + _planted_primitive(power - 2, x))


def pure_median(flow: str, s: int, dimension: int) -> float:
    """Median escape time of h_s at r = 1 over uniform starts; for an odd planted link over the starts that escape."""
    energy = start_quantile(dimension, 0.5)
    if flow == "joint":
        return float(joint_escape_time(s, energy))
    return float(planted_escape_time(s, math.sqrt(energy)))


def log_rate(flow: str, exponents: list[int]) -> float:
    """d(time)/d(log d) where all exponents so far are of the logarithmic kind: 1/2 a saddle (joint), 1/4 (planted,
    s=2)."""
    return 0.5 * len(exponents) if flow == "joint" else 0.25
