"""Gradient flow of hierarchical maps to random targets (Theorem 6)."""

from learnability.results.contract import Kind
from learnability.studies.two_parameter.hierarchical.setting import HierarchicalSetting

KIND = Kind(setting=HierarchicalSetting, target_for=("analyse",))
