"""The predicted time of the full parity as the first layer turns from Rademacher to Gaussian."""

from learnability.results.contract import Kind
from learnability.studies.gradient_hardness.initialization_noise.setting import InitializationNoiseSetting

KIND = Kind(setting=InitializationNoiseSetting, one_setting=True)
