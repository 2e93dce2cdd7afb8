"""Training: from a setting and its target to the results of one batch of seeds. Each kind imports what it
needs and no more: the kinds without torch start in a third of the time."""

from functools import singledispatch

import numpy as np
import xarray as xr

from learnability.results.contract import RunContext, Setting
from learnability.studies.gradient_hardness.settings import (
    ClassSetting,
    DriftSetting,
    LandscapeSetting,
    RepresentationSetting,
    ThresholdSetting,
    TrainingSetting,
    VarianceSetting,
)


def train(setting: Setting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """The results of one batch of seeds, with a dimension ``seed``; what no seed changes has no such
    dimension.

    The target artifact holds what the setting's target model says; the runs read the model.
    """
    result = _train(setting, context)
    seeds = ("seed", np.array(list(context.seeds)), {"units": "1", "long_name": "seed"})
    return result.assign_coords(seed=seeds)


@singledispatch
def _train(setting: Setting, context: RunContext) -> xr.Dataset:
    raise TypeError(f"nothing is trained from {type(setting).__name__}")


@_train.register
def _(setting: RepresentationSetting, context: RunContext) -> xr.Dataset:
    from learnability.studies.gradient_hardness.representation_runs import representation_runs

    return representation_runs(setting, context)


@_train.register
def _(setting: ClassSetting, context: RunContext) -> xr.Dataset:
    from learnability.studies.gradient_hardness.class_runs import class_runs

    return class_runs(setting, context)


@_train.register
def _(setting: VarianceSetting, context: RunContext) -> xr.Dataset:
    from learnability.studies.gradient_hardness.spectrum_runs import variance_runs

    return variance_runs(setting, context)


@_train.register
def _(setting: ThresholdSetting, context: RunContext) -> xr.Dataset:
    from learnability.studies.gradient_hardness.spectrum_runs import threshold_runs

    return threshold_runs(setting, context)


@_train.register
def _(setting: DriftSetting, context: RunContext) -> xr.Dataset:
    from learnability.studies.gradient_hardness.drift_runs import drift_runs

    return drift_runs(setting, context)


@_train.register
def _(setting: LandscapeSetting, context: RunContext) -> xr.Dataset:
    from learnability.studies.gradient_hardness.landscape_runs import landscape_runs

    return landscape_runs(setting, context)


@_train.register
def _(setting: TrainingSetting, context: RunContext) -> xr.Dataset:
    from learnability.studies.gradient_hardness.training_runs import training_runs

    return training_runs(setting, context)
