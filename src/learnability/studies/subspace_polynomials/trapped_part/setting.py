"""The setting of the trapped part of the loss."""

from typing import Annotated

from pydantic import Field, model_validator

from learnability.results.contract import Positive, Setting
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials


class TrappedPartSetting(Setting):
    """Mean-field flow of reflective targets from sqrt(d) w ~ N(0, I) for a fixed time, all dimensions in one batch.

    The activation is sin(x + pi/4); a ~ U[-1, 1] in antithetic pairs; all dimensions share a and the normals of w_V.
    """

    target: HiddenPolynomials
    dimensions: tuple[Annotated[int, Field(ge=10)], ...] = Field(min_length=2)
    particles: Annotated[int, Field(ge=2)] = 400
    end_time: Positive = 5.0
    save_points: Annotated[int, Field(ge=2)] = 11
    tolerance: Positive = 1e-6

    @model_validator(mode="after")
    def _fits(self) -> "TrappedPartSetting":
        if self.particles % 2:
            raise ValueError(f"particles come in pairs: {self.particles} is odd")
        if min(self.dimensions) <= self.target.common_variables:
            raise ValueError("a dimension must exceed the number of variables of the target")
        return self
