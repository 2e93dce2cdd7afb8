"""Finite samples: how many of them two-timescale descent needs, against the dimension."""

from learnability.results.contract import Kind
from learnability.studies.multi_index.samples.setting import SamplesSetting

KIND = Kind(setting=SamplesSetting, target_for=("train", "analyse"))
