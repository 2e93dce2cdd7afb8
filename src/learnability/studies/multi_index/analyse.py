"""Analysis: all runs of an experiment to what its figures draw and its claims judge."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from learnability.results.contract import Experiment, Run
from learnability.studies.multi_index.escape_analysis import analyse_escape
from learnability.studies.multi_index.landscape_analysis import analyse_landscape
from learnability.studies.multi_index.precision_analysis import analyse_closure, analyse_precision
from learnability.studies.multi_index.samples_analysis import analyse_samples
from learnability.studies.multi_index.staircase_analysis import analyse_trajectories

_ANALYSES = {
    "escape": analyse_escape,
    "trajectory": analyse_trajectories,
    "landscape": analyse_landscape,
    "closure": analyse_closure,
    "precision": analyse_precision,
    "samples": analyse_samples,
}


def analyse(experiment: Experiment, runs: Sequence[Run], rng: np.random.Generator) -> xr.Dataset:
    """The analysis of an experiment of any kind of this study."""
    return _ANALYSES[experiment.kind](runs, rng).assign_attrs(kind=experiment.kind)
