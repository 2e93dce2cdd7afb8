"""Mean-field flow at finite and infinite dimension: trapping, escape and the distance from the limit."""

from learnability.results.contract import Kind
from learnability.studies.subspace_polynomials.flow.setting import FlowSetting

KIND = Kind(setting=FlowSetting, target_for=("train", "analyse"))
