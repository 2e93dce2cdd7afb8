"""The source, and predictions that need no run."""

import numpy as np

from learnability.statistics.intervals import clopper_pearson

PAPER = "Yarotsky 2024 (NeurIPS), arXiv 2402.17089"
SUMMARY = "a circulating summary of the paper"


def exponent(dimension: int, parameters: int) -> int:
    """d - W: ``P(distance <= eps) ~ eps^(d-W)`` for a model whose image is a W-dimensional surface (Theorem 8)."""
    return dimension - parameters


def precision_ratio(rho: float, dimension: int) -> float:
    """R_{n+1} / R_n of the innermost boxes: widths obey ``h_n ~ rho h_{n+1-d}``, so ``rho^(1/(d-1))`` a stage."""
    return float(rho ** (1 / (dimension - 1)))


def decade_exponent(distances: np.ndarray, largest: float) -> tuple[float, float, float, int]:
    """``log10 P(distance <= e) / P(distance <= e / 10)`` at e = ``largest``, with its 95% interval and the number of
    distances at most e.

    The exponent of a power law over the last decade that holds enough distances. Given those at most e, the number
    at most e / 10 is binomial: the interval is that of Clopper and Pearson.
    """
    wide, narrow = int((distances <= largest).sum()), int((distances <= largest / 10).sum())
    if not wide:
        return np.nan, np.nan, np.nan, 0
    low, high = clopper_pearson(narrow, wide)
    with np.errstate(divide="ignore"):
        value, least, most = -np.log10([narrow / wide, high, low])
    return float(min(value, 99.0)), float(max(least, 0.0)), float(min(most, 99.0)), wide
