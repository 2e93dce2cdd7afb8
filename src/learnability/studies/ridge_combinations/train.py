"""Training: one module for each kind of experiment, imported when it runs, so that torch is paid for only where it
is used.
"""

import xarray as xr

from learnability.results.contract import RunContext, Setting
from learnability.studies.ridge_combinations import settings as kinds


def train(setting: Setting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """One seed batch of one setting."""
    # The imports stand in full, since the fingerprint of the code reads them from the source.
    match setting:
        case kinds.LocalisationSetting():
            from learnability.studies.ridge_combinations import localisation

            return localisation.train(setting, target, context)
        case kinds.FigureOneSetting():
            from learnability.studies.ridge_combinations import figure_one

            return figure_one.train(setting, target, context)
        case kinds.EnginesSetting():
            from learnability.studies.ridge_combinations import engine_comparison

            return engine_comparison.train(setting, target, context)
        case kinds.WidthSetting():
            from learnability.studies.ridge_combinations import width

            return width.train(setting, target, context)
        case kinds.PhaseTwoSetting():
            from learnability.studies.ridge_combinations import phase_two

            return phase_two.train(setting, target, context)
        case kinds.CoherenceSetting():
            from learnability.studies.ridge_combinations import coherence

            return coherence.train(setting, target, context)
        case kinds.SuperorthogonalSetting():
            from learnability.studies.ridge_combinations import superorthogonal_runs

            return superorthogonal_runs.train(setting, target, context)
    raise TypeError(f"{type(setting).__name__} is no kind of this study")
