"""Fractions of localised neurons over the coherence, beside the threshold of arXiv 2411.08798."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from learnability.results.contract import Run
from learnability.results.labelled import variable
from learnability.studies.ridge_combinations import theory
from learnability.studies.ridge_combinations.over_seeds import over_seeds


def analyse(runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """SGD and the population flow from the same starts."""
    setting: Any = runs[0].setting
    result, target = runs[0].result, setting.target
    threshold = theory.coherence_threshold(target.information_exponent, target.tasks)
    data = {
        "sgd": over_seeds(np.mean, "coherence", result["sgd"].values, rng, "fraction of neurons above 0.9, SGD"),
        "flow": over_seeds(np.mean, "coherence", result["flow"].values, rng, "fraction of neurons above 0.9, flow"),
        "threshold": variable((), threshold, "(p-2)/(M+p-2)"),
    }
    coords = {"coherence": result["coherence"].values}
    return xr.Dataset(data, coords, {"seeds": result.sizes["seed"], "tasks": target.tasks})
