"""Training: one setting and one batch of seeds to a Dataset. Which kind goes where."""

import xarray as xr

from learnability.results.contract import RunContext, Setting
from learnability.studies.multi_index.closure_runs import train_closure
from learnability.studies.multi_index.flow_runs import train_flows
from learnability.studies.multi_index.precision_runs import train_precision
from learnability.studies.multi_index.samples_runs import train_samples
from learnability.studies.multi_index.settings import (
    ClosureSetting,
    EscapeSetting,
    LandscapeSetting,
    PrecisionSetting,
    SamplesSetting,
    TrajectorySetting,
)


def train(setting: Setting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Run the experiment that the setting's kind describes, for the seeds of ``context``."""
    match setting:
        case EscapeSetting() | LandscapeSetting() | TrajectorySetting():
            return train_flows(setting, target, context)
        case ClosureSetting():
            return train_closure(setting, target, context)
        case PrecisionSetting():
            return train_precision(setting, target, context)
        case SamplesSetting():
            return train_samples(setting, target, context)
    raise TypeError(f"no experiment of this study has settings of type {type(setting).__name__}")
