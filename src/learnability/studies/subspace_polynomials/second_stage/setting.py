"""The setting of two-stage training by SGD."""

from typing import Annotated

from pydantic import Field, model_validator

from learnability.results.contract import Count, Positive, Setting
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials


class SecondStageSetting(Setting):
    """Both stages by online SGD in ``dimension`` d, every step on fresh samples.

    First ``copies`` networks of ``neurons`` neurons with sin(x + pi/4), w = 0 and fixed a ~ U[-1, 1] (stratified), each
    trained for ``first_time`` on ``samples_per_dimension`` x d samples of its own; then the mean of the copies'
    weights with the activation (1 + x)^n, a = 0 at the start, for ``end_time`` on ``batch_size`` samples a step. Time
    is step size x steps.
    """

    target: HiddenPolynomials
    dimension: Annotated[int, Field(ge=4)] = 64
    neurons: Annotated[int, Field(ge=2)] = 200
    copies: Count = 2
    first_time: Positive = 2.0
    first_step: Positive = 0.1
    samples_per_dimension: Count = 1280
    second_step: Positive = 0.25
    batch_size: Count = 64
    end_time: Positive = 400.0
    save_points: Annotated[int, Field(ge=2)] = 41

    @model_validator(mode="after")
    def _fits(self) -> "SecondStageSetting":
        if len(self.target.polynomials) != 1:
            raise ValueError("two-stage SGD takes one polynomial; sweep over target.polynomials for more")
        if self.dimension <= self.target.common_variables:
            raise ValueError(f"dimension is {self.dimension}; it must exceed the number of variables of the target")
        return self
