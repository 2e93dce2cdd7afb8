"""Analysis: success against n, the samples that half of the seeds need, their exponents, and what theory predicts."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.results.contract import Run
from learnability.results.labelled import OVER_SEEDS, estimate, names, share, texts, variable
from learnability.studies.atlas import theory
from learnability.studies.atlas.check.methods import LEARNED
from learnability.studies.atlas.problem import is_followed, known_of, target_of, text_of
from learnability.studies.atlas.scaling import exponent, median

GRID = 10 ** (1 / 4)
"""The ratio of neighbouring numbers of samples."""

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
    samples = needed(cosine, counts)
    half = median(samples)
    slope, slope_low, slope_high = np.array([exponent(dimensions, one, rng, GRID) for one in samples]).T
    target, methods = target_of(run.setting), texts(result["method"])
    followed = is_followed(target)
    predicted = [theory.sample_exponent(m, known_of(target)) if followed else math.nan for m in methods]
    return xr.Dataset(
        {
            "learned": share(
                ("method", "dimension", "num_samples"),
                np.where(ran, successes, math.nan),
                seeds,
                "share of seeds that learn the subspace",
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
                f"{OVER_SEEDS}, widened by half a step of the grid",
            ),
            "predicted": variable(
                "method", predicted, "exponent that theory gives; inf: not at all; NaN: none is known"
            ),
            "seeds": variable((), seeds, "number of seeds"),
        },
        coords={name: result[name] for name in ("method", "dimension", "num_samples")},
    )
