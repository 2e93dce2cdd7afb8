"""What a walk may set: fast enough to run the whole pipeline in a test."""

from pydantic import Field

from learnability.results.contract import Model, Setting


class Target(Model):
    """A drift."""

    slope: float = 1.0


class Walk(Setting):
    """A walk in some dimension."""

    target: Target = Target()
    dimension: int = Field(ge=1)
    steps: int = Field(default=4, ge=1)
