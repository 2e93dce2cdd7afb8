"""Online SGD of a two-layer ReLU network on a parity."""

from learnability.results.contract import Kind
from learnability.studies.gradient_hardness.training.setting import TrainingSetting

KIND = Kind(setting=TrainingSetting)
