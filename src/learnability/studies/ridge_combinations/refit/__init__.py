"""Kind ``refit``: samples and neurons that phase II needs, on directions that phase I has found exactly."""

from learnability.results.contract import Kind
from learnability.studies.ridge_combinations.refit.setting import RefitSetting

KIND = Kind(RefitSetting)
