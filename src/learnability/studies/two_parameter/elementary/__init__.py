"""Gradient flow of elementary models to the targets of the unit cube (Theorem 8, Corollary 10, Proposition 2)."""

from learnability.results.contract import Kind
from learnability.studies.two_parameter.elementary.setting import ElementarySetting

KIND = Kind(setting=ElementarySetting, one_setting=True)
