"""A setting of the kind ``ball``."""

from pydantic import Field

from learnability.results.contract import Setting
from learnability.studies.two_parameter.settings import ElementaryName, Obstacles


class BallSetting(Setting):
    """Theorem 3: flows to targets in a ball around a target orthogonal to the range of the Jacobian at 0."""

    target: Obstacles = Obstacles()
    families: tuple[ElementaryName, ...] = ("linear", "cubic", "tanh_network", "helicoid", "sine")
    max_steps: int = Field(default=20_000, ge=100)
