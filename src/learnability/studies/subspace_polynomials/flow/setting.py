"""The setting of a mean-field flow."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from learnability.results.contract import Positive, Setting
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials


class FlowSetting(Setting):
    """Mean-field flow with sin(x + pi/4) of all targets at all dimensions, one batch.

    ``start`` ``sampled``: a ~ U[-1, 1] in antithetic pairs, sqrt(d) w ~ N(0, I). ``quadrature``: Gauss-Legendre in a,
    exact at d = infinity and only there. A run stops early once its loss is below ``stop_below`` times the loss floor
    of its target. Time is flow time, both layers at rate 1.
    """

    target: HiddenPolynomials
    dimensions: tuple[Annotated[int, Field(ge=10)], ...] = ()
    infinite: bool = True
    start: Literal["sampled", "quadrature"] = "sampled"
    particles: Annotated[int, Field(ge=2)] = 512
    end_time: Positive = 20.0
    save_points: Annotated[int, Field(ge=2)] = 81
    stop_below: Annotated[float, Field(gt=0, lt=1)] | None = None
    tolerance: Positive = 1e-6

    @model_validator(mode="after")
    def _consistent(self) -> "FlowSetting":
        if not self.dimensions and not self.infinite:
            raise ValueError("neither a dimension nor the infinite one is asked for")
        if self.start == "quadrature" and self.dimensions:
            raise ValueError("the quadrature start is exact at d = infinity only: leave dimensions empty")
        if self.particles % 2:
            raise ValueError(f"particles come in pairs: {self.particles} is odd")
        if self.dimensions and min(self.dimensions) <= self.target.common_variables:
            raise ValueError("a dimension must exceed the number of variables of the target")
        return self
