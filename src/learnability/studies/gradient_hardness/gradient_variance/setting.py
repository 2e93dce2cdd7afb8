"""The setting of the kind ``gradient_variance``."""

from typing import Annotated

from pydantic import Field, model_validator

from learnability.results.contract import Count, Model, Setting
from learnability.studies.gradient_hardness.settings import Initialization


class AllParities(Model):
    """All 2^d parities of {-1, 1}^d, for each of the dimensions."""

    dimensions: tuple[Annotated[int, Field(ge=2, le=24)], ...] = Field(min_length=1)


class GradientVarianceSetting(Setting):
    """Variance of the gradient over all parities; ``neurons`` is the width at each of the dimensions."""

    target: AllParities
    initializations: tuple[Initialization, ...] = ("default", "gaussian", "rademacher")
    neurons: tuple[Count, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _paired(self) -> "GradientVarianceSetting":
        if len(self.neurons) != len(self.target.dimensions):
            raise ValueError("neurons and target.dimensions are pairs and must be equally long")
        return self
