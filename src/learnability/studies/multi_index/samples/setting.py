"""What a config may say of finite samples."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from learnability.hermite.target_language import parse
from learnability.results.contract import Setting
from learnability.studies.multi_index.settings import MOST_DEGREE, Target


class SamplesSetting(Setting):
    """Empirical two-timescale descent at one dimension: the link is refitted by ridge regression at every step."""

    target: Target
    dimension: int = Field(ge=2, le=4096)
    sample_counts: tuple[Annotated[int, Field(ge=2)], ...] = Field(min_length=2)
    methods: tuple[Literal["small_steps", "line_search"], ...] = Field(
        default=("small_steps", "line_search"), min_length=1
    )
    step_size: float = Field(default=0.5, gt=0)
    small_steps: int = Field(default=2000, ge=1)
    searched_steps: int = Field(default=200, ge=1)
    ridge: float = Field(default=0.3, gt=0)
    mehler: float = Field(default=0.8, gt=0, lt=1)
    features: int = Field(default=4, ge=1, le=MOST_DEGREE)

    @model_validator(mode="after")
    def _rising(self) -> "SamplesSetting":
        if list(self.sample_counts) != sorted(set(self.sample_counts)):
            raise ValueError("sample_counts must rise")
        if len(self.target.links) != 1:
            raise ValueError("give one link: each has its own numbers of samples")
        if parse(self.target.links[0]).degree > self.features:
            raise ValueError("the features must reach the degree of the link")
        return self
