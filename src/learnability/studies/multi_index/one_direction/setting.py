"""What a config may say of one direction."""

from pydantic import Field, model_validator

from learnability.results.contract import Model, Setting
from learnability.studies.multi_index.settings import MOST_DEGREE, Dimension, Distinct, Flow


class Case(Model):
    """One link, how it is learned, and from where.

    ``link`` is a link of one variable of the target language, or ``sin(z1)``, ``cos(z1)``, ``exp(z1)``, ``erf(z1)``,
    ``relu(z1)``, ``abs(z1)``; its degrees up to ``beyond`` are taken away. The link is refitted instantly; with
    ``link_rate`` at that rate times ``d^link_rate_power`` of the subspace's (pure links); with ``relu_features`` on
    that many ReLU features with frozen biases. Starts have ``lambda^2 = q^start_power``, q that of a uniform start:
    1 is the equator, 0 a start that does not depend on the dimension.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    link: str
    flow: Flow = "joint"
    beyond: int = Field(default=0, ge=0, le=MOST_DEGREE)
    link_rate: float | None = Field(default=None, gt=0)
    link_rate_power: float = Field(default=0.0, le=0)
    relu_features: int | None = Field(default=None, ge=2, le=64)
    start_power: float = Field(default=1.0, gt=0, le=1)

    @model_validator(mode="after")
    def _one_learner(self) -> "Case":
        if self.link_rate is not None and self.relu_features is not None:
            raise ValueError("give link_rate or relu_features, not both")
        if self.flow == "planted" and (self.link_rate is not None or self.relu_features is not None):
            raise ValueError("the planted flow knows its link: link_rate and relu_features are for the joint one")
        return self


class Cases(Model):
    """The cases of an experiment, by name."""

    cases: Distinct[tuple[Case, ...]] = Field(min_length=1)


class OneDirectionSetting(Setting):
    """Escape times at quantiles of the start's law, by quadrature, for dimensions that rise."""

    target: Cases
    dimensions: tuple[Dimension, ...] = Field(min_length=3)
    quantiles: tuple[float, ...] = (0.1, 0.5, 0.9)

    @model_validator(mode="after")
    def _median(self) -> "OneDirectionSetting":
        if 0.5 not in self.quantiles or not all(0 < q < 1 for q in self.quantiles):
            raise ValueError(f"quantiles must lie between 0 and 1 and hold the median 0.5, not {list(self.quantiles)}")
        return self
