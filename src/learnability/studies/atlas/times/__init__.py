"""Escape times of every saddle by the closed flows, and samples of online SGD by the overlap chain."""

from learnability.results.contract import Kind
from learnability.studies.atlas.times.setting import TimesSetting

KIND = Kind(setting=TimesSetting)
