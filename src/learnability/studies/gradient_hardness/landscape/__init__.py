"""Population and empirical risk of a sine neuron, and their minima."""

from learnability.results.contract import Kind
from learnability.studies.gradient_hardness.landscape.setting import LandscapeSetting

KIND = Kind(setting=LandscapeSetting, one_setting=True)
