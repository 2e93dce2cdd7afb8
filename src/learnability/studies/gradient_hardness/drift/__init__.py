"""How far gradient flow drifts, on average over all parities, in two models that can be solved."""

from learnability.results.contract import Kind
from learnability.studies.gradient_hardness.drift.setting import DriftSetting

KIND = Kind(setting=DriftSetting, one_setting=True)
