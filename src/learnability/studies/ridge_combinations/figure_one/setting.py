"""The setting of the kind ``figure_one``."""

from pydantic import Field, model_validator

from learnability.results.contract import Setting
from learnability.studies.ridge_combinations.settings import RidgeTarget, check_tasks


class FigureOneSetting(Setting):
    """The paper's Figure 1 at its own size, with single-sample steps: He_p, normalised h_p, and an NTK-scaled
    control.
    """

    target: RidgeTarget
    dimension: int = Field(default=64, ge=2)
    width: int = Field(default=8192, ge=1)
    neurons: int = Field(ge=1)
    samples: int = Field(default=1_000_000, ge=1)
    step: float = Field(default=0.3, gt=0)
    saved: int = Field(default=24, ge=2)

    @model_validator(mode="after")
    def _both_labels(self) -> "FigureOneSetting":
        if not self.target.unnormalised:
            raise ValueError("target.unnormalised must be true: the normalised label is derived from it")
        check_tasks(self.dimension, self.target.tasks)
        return self
