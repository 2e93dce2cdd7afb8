"""The setting of the kind ``landscape``."""

from typing import Annotated

from pydantic import Field

from learnability.results.contract import Model, Positive, Setting


class SineNeuron(Model):
    """The target sin(2 pi L w*.x) in two dimensions, |w*| = 1 at ``angle``."""

    frequencies: tuple[Positive, ...] = Field(min_length=1)
    angle: float = 0.3


class LandscapeSetting(Setting):
    """Population and empirical risk of a sine neuron on [-2, 2]^2; a seed is one sample."""

    target: SineNeuron
    sample_sizes: tuple[Annotated[int, Field(ge=2)], ...] = Field(min_length=1)
    points_per_unit: Annotated[int, Field(ge=8)] = 60
