"""The setting of a table of exact ranks."""

from typing import Annotated

from pydantic import Field

from learnability.results.contract import Setting
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials


class TaylorSetting(Setting):
    """Exact ranks for every target: of the Taylor coefficients of (4.1) by activation, and of the second stage's
    features.

    ``order`` of the Taylor coefficients; features are followed to ``feature_order``, and series with the network's
    output kept to ``kept_order``, both with sin(x + pi/4).
    """

    target: HiddenPolynomials
    order: Annotated[int, Field(ge=1, le=16)] = 10
    feature_order: Annotated[int, Field(ge=4, le=200)] = 64
    kept_order: Annotated[int, Field(ge=2, le=30)] = 20
