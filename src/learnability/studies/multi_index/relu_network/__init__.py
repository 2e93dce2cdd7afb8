"""Escape times where the target is a ReLU network whose neurons have directions of their own, not orthogonal."""

from learnability.results.contract import Kind
from learnability.studies.multi_index.relu_network.setting import ReluNetworkSetting

KIND = Kind(setting=ReluNetworkSetting, one_setting=True)
