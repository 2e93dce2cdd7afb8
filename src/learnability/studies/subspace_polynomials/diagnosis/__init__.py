"""The largest reflective subspace found in three ways: by closure, by definition and by search."""

from learnability.results.contract import Kind
from learnability.studies.subspace_polynomials.diagnosis.setting import DiagnosisSetting

KIND = Kind(setting=DiagnosisSetting, target_for=("train", "analyse"))
