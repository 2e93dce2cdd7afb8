"""What a config may say of a diagnosis."""

from learnability.results.contract import Setting
from learnability.studies.atlas.settings import Target


class DiagnosisSetting(Setting):
    """A diagnosis needs the target alone."""

    target: Target
