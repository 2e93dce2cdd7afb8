"""Analysis of the empirical gradient: local exponents of the numbers of samples against the dimension."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import exponents
from learnability.statistics.asymptotics import local_exponents_of


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Numbers of samples, and their exponents; nothing is random."""
    _, result = only(runs, Setting)
    result = result.isel(seed=0, drop=True).drop_attrs(deep=False)  # the artifact's list of seeds is not its number
    dimensions = result["dimension"].values.astype(float)
    for name in ("gradient", "component", "direction"):
        rows = result[name].transpose("degree", "dimension").values
        found = [local_exponents_of(dimensions, np.log(row)) for row in rows]
        result = result.assign(exponents(found, "local exponent of the number of samples", "degree", name))
    return result
