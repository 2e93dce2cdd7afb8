"""The setting of the kind ``phase_two``."""

from typing import Literal

from pydantic import Field, model_validator

from learnability.results.contract import Setting
from learnability.studies.ridge_combinations.settings import PhaseOne, RidgeTarget


class PhaseTwoSetting(Setting):
    """Refit of the second layer after phase I, on fresh samples, beside what it must be compared with.

    Labels of both phases carry normal noise of deviation ``label_noise``; errors are against the target itself.
    ``equal_total`` gives the kernel as many samples as both phases used together, after its ``kernel_samples``.
    """

    target: RidgeTarget
    dimension: int = Field(ge=4)
    phase_one: PhaseOne
    samples: tuple[int, ...] = Field(min_length=1)
    test_samples: int = Field(default=8000, ge=100)
    features: tuple[Literal["trained", "oracle", "random"], ...] = ("trained", "oracle", "random")
    kernel_samples: tuple[int, ...] = ()
    subset: int | None = Field(default=None, ge=1)
    new_link: tuple[float, ...] | None = None
    label_noise: float = Field(default=0.0, ge=0)
    equal_total: bool = False

    @model_validator(mode="after")
    def _fits(self) -> "PhaseTwoSetting":
        self.phase_one.check_room(self.dimension, self.target.tasks)
        if self.label_noise and self.phase_one.matched_above is not None:
            raise ValueError("matched batches have no label noise: leave matched_above out, or set label_noise to 0")
        if self.subset is not None and self.subset > self.target.tasks:
            raise ValueError(f"subset = {self.subset} exceeds the number of tasks, {self.target.tasks}")
        return self
