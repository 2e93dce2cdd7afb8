"""What algebra says of a target before anything runs: exponents, leaps and traps."""

from learnability.results.contract import Kind
from learnability.studies.atlas.diagnosis.setting import DiagnosisSetting

KIND = Kind(setting=DiagnosisSetting)
