"""Kind ``figure_one``: the paper's only experiment, single-sample SGD at d = 64, with a control in the NTK scaling."""

from learnability.results.contract import Kind
from learnability.studies.ridge_combinations.figure_one.setting import FigureOneSetting

KIND = Kind(FigureOneSetting, target_for=("train",), one_setting=True)
