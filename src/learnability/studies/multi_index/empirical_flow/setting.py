"""What a config may say of the empirical flow of h2."""

from typing import Annotated, Literal

from pydantic import Field

from learnability.results.contract import Model, Setting
from learnability.studies.multi_index.settings import Rising


class QuadraticLink(Model):
    """The link h2(z1): the one whose empirical flow has a solution."""

    link: Literal["h2(z1)"] = "h2(z1)"


class EmpiricalFlowSetting(Setting):
    """Flows on ``n = multiple d^power`` samples from uniform starts.

    The link is fitted on degree 2 alone, by the mean of label times feature. Each flow is solved in the first
    ``directions`` directions of the Krylov space of its start.
    """

    target: QuadraticLink = QuadraticLink()
    dimensions: Rising[tuple[Annotated[int, Field(ge=8, le=10**6)], ...]] = Field(min_length=1)
    multiples: Rising[tuple[Annotated[float, Field(gt=0)], ...]] = Field(min_length=1)
    power: Literal[1, 2]
    directions: int = Field(default=16, ge=4, le=64)
