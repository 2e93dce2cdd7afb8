"""Do singular values ever fall along the joint flow? The sign of their derivative, at what the runs pass."""

from learnability.results.contract import Kind
from learnability.studies.multi_index.monotone.setting import MonotoneSetting

KIND = Kind(setting=MonotoneSetting, target_for=("train",), one_setting=True)
