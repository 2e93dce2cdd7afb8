"""Variance of the gradient over all parities, by Walsh-Hadamard transform."""

from learnability.results.contract import Kind
from learnability.studies.gradient_hardness.gradient_variance.setting import GradientVarianceSetting

KIND = Kind(setting=GradientVarianceSetting, one_setting=True)
