"""Flows to targets on embedded spheres, each of which holds one that is not learned (Theorem 4)."""

from learnability.results.contract import Kind
from learnability.studies.two_parameter.sphere.setting import SphereSetting

KIND = Kind(setting=SphereSetting, one_setting=True)
