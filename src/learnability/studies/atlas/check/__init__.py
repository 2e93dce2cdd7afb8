"""Algorithms on finitely many samples: which of them learns the hidden subspace, from how many."""

from learnability.results.contract import Kind, Separated
from learnability.studies.atlas.check.setting import CheckSetting

KIND = Kind(setting=CheckSetting, separated=Separated(field="dimensions", axis="dimension"))
