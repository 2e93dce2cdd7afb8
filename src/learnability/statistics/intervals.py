"""Confidence intervals for what is measured over seeds."""

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

_CHUNK = 8_000_000  # numbers resampled at once, 64 MB


def wilson(successes: ArrayLike, trials: ArrayLike, confidence: float = 0.95) -> tuple[Any, Any]:
    """Wilson's score interval (low, high) of a binomial fraction; vectorised. NaN without trials.

    ``(p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)`` with ``z`` the normal quantile of (1 +
    confidence)/2.
    """
    k, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = k / n
        centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    # The ends are exact where every or no trial succeeded; rounding would leave 1 outside [low, high].
    low, high = np.where((k == 0) & (n > 0), 0.0, centre - half), np.where((k == n) & (n > 0), 1.0, centre + half)
    return low[()], high[()]


def bootstrap(
    statistic: Callable[..., Any],
    samples: ArrayLike,
    rng: np.random.Generator,
    confidence: float = 0.95,
    resamples: int = 1000,
    axis: int = 0,
) -> tuple[Any, Any, Any]:
    """(estimate, low, high): percentile bootstrap of ``statistic``, resampling whole seeds along ``axis``.

    ``statistic`` takes an array and the keyword ``axis``, as ``np.median`` does. Dependence along the other
    axes (the same seed at several dimensions, say) is kept. The estimate is the statistic of the samples
    themselves.
    """
    values = np.moveaxis(np.asarray(samples), axis, 0)
    count = values.shape[0]
    draws = rng.integers(count, size=(resamples, count))
    chunk = max(1, _CHUNK // max(1, values.size))
    replicates = np.concatenate(
        [np.asarray(statistic(values[draws[i : i + chunk]], axis=1)) for i in range(0, resamples, chunk)]
    )
    low, high = np.quantile(replicates, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return np.asarray(statistic(values, axis=0))[()], low[()], high[()]
