"""Training: each kind of experiment has a module of its own, imported only when it is asked for."""

import xarray as xr

from learnability.results.contract import RunContext, Setting
from learnability.studies.subspace_polynomials.settings import (
    DiagnosisSetting,
    FlowSetting,
    SgdSetting,
    TaylorSetting,
    TwoStageSetting,
)


def train(setting: Setting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """One batch of seeds of one setting."""
    match setting:
        case DiagnosisSetting():
            from learnability.studies.subspace_polynomials import diagnosis_runs

            return diagnosis_runs.run(setting, target, context)
        case TaylorSetting():
            from learnability.studies.subspace_polynomials import taylor_runs

            return taylor_runs.run(setting, target, context)
        case FlowSetting():
            from learnability.studies.subspace_polynomials import flow_runs

            return flow_runs.run(setting, target, context)
        case SgdSetting():
            from learnability.studies.subspace_polynomials import sgd_runs

            return sgd_runs.run(setting, target, context)
        case TwoStageSetting():
            from learnability.studies.subspace_polynomials import two_stage_runs

            return two_stage_runs.run(setting, target, context)
    raise TypeError(f"no experiment of this study has settings of type {type(setting).__name__}")
