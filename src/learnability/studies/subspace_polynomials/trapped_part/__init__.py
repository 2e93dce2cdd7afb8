"""The part of the loss that a reflective subspace holds at a fixed time, at finite dimension."""

from learnability.results.contract import Kind
from learnability.studies.subspace_polynomials.trapped_part.setting import TrappedPartSetting

KIND = Kind(setting=TrappedPartSetting, target_for=("train", "analyse"), one_setting=True)
