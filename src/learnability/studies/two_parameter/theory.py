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


def decade_exponent(
    distances: np.ndarray, largest: float, unresolved: np.ndarray | None = None
) -> tuple[float, float, float, int]:
    """``log10 P(distance <= e) / P(distance <= e / 10)`` at e = ``largest``, with its 95% interval and the number of
    distances at most e.

    The exponent of a power law over the last decade that holds enough distances. Given those at most e, the number
    at most e / 10 is binomial: the interval is that of Clopper and Pearson. Without one at most e / 10 the exponent is
    known from below alone: the estimate and the upper end are infinite.

    ``unresolved`` (n) says which flows did not finish: they are no distances of the estimate, and the interval holds
    whatever they would have come to.
    """
    open_ = np.zeros(len(distances), dtype=bool) if unresolved is None else unresolved
    ended, more = distances[~open_], int(open_.sum())
    wide, narrow = int((ended <= largest).sum()), int((ended <= largest / 10).sum())
    if not wide:
        return np.nan, np.nan, np.nan, 0
    low, high = clopper_pearson(narrow, wide + more)[0], clopper_pearson(narrow + more, wide + more)[1]
    with np.errstate(divide="ignore"):
        value, least, most = -np.log10([narrow / wide, high, low])
    return float(value), float(max(least, 0.0)), float(most), wide
