"""Analysis of the kind ``initialization_noise``: the predicted time against the noise of the first layer."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.studies.gradient_hardness import theory
from learnability.studies.gradient_hardness.estimates import averaged


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Lazy time against the noise of the first layer; the logarithm of what noise costs, divided by d, and how that
    changes from the smallest d to the largest."""
    _, result = only(runs, Setting)
    norm = result["gradient_norm"]
    steps = norm.copy(data=theory.lazy_time(norm.values, float(result.attrs["step_size"])))
    cost = xr.ufuncs.log(steps / steps.sel(noise_level=0.0))
    rate = (cost / result["dimension"]).transpose(*norm.dims)
    first, last = rate.isel(dimension=0, drop=True), rate.isel(dimension=-1, drop=True)
    # Without noise there is no cost, and one dimension shows no change.
    known = (result["noise_level"] > 0) & (result.sizes["dimension"] > 1)
    change = (last / first.where(first != 0)).where(known)
    return result.assign(
        rate=averaged(rate, rng, "log of predicted steps over those without noise, over d", "median"),
        rate_change=averaged(change, rng, "of that at the largest d over that at the smallest"),
        predicted_steps=averaged(steps, rng, "1/(step size lambda_v)", "median"),
        rise=averaged(cost.sel(noise_level=1.0) / np.log(10), rng, "decades from noise 0 to noise 1", "median"),
    )
