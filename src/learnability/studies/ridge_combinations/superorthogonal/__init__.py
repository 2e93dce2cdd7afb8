"""Kind ``superorthogonal``: polynomials that hide from statistical queries, constructed in multiprecision."""

from learnability.results.contract import Kind
from learnability.studies.ridge_combinations.superorthogonal.setting import SuperorthogonalSetting

KIND = Kind(SuperorthogonalSetting, one_setting=True)
