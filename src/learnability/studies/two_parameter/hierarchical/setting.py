"""A setting of the kind ``hierarchical``: a list of grids of maps, solved in one batch.

A grid is the product of its lists, where ``dimension`` and ``depth`` go together. All maps see the same uniform
numbers (common random numbers).
"""

from itertools import product
from typing import Annotated, Literal, NamedTuple

from pydantic import Discriminator, Field, Tag, model_validator

from learnability.results.contract import Model, Setting
from learnability.studies.two_parameter.own_measure import OwnMeasure

MeasureName = Literal[
    "uniform", "gaussian", "beta_2_5", "arcsine", "two_clusters", "plane", "atoms", "cantor", "sphere"
]
AnyMeasure = Annotated[
    Annotated[MeasureName, Tag("name")] | Annotated[OwnMeasure, Tag("own")],
    Discriminator(lambda value: "name" if isinstance(value, str) else "own"),
]
"""A name, or a mapping that describes a measure; an error speaks of the one that was given."""
Cuts = Literal["even", "chosen"]

SeriesName = Literal["splitting", "measures", "depth", "shrinking", "dimension", "stretch", "tolerance"]

TOLERANCES: tuple[tuple[float, float], ...] = ((0.03, 1e-4), (0.012, 5e-6), (0.008, 5e-7), (0.0, 1e-7))
"""(least rho, tolerance): well below 0.4 rho^2, the weakest drive of u."""


class Point(NamedTuple):
    """One map of a grid and the measure of its targets. ``tolerance`` 0 stands for the rule by rho.

    ``cuts``: ``even`` cells that fill each piece from end to end, or cuts ``chosen`` by the measure."""

    series: str
    measure: "MeasureName | OwnMeasure"
    dimension: int
    depth: int
    rho: float
    shrink: float
    stretch: float
    tolerance: float
    cuts: Cuts = "even"

    @property
    def measure_name(self) -> str:
        """The measure's name."""
        return self.measure.name if isinstance(self.measure, OwnMeasure) else self.measure

    @property
    def rhos(self) -> tuple[float, ...]:
        """The splitting parameter of every stage: ``rho_n = rho shrink^(n-1)``."""
        return tuple(self.rho * self.shrink**n for n in range(self.depth))

    @property
    def local_tolerance(self) -> float:
        """The tolerance of a step, by the smallest rho where none is given."""
        return self.tolerance or next(tol for least, tol in TOLERANCES if min(self.rhos) >= least)


class Grid(Model):
    """A grid of maps and measures; ``series`` says what it is for."""

    series: SeriesName
    measure: tuple[AnyMeasure, ...] = ("uniform",)
    cuts: Cuts = "even"
    dimension: tuple[int, ...] = Field(default=(3,), min_length=1)
    depth: tuple[int, ...] = Field(default=(3,), min_length=1)
    rho: tuple[float, ...] = Field(default=(0.05,), min_length=1)
    shrink: tuple[float, ...] = (1.0,)
    stretch: tuple[float, ...] = (6.0,)
    tolerance: tuple[float, ...] = (0.0,)

    @model_validator(mode="after")
    def _in_range(self) -> "Grid":
        if len(self.dimension) != len(self.depth) and 1 not in (len(self.dimension), len(self.depth)):
            raise ValueError("dimension and depth go together: lists of equal length, or one of them a single value")
        if min(self.dimension) < 3:
            raise ValueError("dimension must be at least 3: at d = 2 two parameters learn everything")
        if not (min(self.depth) >= 1 and max(self.depth) <= 40):
            raise ValueError("depth must lie between 1 and 40")
        if not (min(self.rho) > 0 and max(self.rho) <= 0.15):
            raise ValueError("rho must lie in (0, 0.15]: larger ones leave no room for the fingers")
        if min(self.shrink) <= 0 or min(self.stretch) <= 0 or min(self.tolerance) < 0:
            raise ValueError("shrink and stretch must be positive, tolerance not negative")
        for measure in self.measure:
            if not isinstance(measure, OwnMeasure):
                continue
            known = measure.dimension()
            if known is not None and set(self.dimension) != {known}:
                raise ValueError(f"the samples of {measure.name!r} have {known} coordinates: set dimension: [{known}]")
        return self

    def points(self) -> tuple[Point, ...]:
        """The maps of the grid, in order."""
        pairs = max(len(self.dimension), len(self.depth))
        dimensions = self.dimension * (pairs if len(self.dimension) == 1 else 1)
        depths = self.depth * (pairs if len(self.depth) == 1 else 1)
        shapes = list(zip(dimensions, depths, strict=True))
        axes = product(self.measure, shapes, self.rho, self.shrink, self.stretch, self.tolerance)
        return tuple(Point(self.series, m, d, n, r, s, k, t, self.cuts) for m, (d, n), r, s, k, t in axes)


class Maps(Model):
    """Several grids, the mass that root boxes of unbounded measures must hold, and the samples for mu(F0)."""

    grids: tuple[Grid, ...] = Field(min_length=1)
    mass: float = Field(default=0.992, gt=0, lt=1)
    samples: int = Field(default=100_000, ge=1000)

    def points(self) -> tuple[Point, ...]:
        """The maps of all grids, in order."""
        return tuple(point for grid in self.grids for point in grid.points())


class HierarchicalSetting(Setting):
    """Gradient flow of hierarchical maps to random targets, one target a seed."""

    target: Maps
    max_steps: int = Field(default=40_000, ge=100)
