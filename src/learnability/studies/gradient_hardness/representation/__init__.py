"""Halfspaces and parities as ReLU networks, checked on the whole cube."""

from learnability.results.contract import Kind
from learnability.studies.gradient_hardness.representation.setting import RepresentationSetting

KIND = Kind(setting=RepresentationSetting, one_setting=True)
