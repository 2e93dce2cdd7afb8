"""Training: every method on the same nested samples of every seed, at one dimension."""

import math

import numpy as np
import xarray as xr

from learnability.compiled.blas import one_blas_thread
from learnability.results.contract import RunContext
from learnability.results.labelled import names, variable
from learnability.studies.atlas.check.methods import METHODS, Samples, counts, most
from learnability.studies.atlas.check.setting import CheckSetting
from learnability.studies.atlas.problem import known_of

FEWEST = 100


def train(setting: CheckSetting, context: RunContext) -> xr.Dataset:
    """``cosine`` (method, dimension, num_samples, seed): the smallest of the principal angles; NaN where not run."""
    known = known_of(setting.target.text)
    grid = counts(FEWEST, max(most(setting, method) for method in setting.methods))
    seeds, methods, shape = len(context.seeds), setting.methods, len(setting.dimensions)
    cosine = np.full((len(methods), shape, len(grid), seeds), math.nan)
    data, noise = context.stream("data"), context.stream("noise")
    with one_blas_thread():
        for j, dimension in enumerate(setting.dimensions):
            for seed in range(seeds):
                context.progress(seed, seeds, f"{setting.target.text} in {dimension} dimensions")
                x = data.standard_normal((grid[-1], dimension))
                y = known.labels(x[:, : known.directions])
                for i, method in enumerate(methods):
                    part = [n for n in grid if n <= most(setting, method)]
                    samples = Samples(x[: part[-1]], y[: part[-1]], noise.spawn(1)[0])
                    cosine[i, j, : len(part), seed] = METHODS[method](known, samples, part)
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
