"""Analysis: from all runs of an experiment to what the figures draw and the claims judge."""

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Experiment, Run
from learnability.studies.gradient_hardness.analyse_exact import (
    analyse_classes,
    analyse_drift,
    analyse_landscape,
    analyse_representations,
    analyse_threshold,
    analyse_variance,
)
from learnability.studies.gradient_hardness.analyse_training import analyse_training

ANALYSES: dict[str, Callable[[Sequence[Run], np.random.Generator], xr.Dataset]] = {
    "representation": analyse_representations,
    "orthonormal_classes": analyse_classes,
    "gradient_variance": analyse_variance,
    "initialization_noise": analyse_threshold,
    "drift": analyse_drift,
    "landscape": analyse_landscape,
    "training": analyse_training,
}


def analyse(experiment: Experiment, runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """The analysis of one experiment, by its kind."""
    return ANALYSES[experiment.kind](runs, rng)
