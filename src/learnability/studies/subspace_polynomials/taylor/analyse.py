"""The ranks beside what the closure says of their targets."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import variable


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """Ranks and spanning orders by target and activation, the variables of each target and the dimension of its S*."""
    run = runs[0]
    trapped = run.target["trapped_dimension"].sel(activation_class="smooth").values
    return (
        run.result[["rank", "spanning_order", "exact"]]
        .drop_attrs(deep=False)
        .assign(
            used_variables=variable("target", run.target["used_variables"].values, "variables of the target"),
            trapped_dimension=variable("target", trapped, "dimension of S*"),
        )
    )
