"""What the settings of all kinds share: the hidden polynomials."""

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.target_language import parse
from learnability.results.contract import Model


class HiddenPolynomials(Model):
    """Polynomials ``h(z)`` of a hidden subspace, in the project's target language.

    All are taken as functions of the same number of variables, the largest that occurs or ``variables``. With
    ``rotated`` each is turned by its own Haar rotation, so that nothing is aligned with the coordinates.
    """

    polynomials: tuple[str, ...] = Field(min_length=1)
    variables: Annotated[int, Field(ge=1, le=8)] | None = None
    rotated: bool = False

    @field_validator("polynomials")
    @classmethod
    def _readable(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            expansion = parse(text)
            if expansion.degree > 8 or expansion.degree == 0:
                raise ValueError(f"{text!r} has degree {expansion.degree}; allowed are 1 to 8")
            if expansion.variables > 8:
                raise ValueError(f"{text!r} has {expansion.variables} variables; at most 8 are allowed")
        return texts

    @model_validator(mode="after")
    def _fits(self) -> "HiddenPolynomials":
        needed = max(parse(text).variables for text in self.polynomials)
        if self.variables is not None and self.variables < needed:
            raise ValueError(f"variables is {self.variables}, but the polynomials need {needed}")
        return self

    @property
    def common_variables(self) -> int:
        """The number of variables p that all polynomials share."""
        return self.variables or max(parse(text).variables for text in self.polynomials)

    def expansions(self) -> list[HermiteExpansion]:
        """The Hermite expansions, before any rotation."""
        return [parse(text, self.common_variables) for text in self.polynomials]
