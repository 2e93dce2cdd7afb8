"""That two laws are close, which no large p-value shows: upper bounds of the Kolmogorov distance, with their power."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class KolmogorovDistance:
    """The distance ``sup_x |F(x) - G(x)|`` of two samples and what it says of the laws: an interval [low, high]."""

    distance: float
    low: float
    high: float


def _margin(sizes: tuple[int, ...], confidence: float) -> float:
    return sum(math.sqrt(math.log(2 * len(sizes) / (1 - confidence)) / (2 * size)) for size in sizes)


def kolmogorov_distance(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> KolmogorovDistance:
    """The Kolmogorov distance of the laws of two independent samples, with an interval valid for every n and every law.

    By the inequality of Dvoretzky, Kiefer and Wolfowitz with Massart's constant (Ann. Probab. 18, 1990), each empirical
    distribution function is within ``sqrt(log(4/a) / (2n))`` of its law with probability 1 - a/2, ``a = 1 -
    confidence``; the interval is the distance of the samples plus and minus the sum of the two. ``high`` below a margin
    establishes equivalence within it, with at most the stated probability of error; :func:`equivalence_power` is the
    chance to do so. Values that were never reached are ``inf``.
    """
    a, b = np.sort(np.asarray(first, dtype=float)), np.sort(np.asarray(second, dtype=float))
    points = np.concatenate([a, b])
    gap = np.searchsorted(a, points, side="right") / a.size - np.searchsorted(b, points, side="right") / b.size
    distance = float(np.abs(gap).max())
    reach = _margin((a.size, b.size), confidence)
    return KolmogorovDistance(distance, max(0.0, distance - reach), min(1.0, distance + reach))


def equivalence_power(first: int, second: int, margin: float, confidence: float = 0.95) -> float:
    """The probability that equal laws are found equivalent within ``margin``, at these sizes of the two samples.

    ``1 - K(sqrt(nm/(n+m)) (margin - reach))`` with K the tail of Kolmogorov's limit law and ``reach`` the half-width of
    :func:`kolmogorov_distance`; zero where the margin is below the reach, and then no data could pass.
    """
    from scipy.special import kolmogorov

    room = margin - _margin((first, second), confidence)
    return 0.0 if room <= 0 else float(1 - kolmogorov(math.sqrt(first * second / (first + second)) * room))
