"""The empirical flow of h2 beside the population flow from the same start, without an array of size d."""

from learnability.results.contract import Kind
from learnability.studies.multi_index.empirical_flow.setting import EmpiricalFlowSetting

KIND = Kind(setting=EmpiricalFlowSetting, one_setting=True)
