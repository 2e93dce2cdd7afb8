"""Analysis: success against n, the samples that half of the seeds need, their exponents, and what theory predicts."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.results.contract import Run
from learnability.results.labelled import estimate, names, texts, variable
from learnability.statistics.intervals import clopper_pearson
from learnability.statistics.scaling import slope_weights
from learnability.studies.atlas import theory
from learnability.studies.atlas.check.methods import LEARNED
from learnability.studies.atlas.problem import known_of, text_of

GRID = 10 ** (1 / 4)
"""The ratio of neighbouring numbers of samples."""

_RESAMPLES = 1000

Array = NDArray[np.float64]


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """One entry of ``target`` for every setting."""
    joined = xr.concat([_case(run, rng) for run in runs], "target")
    return joined.assign_coords(target=names("target", [text_of(run.setting) for run in runs], "target"))


def needed(cosine: Array, counts: Array) -> Array:
    """The least n (..., seed) from which on every larger n that was run is learned; inf where there is none, NaN
    where nothing was run. ``cosine`` (..., n, seed)."""
    ran = np.isfinite(cosine)
    good = (cosine > LEARNED) | ~ran
    from_here = np.flip(np.logical_and.accumulate(np.flip(good, -2), -2), -2) & ran
    first = np.where(from_here.any(-2), np.asarray(counts, dtype=float)[from_here.argmax(-2)], math.inf)
    return np.where(ran.any(-2), first, math.nan)


def _case(run: Run, rng: np.random.Generator) -> xr.Dataset:
    result = run.result.transpose("method", "dimension", "num_samples", "seed")
    cosine, counts = result["cosine"].values, result["num_samples"].values
    seeds, dimensions = cosine.shape[-1], result["dimension"].values
    ran = np.isfinite(cosine).any(-1)
    # A seed that has learned at two neighbouring n is not run at larger ones, and counts there.
    successes = ((cosine > LEARNED) | np.isnan(cosine)).sum(-1)
    low, high = clopper_pearson(successes, seeds)
    over = ("method", "dimension", "num_samples")
    share, low, high = (np.where(ran, values, math.nan) for values in (successes / seeds, low, high))
    samples = needed(cosine, counts)
    half = np.quantile(samples, 0.5, axis=-1, method="inverted_cdf")
    slope, slope_low, slope_high = np.array([exponent(dimensions, one, rng) for one in samples]).T
    known = known_of(text_of(run.setting))
    methods = texts(result["method"])
    predicted = [theory.sample_exponent(method, known) for method in methods]
    return xr.Dataset(
        {
            "learned": estimate(
                over, share, low, high, "share of seeds that learn the subspace", "95% Clopper-Pearson"
            ),
            "samples": variable(
                ("method", "dimension"), half, "n from which half of the seeds learn; inf beyond the last"
            ),
            "exponent": estimate(
                "method",
                slope,
                slope_low,
                slope_high,
                "exponent of n in d",
                "95% bootstrap over seeds, widened by half a step of the grid",
            ),
            "predicted": variable(
                "method", predicted, "exponent that theory gives; inf: not at all; NaN: none is known"
            ),
            "seeds": variable((), seeds, "number of seeds"),
        },
        coords={name: result[name] for name in ("method", "dimension", "num_samples")},
    )


def exponent(dimensions: Array, samples: Array, rng: np.random.Generator) -> tuple[float, float, float]:
    """(exponent, low, high) of the median over seeds of ``samples`` (dimension, seed), bootstrapped over seeds.

    NaN where a median is not finite. Where resampled medians are not, the end of the interval that they leave open is
    infinite.
    """
    medians = _median(samples)
    if len(dimensions) < 2 or not np.isfinite(medians).all():
        return (math.nan,) * 3
    weights = slope_weights(np.log(dimensions))
    seeds = samples.shape[-1]
    # Seeds of different dimensions share no samples: each dimension is resampled by itself.
    draws = rng.integers(seeds, size=(_RESAMPLES, len(dimensions), seeds))
    resampled = _median(samples[np.arange(len(dimensions))[:, None], draws])
    beyond = ~np.isfinite(resampled)
    # A median that was not reached is at least the next number of samples.
    highest = np.max(samples, axis=-1, where=np.isfinite(samples), initial=0)
    slopes = np.log(np.where(beyond, GRID * highest, resampled)) @ weights
    least = np.where((beyond & (weights < 0)).any(-1), -math.inf, slopes)
    most = np.where((beyond & (weights > 0)).any(-1), math.inf, slopes)
    low = float(np.quantile(least, 0.025, method="inverted_cdf"))
    high = float(np.quantile(most, 0.975, method="inverted_cdf"))
    step = 0.5 * math.log(GRID) / math.log(dimensions[-1] / dimensions[0])
    return float(np.log(medians) @ weights), low - step, high + step


def _median(samples: Array) -> Array:
    return np.asarray(np.quantile(samples, 0.5, axis=-1, method="inverted_cdf"))
