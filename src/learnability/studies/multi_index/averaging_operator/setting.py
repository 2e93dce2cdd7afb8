"""What a config may say of the averaging operator."""

from typing import Annotated

from pydantic import Field, model_validator

from learnability.results.contract import Model, Setting
from learnability.studies.multi_index.settings import Dimension, Rising


class Subspaces(Model):
    """Hidden subspaces, by their dimensions r."""

    ranks: Rising[tuple[Annotated[int, Field(ge=1, le=512)], ...]] = Field(min_length=1)


class AveragingOperatorSetting(Setting):
    """Condition numbers at every rank r and every dimension d of at least 2 r, for dimensions that rise."""

    target: Subspaces
    dimensions: Rising[tuple[Dimension, ...]] = Field(min_length=3)
    quantiles: Rising[tuple[Annotated[float, Field(gt=0, lt=1)], ...]] = (0.1, 0.5, 0.9)

    @model_validator(mode="after")
    def _fits(self) -> "AveragingOperatorSetting":
        if 0.5 not in self.quantiles:
            raise ValueError(f"quantiles must hold the median 0.5, not {list(self.quantiles)}")
        if 2 * self.target.ranks[-1] > self.dimensions[-1]:
            raise ValueError(f"the largest rank {self.target.ranks[-1]} needs a dimension of at least twice as much")
        return self
