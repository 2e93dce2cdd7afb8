"""How badly the averaging operator A_M is conditioned at a uniform start, by the exact law of the smallest cosine."""

from learnability.results.contract import Kind
from learnability.studies.multi_index.averaging_operator.setting import AveragingOperatorSetting

KIND = Kind(setting=AveragingOperatorSetting, one_setting=True)
