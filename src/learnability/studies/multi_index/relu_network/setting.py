"""What a config may say of ReLU networks as targets."""

from pydantic import Field, model_validator

from learnability.results.contract import Model, Setting
from learnability.studies.multi_index.settings import Dimension, Distinct, Rising


class Network(Model):
    """``f(z) = sum_j a_j relu(u_j.z)`` of two variables, u_j of length 1 at the angles (degrees) to the first axis."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    weights: tuple[float, ...] = Field(min_length=2)
    angles: tuple[float, ...]

    @model_validator(mode="after")
    def _two_directions(self) -> "Network":
        if len(self.angles) != len(self.weights):
            raise ValueError(f"{len(self.weights)} weights for {len(self.angles)} angles: give one for each neuron")
        used = {angle % 180 for angle, weight in zip(self.angles, self.weights, strict=True) if weight}
        if len(used) < 2:
            raise ValueError("the directions of the neurons must span two dimensions")
        return self


class Networks(Model):
    """The networks of an experiment, by name."""

    networks: Distinct[tuple[Network, ...]] = Field(min_length=1)


class ReluNetworkSetting(Setting):
    """Escape times of both directions of each network, with common random numbers across dimensions that rise."""

    target: Networks
    dimensions: Rising[tuple[Dimension, ...]] = Field(min_length=3)
    relative_tolerance: float = Field(default=1e-6, gt=0, le=1e-2)
    max_steps: int = Field(default=6000, ge=1)
