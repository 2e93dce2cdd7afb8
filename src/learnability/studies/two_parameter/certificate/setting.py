"""A setting of the kind ``certificate``."""

from pydantic import Field

from learnability.results.contract import Setting
from learnability.studies.two_parameter.settings import Obstacles


class CertificateSetting(Setting):
    """The sign of du/dt around trajectories to uniform targets of F0, one target a seed, for several rho."""

    target: Obstacles = Obstacles()
    rhos: tuple[float, ...] = Field(default=(0.12, 0.05), min_length=1)
    tolerance: float = Field(default=1e-5, gt=0)
    max_steps: int = Field(default=40_000, ge=100)
