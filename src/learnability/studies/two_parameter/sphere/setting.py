"""A setting of the kind ``sphere``."""

from pydantic import Field

from learnability.results.contract import Setting
from learnability.studies.two_parameter.settings import Obstacles


class SphereSetting(Setting):
    """Theorem 4: flows to targets on spheres, one target of every sphere a seed."""

    target: Obstacles = Obstacles()
    radii: tuple[float, ...] = (0.4, 0.2, 0.05)
    spheres_in_boxes: int = Field(default=2, ge=1, le=8)
    max_steps: int = Field(default=40_000, ge=100)
