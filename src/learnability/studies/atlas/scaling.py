"""Exponents of numbers of samples in the dimension."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from learnability.statistics.scaling import slope_weights

Array = NDArray[np.float64]
Centre = Callable[[Array], Array]

RESAMPLES = 1000


def median(samples: Array) -> Array:
    """The median over the last axis: an entry of it, so that an infinite one is told from a large one."""
    return np.asarray(np.quantile(samples, 0.5, axis=-1, method="inverted_cdf"))


def middle_half(samples: Array) -> Array:
    """The geometric mean of the middle half over the last axis; infinite where more than a quarter is.

    For normal logarithms its variance is 0.75 of the median's; on a grid of samples it has no steps, and a quarter of
    the seeds may not have learned. Seeds at the edge of the middle half count in part.
    """
    count = samples.shape[-1]
    place = np.arange(count)
    weights = np.clip(np.minimum(place + 1, 0.75 * count) - np.maximum(place, 0.25 * count), 0, None)
    ordered = np.log(np.sort(samples, axis=-1)[..., weights > 0])
    return np.asarray(np.exp(ordered @ (weights[weights > 0] / weights.sum())))


def exponent(
    dimensions: Array, samples: Array, rng: np.random.Generator, resolution: float, centre: Centre = median
) -> tuple[float, float, float]:
    """(exponent, low, high) of the ``centre`` over seeds of ``samples`` (dimension, seed), bootstrapped over seeds.

    ``resolution`` is the ratio of neighbouring numbers of samples; half a step of it widens the interval. NaN where a
    centre is not finite. Where resampled ones are not, the end of the interval that they leave open is infinite.
    """
    centres = centre(samples)
    if len(dimensions) < 2 or not np.isfinite(centres).all():
        return (math.nan,) * 3
    _, least, most = resampled_exponents(dimensions, samples, rng, resolution, centre)
    low = float(np.quantile(least, 0.025, method="inverted_cdf"))
    high = float(np.quantile(most, 0.975, method="inverted_cdf"))
    step = 0.5 * math.log(resolution) / math.log(dimensions[-1] / dimensions[0])
    return float(np.log(centres) @ slope_weights(np.log(dimensions))), low - step, high + step


def resampled_exponents(
    dimensions: Array, samples: Array, rng: np.random.Generator, resolution: float, centre: Centre = median
) -> Array:
    """Exponents (3, resample) of resampled seeds: with each centre that was not reached at the next number of samples,
    and the least and the largest that such centres leave open.

    A centre that was not reached is at least the next number of samples, and may be any above it.
    """
    weights = slope_weights(np.log(dimensions))
    resampled = resampled_centres(samples, rng, centre)
    beyond = ~np.isfinite(resampled)
    highest = np.max(samples, axis=-1, where=np.isfinite(samples), initial=0)
    slopes = np.log(np.where(beyond, resolution * highest, resampled)) @ weights
    least = np.where((beyond & (weights < 0)).any(-1), -math.inf, slopes)
    most = np.where((beyond & (weights > 0)).any(-1), math.inf, slopes)
    return np.stack((slopes, least, most))


def resampled_centres(
    samples: Array, rng: np.random.Generator, centre: Centre = median, resamples: int = RESAMPLES
) -> Array:
    """Centres (resample, dimension) of seeds drawn with replacement from ``samples`` (dimension, seed).

    Seeds of different dimensions share no samples: each dimension is resampled by itself.
    """
    count, seeds = samples.shape
    draws = rng.integers(seeds, size=(resamples, count, seeds))
    return centre(samples[np.arange(count)[:, None], draws])
