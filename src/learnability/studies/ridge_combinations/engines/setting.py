"""The setting of the kind ``engines``."""

from typing import Literal

from pydantic import Field, model_validator

from learnability.results.contract import Setting
from learnability.studies.ridge_combinations.settings import RidgeTarget

# The overlap chain of these neurons needs as many axes beside the tasks.
COMPARED_NEURONS = 4


class EnginesSetting(Setting):
    """SGD engines and population flow of four neurons from one start.

    The ``engines`` run at the first of the ``relative_steps``, the full engine at all of them.
    """

    target: RidgeTarget
    dimension: int = Field(ge=4)
    engines: tuple[Literal["full", "decoupled", "overlap"], ...] = Field(
        default=("full", "decoupled", "overlap"), min_length=1
    )
    relative_steps: tuple[float, ...] = (1.0, 0.05)
    horizon: float = Field(default=4.0, gt=0)
    steps: int = Field(default=512, ge=8)
    saved: int = Field(default=24, ge=2)

    @model_validator(mode="after")
    def _fits(self) -> "EnginesSetting":
        if self.engines[0] != "full":
            raise ValueError(
                f"engines = {list(self.engines)}: the first, with which the others are compared, is 'full'"
            )
        least = self.target.tasks + COMPARED_NEURONS
        if self.dimension < least:
            raise ValueError(
                f"dimension {self.dimension} is below the number of overlaps a neuron has: the overlap chain of "
                f"{COMPARED_NEURONS} neurons and {self.target.tasks} tasks needs at least {least}"
            )
        return self
