"""What a config may say of finite samples."""

from typing import Annotated

from pydantic import Field, model_validator

from learnability.hermite.target_language import parse
from learnability.results.contract import Setting
from learnability.studies.multi_index.settings import MOST_DEGREE, Rising, Target


class SamplesSetting(Setting):
    """Empirical two-timescale flow: the link is refitted by ridge regression at every step, n = multiple d^(s-1).

    The features are the constant and the Hermite polynomials from degree 1, or with ``alone`` from the information
    exponent s, to ``features``. The flow runs for ``horizon`` times what the population flow takes from the same start
    to the cosine 0.8, or from a median start where that is longer.
    """

    target: Target
    dimensions: tuple[Annotated[int, Field(ge=4, le=4096)], ...] = Field(min_length=1)
    multiples: Rising[tuple[Annotated[float, Field(gt=0)], ...]] = Field(min_length=1)
    alone: bool = False
    features: int = Field(default=4, ge=1, le=MOST_DEGREE)
    ridge: float = Field(default=0.3, gt=0)
    mehler: float = Field(default=0.8, gt=0, lt=1)
    horizon: float = Field(default=10.0, gt=0)
    max_steps: int = Field(default=2400, ge=1)

    @model_validator(mode="after")
    def _one_pure_link(self) -> "SamplesSetting":
        if len(self.target.links) != 1:
            raise ValueError("give one link: each has its own numbers of samples")
        link = parse(self.target.links[0])
        if link.variables != 1 or len(link.coefficients) != 1:
            raise ValueError(f"give a pure link hK(z1), not {self.target.links[0]!r}: the horizon is that of its flow")
        if link.degree > self.features:
            raise ValueError(f"the features must reach the degree {link.degree} of the link, not {self.features}")
        return self
