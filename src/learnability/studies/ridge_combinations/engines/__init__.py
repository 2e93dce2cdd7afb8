"""Kind ``engines``: three SGD engines and the population flow from the same starts; do they follow one law?"""

from learnability.results.contract import Kind
from learnability.studies.ridge_combinations.engines.setting import EnginesSetting

KIND = Kind(EnginesSetting, target_for=("train",), one_setting=True)
