"""Analysis: nothing is measured at d = 2; the figures draw the training results."""

import numpy as np
import xarray as xr

from learnability.results.contract import Run, Setting, only


def analyse(runs: list[Run], rng: np.random.Generator) -> xr.Dataset:
    """The training results of the one setting."""
    return only(runs, Setting)[1]
