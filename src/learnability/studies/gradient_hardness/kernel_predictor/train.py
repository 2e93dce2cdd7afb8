"""Training of the kind ``kernel_predictor``: interpolation with the limit kernel, no step is taken."""

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.gradient_hardness.kernel import samples_to_half
from learnability.studies.gradient_hardness.kernel_predictor.setting import KernelPredictorSetting


def train(setting: KernelPredictorSetting, context: RunContext) -> xr.Dataset:
    """The samples at which the error, averaged over all parities, falls to 1/2, for each seed and dimension."""
    dimensions, rng = setting.target.dimensions, context.stream("data")
    samples = np.empty((len(context.seeds), len(dimensions)))
    for number, _ in enumerate(context.seeds):
        samples[number] = [samples_to_half(d, rng)[0] for d in dimensions]
        context.progress(number + 1, len(context.seeds), "kernel predictor")
    content = {
        "samples": variable(
            ("seed", "dimension"), samples, "distinct samples for a mean error of 1/2 over all parities"
        )
    }
    return xr.Dataset(content, {"dimension": variable("dimension", list(dimensions), "input dimension d")})
