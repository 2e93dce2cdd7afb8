"""A setting of the kind ``picture``."""

from typing import Literal

from pydantic import Field

from learnability.results.contract import Model, Setting


class Plane(Model):
    """The map of the pictures: d = 2, where level curves can be drawn (and where nothing can be concluded)."""

    rho: float = Field(default=0.12, gt=0, le=0.15)
    depth: Literal[2] = 2


class PictureSetting(Setting):
    """Level curves and trajectories at d = 2, and the paper's Figure 4: a flow trapped on (sin w, sin sqrt2 w)."""

    target: Plane = Plane()
    curve_points: int = Field(default=20_000, ge=100)
