"""The setting of the kind ``coherence``."""

from pydantic import Field, model_validator

from learnability.results.contract import Setting
from learnability.studies.ridge_combinations.settings import PhaseOne, RidgeTarget


class CoherenceSetting(Setting):
    """Equiangular directions: population flow and SGD over the target's coherences."""

    target: RidgeTarget
    dimension: int = Field(ge=4)
    phase_one: PhaseOne

    @model_validator(mode="after")
    def _fits(self) -> "CoherenceSetting":
        self.phase_one.check_room(self.dimension, self.target.tasks)
        return self
