"""The setting of the kind ``width``."""

from pydantic import Field, model_validator

from learnability.results.contract import Setting
from learnability.studies.ridge_combinations.settings import RidgeTarget


class WidthSetting(Setting):
    """Which task a neuron picks when strengths differ: population flow from uniform starts at dimension d."""

    target: RidgeTarget
    tasks: tuple[int, ...] = Field(min_length=2)
    dimension: int = Field(default=100_000, ge=16)
    neurons: int = Field(ge=16)

    @model_validator(mode="after")
    def _fits(self) -> "WidthSetting":
        if min(self.tasks) < 2:
            raise ValueError("tasks are at least 2: every second task is a weak one")
        if self.dimension <= max(self.tasks):
            raise ValueError(f"dimension {self.dimension} must exceed every number of tasks, {max(self.tasks)} at most")
        return self
