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
    seed is resampled with its values at every x, so common random numbers keep their effect; for the median, the
    logarithms are smoothed (:func:`~learnability.statistics.intervals.resampled`). NaN where a statistic is not finite.
    """
    log_x = np.log(np.asarray(x, dtype=float))
    return bootstrap_weights(slope_weights(log_x), values_per_seed, rng, statistic, confidence, resamples)


def slope_weights(log_x: ArrayLike) -> np.ndarray:
    """The weights w with ``slope = w . log_y`` of the least-squares line."""
    x = np.asarray(log_x, dtype=float)
    centred = x - x.mean()
    return np.asarray(centred / (centred**2).sum())


def bootstrap_weights(
    weights: ArrayLike,
    values_per_seed: ArrayLike,
    rng: np.random.Generator,
    statistic: str = "median",
    confidence: float = 0.95,
    resamples: int = 1000,
) -> tuple[float, float, float]:
    """(estimate, low, high) of ``weights . log(statistic over seeds)``: a slope, a limit, any linear function.

    ``values_per_seed`` has shape (seed, x); the median is taken, and smoothed, in logarithms.
    """
    w = np.asarray(weights, dtype=float)
    reduce = _STATISTICS[statistic]
    smooth = statistic == "median"
    values = np.asarray(values_per_seed, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        samples = np.log(values) if smooth else values

    def combined(drawn: np.ndarray, *, axis: int) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            log_y = reduce(drawn, axis=axis) if smooth else np.log(reduce(drawn, axis=axis))
            return np.asarray(np.where(np.isfinite(log_y), log_y, np.nan) @ w)

    estimate, low, high = bootstrap(combined, samples, rng, confidence, resamples, smooth=smooth)
    return float(estimate), float(low), float(high)
