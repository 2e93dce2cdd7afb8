"""Ranks of the Taylor coefficients of the simplified flow, in exact arithmetic."""

from learnability.results.contract import Kind
from learnability.studies.subspace_polynomials.taylor.setting import TaylorSetting

KIND = Kind(setting=TaylorSetting, target_for=("train", "analyse"), one_setting=True)
