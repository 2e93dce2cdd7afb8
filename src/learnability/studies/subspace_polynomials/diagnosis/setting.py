"""The setting of a diagnosis."""

from typing import Annotated

from pydantic import Field

from learnability.results.contract import Count, Setting
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials


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
