"""The setting of the kind ``mixed_links``."""

from pydantic import Field, model_validator

from learnability.results.contract import Setting
from learnability.studies.ridge_combinations.settings import RidgeTarget


class MixedLinksSetting(Setting):
    """Population flow of neurons whose Hermite coefficients are drawn from {-1, 0, 1} in every degree of the links.

    All tasks have the target's link, orthonormal directions, and starts uniform on the sphere of R^dimension. The
    dimension is large, so that neurons without a leading coefficient are late by a power of it.
    """

    target: RidgeTarget
    dimension: int = Field(default=300_000, ge=16)
    neurons: int = Field(ge=16)

    @model_validator(mode="after")
    def _fits(self) -> "MixedLinksSetting":
        if self.dimension <= self.target.tasks:
            raise ValueError(f"dimension {self.dimension} must exceed the number of tasks, {self.target.tasks}")
        if self.target.coherences != (0.0,) or self.target.random_dimension is not None:
            raise ValueError("the directions are orthonormal here: leave coherences and random_dimension out")
        return self
