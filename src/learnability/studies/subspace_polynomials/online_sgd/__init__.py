"""Online SGD of the whole network beside the mean-field flow from the same particles."""

from learnability.results.contract import Kind
from learnability.studies.subspace_polynomials.online_sgd.setting import SgdSetting

KIND = Kind(setting=SgdSetting, target_for=("train",))
