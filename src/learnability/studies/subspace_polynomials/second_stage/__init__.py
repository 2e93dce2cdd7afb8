"""Two-stage training as an algorithm: finitely many neurons, finitely many samples, both stages by SGD."""

from learnability.results.contract import Kind
from learnability.studies.subspace_polynomials.second_stage.setting import SecondStageSetting

KIND = Kind(setting=SecondStageSetting, target_for=("train",))
