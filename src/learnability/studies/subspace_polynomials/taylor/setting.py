"""The setting of a table of Taylor ranks."""

from typing import Annotated

from pydantic import Field

from learnability.results.contract import Setting
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials


class TaylorSetting(Setting):
    """Ranks of the Taylor coefficients of the simplified flow for every target and activation."""

    target: HiddenPolynomials
    order: Annotated[int, Field(ge=1, le=16)] = 10
