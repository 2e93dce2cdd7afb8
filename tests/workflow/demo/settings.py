"""A study of a few numbers: fast enough to run the whole pipeline in a test."""

from pydantic import Field

from learnability.results.contract import Model, Setting


class Target(Model):
    slope: float = 1.0


class Walk(Setting):
    target: Target = Target()
    dimension: int = Field(ge=1)
    steps: int = Field(default=4, ge=1)


KINDS: dict[str, type[Setting]] = {"walk": Walk}
