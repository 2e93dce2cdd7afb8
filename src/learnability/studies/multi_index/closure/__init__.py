"""The flow of the d x r weights beside the closed flow of the r x r correlations."""

from learnability.results.contract import Kind
from learnability.studies.multi_index.closure.setting import ClosureSetting

KIND = Kind(setting=ClosureSetting, target_for=("train",))
