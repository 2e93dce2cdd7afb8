"""Kind ``phase_two``: the second layer refitted on learned, true and random features, and kernel ridge on the input."""

from learnability.results.contract import Kind
from learnability.studies.ridge_combinations.phase_two.setting import PhaseTwoSetting

KIND = Kind(PhaseTwoSetting, target_for=("train",), one_setting=True)
