"""Analysis of the kind ``initialization_noise``: the predicted time against the noise of the first layer."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.studies.gradient_hardness import theory
from learnability.studies.gradient_hardness.estimates import averaged


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Lazy time against the noise of the first layer, and its rise from no noise to noise one in decades."""
    _, result = only(runs, Setting)
    norm = result["gradient_norm"]
    steps = norm.copy(data=theory.lazy_time(norm.values, float(result.attrs["step_size"])))
    rise = xr.ufuncs.log(steps.sel(noise_level=1.0) / steps.sel(noise_level=0.0)) / np.log(10)
    return result.assign(
        predicted_steps=averaged(steps, rng, "1/(step size lambda_v)", "median"),
        rise=averaged(rise, rng, "decades from noise 0 to noise 1", "median"),
    )
