"""Parities and cosine neurons: SQ dimensions, packings, variance of the gradient and Barron norms."""

from learnability.results.contract import Kind
from learnability.studies.gradient_hardness.orthonormal_classes.setting import OrthonormalClassesSetting

KIND = Kind(setting=OrthonormalClassesSetting, one_setting=True)
