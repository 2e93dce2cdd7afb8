"""The setting of the ReLU flow."""

from typing import Annotated

from pydantic import Field

from learnability.results.contract import Positive, Setting
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials


class ReluSetting(Setting):
    """Mean-field flow of a ReLU network without a bias at d = infinity, from w_V = 0; Gauss-Legendre nodes in a."""

    target: HiddenPolynomials
    particles: Annotated[int, Field(ge=4, le=400)] = 48
    end_time: Positive = 20.0
    save_points: Annotated[int, Field(ge=2)] = 41
    tolerance: Positive = 1e-8
