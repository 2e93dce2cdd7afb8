"""Types and models that several kinds of this study share."""

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from learnability.results.contract import Model

Initialization = Literal["default", "gaussian", "rademacher"]
Coding = Literal["sign", "bit"]
INITIALIZATIONS: tuple[Initialization, ...] = get_args(Initialization)
CODINGS: tuple[Coding, ...] = get_args(Coding)

Degree = Literal["full", "half"] | Annotated[int, Field(ge=1, le=62)]


def degree_of(degree: Degree, dimension: int) -> int:
    """``|v|`` of the parity: all coordinates, half of them (rounded down), or the given number."""
    if degree == "full":
        return dimension
    return dimension // 2 if degree == "half" else int(degree)


class Parity(Model):
    """The parity of the first ``degree`` coordinates (the initialisations are exchangeable in the coordinates)."""

    dimensions: tuple[Annotated[int, Field(ge=2, le=62)], ...] = Field(min_length=1)
    degree: Degree = "full"

    @model_validator(mode="after")
    def _degree_fits(self) -> "Parity":
        if isinstance(self.degree, int) and self.degree > min(self.dimensions):
            raise ValueError(f"degree {self.degree} exceeds the dimension {min(self.dimensions)}")
        return self
