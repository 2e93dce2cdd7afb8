"""Analysis: the strips of all trajectories, map by map."""

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only
from learnability.results.labelled import variable


def analyse(runs: list[Run], rng: np.random.Generator) -> xr.Dataset:
    """Sums over the seeds of the one setting."""
    _, result = only(runs, Setting)
    names = {
        "strips": "strips that cover the tubes around the trajectories",
        "positive": "strips on which du/dt >= 0 is proved",
        "inward": "strips on which du/dt can only rise through 0, as is proved",
        "undecided": "strips on which neither could be proved",
    }
    sums = {name: variable("map", result[name].values.sum(axis=0), text) for name, text in names.items()}
    unfinished = (~result.finished.values.astype(bool)).sum(axis=0)
    return xr.Dataset(
        {
            **sums,
            "unfinished": variable("map", unfinished, "trajectories that did not reach the end of their stages"),
            "rho": result.rho,
            "trajectories": variable((), result.sizes["seed"], "trajectories of each map"),
        }
    )
