"""Analysis of the empirical gradient: local exponents of the numbers of samples against the dimension."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, only
from learnability.results.labelled import exponents, variable
from learnability.statistics.asymptotics import local_exponents_of
from learnability.studies.multi_index.gradient_error.moments import moments, vector_samples
from learnability.studies.multi_index.gradient_error.setting import GradientErrorSetting
from learnability.studies.multi_index.theory import start_quantile

NUMBERS = ("gradient", "component", "degree_component", "degree_vector")
"""Numbers of samples: of the gradient, its component towards the target, that component of D_s, and D_s as a vector."""

_ALONE = "samples at which the error is reached by D_s, the gradient of the fit of degree s alone,"


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Numbers of samples, and their exponents; nothing is random."""
    setting, result = only(runs, GradientErrorSetting)
    result = result.isel(seed=0, drop=True).drop_attrs(deep=False)  # the artifact's list of seeds is not its number
    towards = result["direction"].transpose("degree", "dimension").values
    alone = variable(("degree", "dimension"), towards, f"{_ALONE} towards the target", "samples")
    result = result.drop_vars("direction").assign(degree_component=alone, degree_vector=_vectors(setting))
    dimensions = result["dimension"].values.astype(float)
    for name in NUMBERS:
        rows = result[name].transpose("degree", "dimension").values
        found = [local_exponents_of(dimensions, np.log(row)) for row in rows]
        result = result.assign(exponents(found, "local exponent of the number of samples", "degree", name))
    return result


def _vectors(setting: GradientErrorSetting) -> xr.Variable:
    """Samples for D_s as a vector, at the start of the training."""
    values = [
        [
            vector_samples(moments(s, math.sqrt(start_quantile(d, 0.5)), setting.features), s, d, setting.error)
            for d in setting.dimensions
        ]
        for s in setting.target.degrees
    ]
    return variable(("degree", "dimension"), values, f"{_ALONE} as a vector", "samples")
