"""Where the planted and the joint flow end, from shared starts."""

from learnability.results.contract import Kind
from learnability.studies.multi_index.landscape.setting import LandscapeSetting

KIND = Kind(setting=LandscapeSetting, target_for=("train", "analyse"))
