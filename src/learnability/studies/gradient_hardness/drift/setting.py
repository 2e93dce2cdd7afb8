"""The setting of the kind ``drift``."""

from typing import Annotated

from pydantic import Field

from learnability.results.contract import Count, Model, Positive, Setting


class DriftModels(Model):
    """Parities under which gradient flow drifts: dimensions of the lifted model and of the sine committee."""

    # For the curves of the closed form.
    lifted_dimensions: tuple[Annotated[int, Field(ge=2, le=1000)], ...] = Field(min_length=1)
    # All 2^d flows of 2^d parameters: at least two, for the growth in d.
    simulated_dimensions: tuple[Annotated[int, Field(ge=2, le=12)], ...] = Field((4, 6, 8, 10), min_length=2)
    # With weights N(0,1) the drift at d = 100 is the rounding error of an angle.
    sine_dimensions: tuple[Annotated[int, Field(ge=2, le=64)], ...] = Field(min_length=1)
    small_weight_dimensions: tuple[Annotated[int, Field(ge=2, le=1000)], ...] = Field(min_length=1)


class DriftSetting(Setting):
    """Distance that gradient flow travels, on average over the parities.

    ``neurons`` is the number of sampled neurons for each dimension and seed.
    """

    target: DriftModels
    times: tuple[Positive, ...] = Field(min_length=1)
    small_weight_times: tuple[Positive, ...] = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
    neurons: Count = 2000
    time_step: Positive = 0.05
