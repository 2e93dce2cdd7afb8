"""What a config may say of monotone singular values."""

from typing import Annotated

from pydantic import Field, model_validator

from learnability.results.contract import Setting
from learnability.studies.multi_index.settings import Dimension, Target


class MonotoneSetting(Setting):
    """The joint flow of every link from the same starts at several tolerances, watched at ``save_times`` times."""

    target: Target
    dimension: Dimension
    tolerances: tuple[Annotated[float, Field(gt=0, le=1e-2)], ...] = Field(default=(1e-3, 1e-4, 1e-5), min_length=3)
    save_times: int = Field(default=120, ge=2, le=10_000)
    last_time: float = Field(default=1e16, gt=1)
    max_steps: int = Field(default=6000, ge=1)

    @model_validator(mode="after")
    def _falling(self) -> "MonotoneSetting":
        if list(self.tolerances) != sorted(set(self.tolerances), reverse=True):
            raise ValueError(f"tolerances must fall, from the coarsest to the finest: {list(self.tolerances)}")
        return self
