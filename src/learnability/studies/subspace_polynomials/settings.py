"""What can be set in this study: one frozen model for each kind of experiment."""

import math
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.target_language import parse
from learnability.results.contract import Model, Setting

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]


class HiddenPolynomials(Model):
    """Polynomials ``h(z)`` of a hidden subspace, in the project's target language.

    All are taken as functions of the same number of variables, the largest that occurs or ``variables``. With
    ``rotated`` each is turned by its own Haar rotation, so that nothing is aligned with the coordinates.
    """

    polynomials: tuple[str, ...] = Field(min_length=1)
    variables: Annotated[int, Field(ge=1, le=8)] | None = None
    rotated: bool = False

    @field_validator("polynomials")
    @classmethod
    def _readable(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            expansion = parse(text)
            if expansion.degree > 8 or expansion.degree == 0:
                raise ValueError(f"{text!r} has degree {expansion.degree}; allowed are 1 to 8")
            if expansion.variables > 8:
                raise ValueError(f"{text!r} has {expansion.variables} variables; at most 8 are allowed")
        return texts

    @model_validator(mode="after")
    def _fits(self) -> "HiddenPolynomials":
        needed = max(parse(text).variables for text in self.polynomials)
        if self.variables is not None and self.variables < needed:
            raise ValueError(f"variables is {self.variables}, but the polynomials need {needed}")
        return self

    @property
    def common_variables(self) -> int:
        """The number of variables p that all polynomials share."""
        return self.variables or max(parse(text).variables for text in self.polynomials)

    def expansions(self) -> list[HermiteExpansion]:
        """The Hermite expansions, before any rotation."""
        return [parse(text, self.common_variables) for text in self.polynomials]


class DiagnosisSetting(Setting):
    """The closure, the definition by quadrature and the search over the Grassmannian on the same targets.

    Each seed brings its own starts of the search and, beside the named targets, one random target with a planted
    reflective subspace.
    """

    target: HiddenPolynomials
    starts: Count = 4
    probes: Count = 40
    nodes: Annotated[int, Field(ge=4, le=60)] = 16
    slice_points: Annotated[int, Field(ge=3)] = 61


class FlowSetting(Setting):
    """Mean-field flow of all targets at all dimensions, one batch.

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
    phase: float = math.pi / 4
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


class TwoStageSetting(Setting):
    """Two-stage training: weights first (for each of ``times``), then the second layer with (1 + x)^n.

    ``nodes`` Gauss-Legendre nodes for a in each averaged copy; ``particles`` for the sampled version, which has the
    seeds. ``curve_points`` times of the decay curve, logarithmic over the relevant range.
    """

    target: HiddenPolynomials
    times: tuple[Positive, ...] = Field(min_length=1)
    curve_time: Positive = 2.0
    keep_output: bool = False
    nodes: Annotated[int, Field(ge=4, le=200)] = 24
    particles: Annotated[int, Field(ge=2)] = 1000
    curve_points: Annotated[int, Field(ge=2)] = 121


class TaylorSetting(Setting):
    """Ranks of the Taylor coefficients of the simplified flow for every target and activation."""

    target: HiddenPolynomials
    order: Annotated[int, Field(ge=1, le=16)] = 10


KINDS: dict[str, type[Setting]] = {
    "diagnosis": DiagnosisSetting,
    "flow": FlowSetting,
    "online_sgd": SgdSetting,
    "two_stage": TwoStageSetting,
    "taylor": TaylorSetting,
}
