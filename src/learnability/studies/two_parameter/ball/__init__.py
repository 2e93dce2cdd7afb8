"""Flows to targets in a ball that no flow reaches (Theorem 3)."""

from learnability.results.contract import Kind
from learnability.studies.two_parameter.ball.setting import BallSetting

KIND = Kind(setting=BallSetting, one_setting=True)
