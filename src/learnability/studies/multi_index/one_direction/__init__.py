"""Escape times of one direction by quadrature: exact quantiles over the start's law, for any link and learner."""

from learnability.results.contract import Kind
from learnability.studies.multi_index.one_direction.setting import OneDirectionSetting

KIND = Kind(setting=OneDirectionSetting, one_setting=True)
