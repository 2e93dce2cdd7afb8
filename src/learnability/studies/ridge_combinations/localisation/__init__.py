"""Kind ``localisation``: when do neurons localise in phase I, and on which tasks, over tasks and dimensions?"""

from learnability.results.contract import Kind
from learnability.studies.ridge_combinations.localisation.setting import LocalisationSetting

KIND = Kind(LocalisationSetting, target_for=("train",))
