"""The setting of the kind ``representation``."""

from typing import Annotated

from pydantic import Field, model_validator

from learnability.results.contract import Count, Model, Setting


class HalfspaceClass(Model):
    """Intersections of k halfspaces with natural weights on {-1, 1}^d, and parities up to ``parity_dimension``."""

    dimensions: tuple[Annotated[int, Field(ge=2, le=20)], ...] = Field(min_length=1)
    intersections: tuple[Count, ...] = Field(min_length=1)
    largest_weight: Count = 3
    parity_dimensions: tuple[Annotated[int, Field(ge=1, le=20)], ...] = Field(min_length=1)
    reduced_dimensions: tuple[Count, ...] = (100, 1000)

    @model_validator(mode="after")
    def _paired(self) -> "HalfspaceClass":
        if len(self.dimensions) != len(self.intersections):
            raise ValueError("dimensions and intersections are pairs and must be equally long")
        return self


class RepresentationSetting(Setting):
    """Halfspaces and parities as ReLU networks, by exhaustive enumeration; a seed is one draw of the halfspaces."""

    target: HalfspaceClass
