"""A network with a non-smooth activation: the mean-field flow with ReLU at infinite dimension."""

from learnability.results.contract import Kind
from learnability.studies.subspace_polynomials.relu.setting import ReluSetting

KIND = Kind(setting=ReluSetting, target_for=("train",), one_setting=True)
