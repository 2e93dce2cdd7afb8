"""How many samples the empirical gradient needs at the equator, by closed second moments at any dimension."""

from learnability.results.contract import Kind
from learnability.studies.multi_index.gradient_error.setting import GradientErrorSetting

KIND = Kind(setting=GradientErrorSetting, one_setting=True)
