"""A walk of a few steps from a random start."""

from learnability.studies.demo.walk.setting import Walk

from learnability.results.contract import Kind

KIND = Kind(setting=Walk, target_for=("train",))
