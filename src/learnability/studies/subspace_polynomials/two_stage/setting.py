"""The setting of two-stage training."""

from typing import Annotated

from pydantic import Field

from learnability.results.contract import Setting
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials, Positive


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
