"""The target artifact of this kind: a sum of ridge functions with its exact expansion."""

from learnability.studies.ridge_combinations.ridge_target import build as build
