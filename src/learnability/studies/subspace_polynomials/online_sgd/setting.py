"""The setting of online SGD beside the flow."""

from typing import Annotated

from pydantic import Field, model_validator

from learnability.results.contract import Count, Positive, Setting
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials


class SgdSetting(Setting):
    """Online SGD of the full network beside the mean-field flow from the same particles.

    Mean-field time is step_size x steps. The population loss of the network is evaluated in closed form.
    """

    target: HiddenPolynomials
    dimension: Annotated[int, Field(ge=10)] = 64
    neurons: Annotated[int, Field(ge=2)] = 400
    batch_size: Count = 512
    step_size: Positive = 0.02
    end_time: Positive = 15.0
    save_points: Annotated[int, Field(ge=2)] = 31

    @model_validator(mode="after")
    def _single(self) -> "SgdSetting":
        if len(self.target.polynomials) != 1:
            raise ValueError("online SGD takes one polynomial; sweep over target.polynomials for more")
        if self.neurons % 2:
            raise ValueError(f"neurons come in pairs: {self.neurons} is odd")
        return self
