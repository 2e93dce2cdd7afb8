"""The curse of dimension of a kernel predictor over the class of all parities."""

from learnability.results.contract import Kind
from learnability.studies.gradient_hardness.kernel_predictor.setting import KernelPredictorSetting

KIND = Kind(setting=KernelPredictorSetting, one_setting=True)
