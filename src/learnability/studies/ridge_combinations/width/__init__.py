"""Kind ``width``: the share of the neurons that pick a weak task when tasks differ in strength."""

from learnability.results.contract import Kind
from learnability.studies.ridge_combinations.width.setting import WidthSetting

KIND = Kind(WidthSetting)
