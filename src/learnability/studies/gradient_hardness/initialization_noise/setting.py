"""The setting of the kind ``initialization_noise``."""

from typing import Annotated

from pydantic import Field

from learnability.results.contract import Count, Positive, Setting
from learnability.studies.gradient_hardness.settings import Parity


class InitializationNoiseSetting(Setting):
    """``lambda_v`` of a first layer that goes from Rademacher to Gaussian."""

    target: Parity
    noise_levels: tuple[Annotated[float, Field(ge=0)], ...] = Field(min_length=1)
    width: Count = 2000
    step_size: Positive = 0.002
