"""The setting of the kind ``orthonormal_classes``."""

from typing import Annotated

from pydantic import Field

from learnability.results.contract import Count, Model, Setting


class OrthonormalClasses(Model):
    """Parities on the cube, and cosines of frequency sqrt(d) under the standard Gaussian."""

    parity_dimensions: tuple[Annotated[int, Field(ge=1, le=12)], ...] = Field(min_length=1)
    packing_dimensions: tuple[Annotated[int, Field(ge=2, le=16)], ...] = Field(min_length=1)
    cosine_dimensions: tuple[Annotated[int, Field(ge=2, le=400)], ...] = Field(min_length=1)


class OrthonormalClassesSetting(Setting):
    """SQ dimensions, packings and the variance of the gradient over the cosine class; a seed is one search."""

    target: OrthonormalClasses
    candidates: Count = 20000
    packing_limit: Count = 6000
