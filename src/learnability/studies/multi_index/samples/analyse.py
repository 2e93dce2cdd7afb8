"""Analysis of finite samples: success, and the empirical time beside that of the population flow."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import names, share, variable
from learnability.results.status import Status
from learnability.studies.multi_index.samples.setting import SamplesSetting
from learnability.studies.multi_index.samples.train import SUCCESS

FITS = ("all degrees", "degree s alone")


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """By fit, dimension and number of samples. Runs out of steps are neither successes nor failures."""
    by_fit = {FITS[int(run.setting_as(SamplesSetting).alone)]: run for run in runs}
    fits = [fit for fit in FITS if fit in by_fit]
    first = by_fit[fits[0]].result
    dims = ("fit", "dimension", "multiple")
    rows = [by_fit[fit].result.transpose("dimension", "multiple", "seed") for fit in fits]
    cosines = np.stack([row["cosine"].values for row in rows])
    succeeded = cosines >= SUCCESS
    undecided = (np.stack([row["status"].values for row in rows]) == Status.MAX_STEPS) & ~succeeded
    times = np.where(succeeded, np.stack([row["time"].values for row in rows]), math.inf)
    seeds = cosines.shape[-1]
    wins, left = succeeded.sum(axis=-1), undecided.sum(axis=-1)
    ratio = np.median(times, axis=-1) / first["population_time"].values[:, None]
    return xr.Dataset(
        {
            "success": share(dims, wins, seeds, "fraction with a cosine of 0.8", unresolved=left),
            "successes": variable(dims, wins, "seeds with a cosine of 0.8"),
            "undecided": variable(dims, left, "seeds out of steps"),
            "time_ratio": variable(
                dims,
                np.where(np.isfinite(ratio), ratio, math.nan),
                "median time to the cosine 0.8 over that of the population flow; NaN where fewer than half arrive",
            ),
            "num_samples": first["num_samples"],
        },
        coords={
            "fit": names("fit", fits, "degrees of the link that are fitted"),
            "dimension": first["dimension"],
            "multiple": first["multiple"],
        },
        attrs={"seeds": seeds, "exponent": int(by_fit[fits[0]].target["information_exponent"][0])},
    )
