"""What a config may say of the empirical gradient."""

from typing import Annotated

from pydantic import Field, model_validator

from learnability.results.contract import Model, Setting
from learnability.studies.multi_index.settings import MOST_DEGREE, Dimension


class PureLinks(Model):
    """Links h_s of one variable, by their degrees s."""

    degrees: tuple[Annotated[int, Field(ge=2, le=8)], ...] = Field(min_length=1)


class GradientErrorSetting(Setting):
    """Samples at which the error of the empirical gradient is ``error`` times the population gradient.

    The link is fitted on the Hermite polynomials of degree 1 to ``features``.
    """

    target: PureLinks
    dimensions: tuple[Dimension, ...] = Field(min_length=3)
    features: int = Field(default=4, ge=2, le=MOST_DEGREE)
    error: float = Field(default=0.5, gt=0, le=1)

    @model_validator(mode="after")
    def _reached(self) -> "GradientErrorSetting":
        if max(self.target.degrees) > self.features:
            raise ValueError("the features must reach the degree of every link")
        return self
