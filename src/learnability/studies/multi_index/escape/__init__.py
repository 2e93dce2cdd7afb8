"""Escape times of every saddle of the joint or the planted flow, against the dimension."""

from learnability.results.contract import Kind, Separated
from learnability.studies.multi_index.escape.setting import EscapeSetting

KIND = Kind(
    setting=EscapeSetting, target_for=("train", "analyse"), separated=Separated(field="dimensions", axis="dimension")
)
