"""Two-stage training: the weights first, then the second layer with a polynomial activation."""

from learnability.results.contract import Kind
from learnability.studies.subspace_polynomials.two_stage.setting import TwoStageSetting

KIND = Kind(setting=TwoStageSetting, target_for=("train", "analyse"))
