"""The setting of two-stage training."""

from typing import Annotated

from pydantic import Field

from learnability.results.contract import Positive, Setting
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials


class TwoStageSetting(Setting):
    """Two-stage training in the limit of many neurons: weights first, for each of ``times``, then (1 + x)^n.

    ``nodes`` Gauss-Legendre nodes for a in each averaged copy, and twice as many to see the error; one copy needs more
    and takes ``single_nodes``. Without the network's output one copy is computed with ``bits`` bits. ``curve_points``
    times of the decay curve, logarithmic over the relevant range.
    """

    target: HiddenPolynomials
    times: tuple[Positive, ...] = Field(min_length=1)
    keep_output: bool = False
    nodes: Annotated[int, Field(ge=4, le=100)] = 20
    single_nodes: Annotated[int, Field(ge=8, le=400)] = 64
    bits: Annotated[int, Field(ge=128, le=4096)] = 512
    curve_points: Annotated[int, Field(ge=2)] = 121
