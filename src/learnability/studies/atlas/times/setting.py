"""What a config may say of times."""

from typing import Annotated

from pydantic import Field

from learnability.results.contract import Setting
from learnability.studies.atlas.settings import Target


class TimesSetting(Setting):
    """Times at several dimensions, with common random numbers across them.

    Online SGD runs at the first dimension: a network of ``width`` neurons, ``chains`` times, until it has learned the
    subspace or used ``sample_budget`` samples.
    """

    target: Target
    dimensions: tuple[Annotated[int, Field(ge=20, le=10**12)], ...] = Field(min_length=1)
    relative_tolerance: float = Field(default=1e-4, gt=0, le=1e-2)
    max_steps: int = Field(default=3000, ge=1)
    width: int = Field(default=16, ge=2)
    chains: int = Field(default=8, ge=2)
    sample_budget: int = Field(default=2_000_000, ge=1000)
