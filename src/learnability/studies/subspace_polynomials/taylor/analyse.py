"""The ranks beside what the closure says of their targets."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.hermite.activation_class import ODD
from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import variable


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Ranks by target and activation, the variables of each target, the dimension of its S* and its norm."""
    _, result = only(runs, Setting)
    target = runs[0].target
    trapped = target["trapped_dimension"]
    return (
        result.drop_vars("seed_count")
        .drop_dims("seed", errors="ignore")
        .drop_attrs(deep=False)
        .assign(
            used_variables=variable("target", target["used_variables"].values, "variables of the target"),
            trapped_dimension=variable("target", trapped.sel(activation_class="smooth").values, "dimension of S*"),
            trapped_dimension_odd=variable(
                "target", trapped.sel(activation_class=ODD.describe()).values, "dimension of S* for an odd activation"
            ),
            norm_squared=variable("target", target["norm_squared"].values, "E h^2"),
        )
    )
