"""What a scan may set."""

from pydantic import Field

from learnability.results.contract import Model, Setting


class Sphere(Model):
    """Nothing to set."""


class Scan(Setting):
    """Random vectors in several dimensions."""

    target: Sphere = Sphere()
    dimensions: tuple[int, ...] = Field(min_length=1)
    power: float = 2.0
