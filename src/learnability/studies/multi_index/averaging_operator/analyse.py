"""Analysis of the averaging operator: local exponents of its median condition number against d, and against r."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import exponents, variable
from learnability.statistics.asymptotics import local_exponents_of


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Condition numbers on degrees up to K = 1, and their exponents; those on degrees up to K are K-th powers.

    Nothing is random. Exponents against d at the ranks that every dimension allows, against r at the largest dimension.
    """
    _, result = only(runs, Setting)
    result = result.isel(seed=0, drop=True).drop_attrs(deep=False)  # the artifact's list of seeds is not its number
    middle = result["condition"].sel(quantile=0.5).transpose("rank", "dimension")
    ranks, dimensions = (result[name].values.astype(float) for name in ("rank", "dimension"))
    fitting = ranks <= dimensions[0] / 2
    against_dimension = [local_exponents_of(dimensions, np.log(row)) for row in middle.values[fitting]]
    against_rank = local_exponents_of(ranks, np.log(middle.values[:, -1]))
    by_rank = xr.Dataset(exponents(against_rank, "local exponent of the condition number against r", name="rank"))
    by_dimension = exponents(
        against_dimension, "local exponent of the condition number against d", "fitting", "dimension"
    )
    fitting_rank = variable("fitting", result["rank"].values[fitting], "dimension r of the hidden subspace")
    # Exponents against r have windows of their own.
    return result.assign(by_dimension | {"fitting_rank": fitting_rank}).merge(by_rank.rename(window="rank_window"))
