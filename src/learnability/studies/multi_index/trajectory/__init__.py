"""The staircase: cosines and loss along the joint flow, and the heights of its plateaus."""

from learnability.results.contract import Kind
from learnability.studies.multi_index.trajectory.setting import TrajectorySetting

KIND = Kind(setting=TrajectorySetting, target_for=("train", "analyse"), one_setting=True)
