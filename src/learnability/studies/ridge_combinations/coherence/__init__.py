"""Kind ``coherence``: do neurons still localise when the directions are equiangular?"""

from learnability.results.contract import Kind
from learnability.studies.ridge_combinations.coherence.setting import CoherenceSetting

KIND = Kind(CoherenceSetting, target_for=("train",), one_setting=True)
