"""Setting models that several kinds of this study share."""

from typing import Literal

from pydantic import Field

from learnability.results.contract import Model

ElementaryName = Literal[
    "line", "moment_curve", "toral_curve", "linear", "cubic", "tanh_network", "wide_tanh_network", "gaussian_bumps",
    "helicoid", "torus", "rational", "sine", "fast_sine", "graph_of_sine",
]  # fmt: skip


class Obstacles(Model):
    """The map whose non-learnable targets are constructed: a hierarchical one in three dimensions."""

    rho: float = Field(default=0.05, gt=0, le=0.15)
    depth: int = Field(default=3, ge=2, le=10)
    finer_depth: int = Field(default=6, ge=3, le=20)
