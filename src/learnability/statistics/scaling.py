"""Power laws: slopes in doubly logarithmic coordinates."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from learnability.statistics.intervals import bootstrap

_STATISTICS: dict[str, Any] = {"median": np.median, "mean": np.mean}


def fit_slope(log_x: ArrayLike, log_y: ArrayLike) -> tuple[Any, Any]:
    """Least-squares ``log_y = slope * log_x + intercept`` along the last axis; vectorised over the leading
    axes of log_y."""
    x, y = np.asarray(log_x, dtype=float), np.asarray(log_y, dtype=float)
    centred = x - x.mean()
    with np.errstate(invalid="ignore"):
        slope = (centred * y).sum(axis=-1) / (centred**2).sum()
        intercept = y.mean(axis=-1) - slope * x.mean()
    return slope[()], intercept[()]


def bootstrap_slope(
    x: ArrayLike,
    values_per_seed: ArrayLike,
    rng: np.random.Generator,
    statistic: str = "median",
    confidence: float = 0.95,
    resamples: int = 1000,
) -> tuple[float, float, float]:
    """(slope, low, high) of log ``statistic`` over seeds against log x, bootstrapped over seeds.

    ``values_per_seed`` has shape (seed, x) and is positive; a value that was never reached is ``inf``. A
    seed is resampled with its values at every x, so common random numbers keep their effect. NaN where a
    statistic is not finite.
    """
    log_x = np.log(np.asarray(x, dtype=float))
    reduce = _STATISTICS[statistic]

    def slope(values: np.ndarray, *, axis: int) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            log_y = np.log(reduce(values, axis=axis))
            return np.asarray(fit_slope(log_x, np.where(np.isfinite(log_y), log_y, np.nan))[0])

    estimate, low, high = bootstrap(slope, values_per_seed, rng, confidence, resamples)
    return float(estimate), float(low), float(high)
