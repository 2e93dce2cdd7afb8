"""Training: every method on the same nested samples of every seed, at one dimension."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.compiled.blas import one_blas_thread
from learnability.compiled.normal_numbers import fill_normal
from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.studies.atlas.check.methods import SEPARATE, Samples, counts, most, two_timescale
from learnability.studies.atlas.check.setting import CheckSetting
from learnability.studies.atlas.problem import is_followed, known_of

FEWEST = 100


def train(setting: CheckSetting, context: RunContext) -> xr.Dataset:
    """``cosine`` (method, dimension, num_samples, seed): that of the largest principal angle.

    NaN where not run: beyond the last n of a method, beyond two neighbouring n at which the seed has learned, and of a
    target whose methods would see another one (:func:`~learnability.studies.atlas.problem.is_followed`).
    """
    grid = counts(FEWEST, max(most(setting, method) for method in setting.methods))
    seeds, methods, shape = len(context.seeds), setting.methods, len(setting.dimensions)
    cosine = np.full((len(methods), shape, len(grid), seeds), math.nan)
    if is_followed(setting.target):
        _run(setting, context, grid, cosine)
    return xr.Dataset(
        {
            "cosine": variable(
                ("method", "dimension", "num_samples", "seed"), cosine, "smallest cosine of the principal angles"
            )
        },
        coords={
            "method": names("method", methods, "method"),
            "dimension": variable("dimension", np.array(setting.dimensions), "dimension d of the data"),
            "num_samples": variable("num_samples", np.array(grid), "number of samples n"),
        },
    )


def _run(setting: CheckSetting, context: RunContext, grid: Sequence[int], cosine: NDArray[np.float64]) -> None:
    """Fill the cosines (method, dimension, num_samples, seed) of what is run."""
    known, seeds, methods = known_of(setting.target), len(context.seeds), setting.methods
    data, noise, labels = context.stream("data"), context.stream("noise"), context.stream("label noise")
    parts = {method: [n for n in grid if n <= most(setting, method)] for method in methods}
    with one_blas_thread():
        for j, dimension in enumerate(setting.dimensions):
            # One buffer for all seeds: fresh pages cost more than the numbers that fill them.
            x, kept = np.empty((grid[-1], dimension)), []
            for seed in range(seeds):
                context.progress(seed, seeds, f"{setting.target.text} in {dimension} dimensions")
                fill_normal(x, data)
                y = known.sampled(x[:, : known.directions], labels)
                for i, method in enumerate(methods):
                    last = parts[method][-1]
                    samples = Samples(x[:last], y[:last], noise.spawn(1)[0])
                    if method in SEPARATE:
                        cosine[i, j, : len(parts[method]), seed] = SEPARATE[method](known, samples, parts[method])
                    else:
                        kept.append(replace(samples, x=x[:last].copy()))
            if kept:
                i, part = methods.index("two_timescale"), parts["two_timescale"]
                cosine[i, j, : len(part)] = np.transpose(two_timescale(known, kept, part))
