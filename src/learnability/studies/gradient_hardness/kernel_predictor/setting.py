"""The setting of the kind ``kernel_predictor``."""

from typing import Annotated

from pydantic import Field

from learnability.results.contract import Model, Setting


class AllParities(Model):
    """All 2^d parities of {-1, 1}^d, for each of the dimensions."""

    dimensions: tuple[Annotated[int, Field(ge=2, le=13)], ...] = Field(min_length=1)


class KernelPredictorSetting(Setting):
    """Samples that the neural tangent kernel of a two-layer ReLU network needs; a seed is one order of the samples."""

    target: AllParities
