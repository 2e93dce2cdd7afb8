"""Exponents of numbers of samples in the dimension."""

import math

import numpy as np
from numpy.typing import NDArray

from learnability.statistics.scaling import slope_weights

Array = NDArray[np.float64]

RESAMPLES = 1000


def exponent(
    dimensions: Array, samples: Array, rng: np.random.Generator, resolution: float
) -> tuple[float, float, float]:
    """(exponent, low, high) of the median over seeds of ``samples`` (dimension, seed), bootstrapped over seeds.

    ``resolution`` is the ratio of neighbouring numbers of samples; half a step of it widens the interval. NaN where a
    median is not finite. Where resampled medians are not, the end of the interval that they leave open is infinite.
    """
    medians = median(samples)
    if len(dimensions) < 2 or not np.isfinite(medians).all():
        return (math.nan,) * 3
    weights = slope_weights(np.log(dimensions))
    resampled = resampled_medians(samples, rng)
    beyond = ~np.isfinite(resampled)
    # A median that was not reached is at least the next number of samples.
    highest = np.max(samples, axis=-1, where=np.isfinite(samples), initial=0)
    slopes = np.log(np.where(beyond, resolution * highest, resampled)) @ weights
    least = np.where((beyond & (weights < 0)).any(-1), -math.inf, slopes)
    most = np.where((beyond & (weights > 0)).any(-1), math.inf, slopes)
    low = float(np.quantile(least, 0.025, method="inverted_cdf"))
    high = float(np.quantile(most, 0.975, method="inverted_cdf"))
    step = 0.5 * math.log(resolution) / math.log(dimensions[-1] / dimensions[0])
    return float(np.log(medians) @ weights), low - step, high + step


def resampled_medians(samples: Array, rng: np.random.Generator, resamples: int = RESAMPLES) -> Array:
    """Medians (resample, dimension) of seeds drawn with replacement from ``samples`` (dimension, seed).

    Seeds of different dimensions share no samples: each dimension is resampled by itself.
    """
    count, seeds = samples.shape
    draws = rng.integers(seeds, size=(resamples, count, seeds))
    return median(samples[np.arange(count)[:, None], draws])


def median(samples: Array) -> Array:
    """The median over the last axis: an entry of it, so that an infinite one is told from a large one."""
    return np.asarray(np.quantile(samples, 0.5, axis=-1, method="inverted_cdf"))
