"""A setting of the kind ``elementary``."""

from typing import Literal

from pydantic import Field

from learnability.results.contract import Model, Setting
from learnability.studies.two_parameter.settings import ElementaryName


class Cube(Model):
    """Uniform targets in the unit cube."""

    dimension: Literal[3] = 3


class ElementarySetting(Setting):
    """Gradient flow of elementary models to the targets of the cube, and of one hierarchical map to the same."""

    target: Cube = Cube()
    families: tuple[ElementaryName, ...] = Field(min_length=1)
    end_time: float = Field(default=1e7, gt=0)
    max_steps: int = Field(default=3000, ge=100)
