"""How the samples that every method needs grow with the dimension, over many targets."""

from learnability.results.contract import Kind
from learnability.studies.atlas.exponents.setting import ExponentsSetting

KIND = Kind(setting=ExponentsSetting)
