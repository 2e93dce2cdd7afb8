"""Kind ``growth``: samples to localise when the number of tasks grows with the dimension, M = d^gamma."""

from learnability.results.contract import Kind
from learnability.studies.ridge_combinations.growth.setting import GrowthSetting

KIND = Kind(GrowthSetting, target_for=("train",), one_setting=True)
