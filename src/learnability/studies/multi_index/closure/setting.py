"""What a config may say of the closure of the flow."""

from typing import Annotated

from pydantic import Field

from learnability.results.contract import Setting
from learnability.studies.multi_index.settings import Target


class ClosureSetting(Setting):
    """The closed r x r flow against the flow of the d x r weights, both to high accuracy."""

    target: Target
    dimensions: tuple[Annotated[int, Field(ge=13, le=200)], ...] = Field(min_length=1)
    end_time: float = Field(default=40.0, gt=0)
    save_times: int = Field(default=60, ge=2)
