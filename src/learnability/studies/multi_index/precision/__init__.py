"""Precision and stiffness of the two forms of the joint flow, in two frames."""

from learnability.results.contract import Kind
from learnability.studies.multi_index.precision.setting import PrecisionSetting

KIND = Kind(setting=PrecisionSetting, target_for=("train", "analyse"), one_setting=True)
