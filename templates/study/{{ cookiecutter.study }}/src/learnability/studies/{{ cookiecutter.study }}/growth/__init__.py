"""Growth of one overlap from a random start."""

from learnability.results.contract import Kind
from learnability.studies.{{ cookiecutter.study }}.growth.setting import GrowthSetting

KIND = Kind(setting=GrowthSetting, one_setting=True)
