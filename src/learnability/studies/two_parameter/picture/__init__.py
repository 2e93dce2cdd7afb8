"""Level curves and trajectories at d = 2, and the paper's Figure 4."""

from learnability.results.contract import Kind
from learnability.studies.two_parameter.picture.setting import PictureSetting

KIND = Kind(setting=PictureSetting, one_setting=True)
