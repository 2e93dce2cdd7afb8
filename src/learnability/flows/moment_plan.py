"""Which moments a truncated expansion of ``e^{w.w'} sum_l c_l (r r')^{2l}`` keeps, and how its monomials hang together.

Monomials split into those of the first half of the coordinates (rows) and those of the others and of r^2 (columns), so
the moments are a matrix. Level l keeps all monomials of w up to the degree K_l: a column that has used up part of K_l
meets the rows of what is left.
"""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
MultiIndex = tuple[int, ...]


@lru_cache(maxsize=256)
def graded_indices(variables: int, degree: int) -> tuple[MultiIndex, ...]:
    """Multi-indices up to a degree, lower degrees first."""
    if variables == 0:
        return ((),)
    found = [index for index in product(range(degree + 1), repeat=variables) if sum(index) <= degree]
    return tuple(sorted(found, key=lambda index: (sum(index), index[::-1])))


def _parents(indices: list[MultiIndex]) -> tuple[Integers, Integers]:
    """For each index the place of one with a power less, and the coordinate of that power; the first has none."""
    place = {index: i for i, index in enumerate(indices)}
    parent, coordinate = np.zeros(len(indices), dtype=np.int64), np.zeros(len(indices), dtype=np.int64)
    for i, index in enumerate(indices[1:], start=1):
        c = next(c for c, k in enumerate(index) if k)
        parent[i], coordinate[i] = place[(*index[:c], index[c] - 1, *index[c + 1 :])], c
    return parent, coordinate


@dataclass(frozen=True)
class Raised:
    """Pairs of monomials that differ by one power of a coordinate: places (higher, lower) and the higher power.

    Coordinate c has the pairs ``starts[c]`` to ``starts[c + 1]``.
    """

    starts: Integers
    higher: Integers
    lower: Integers
    power: Array

    def of(self, coordinate: int) -> tuple[Integers, Integers, Array]:
        """The pairs of one coordinate."""
        part = slice(self.starts[coordinate], self.starts[coordinate + 1])
        return self.higher[part], self.lower[part], self.power[part]

    def arrays(self) -> tuple[Integers, Integers, Integers, Array]:
        """For compiled loops."""
        return self.starts, self.higher, self.lower, self.power


def _raised(indices: list[MultiIndex], coordinates: int) -> Raised:
    place = {index: i for i, index in enumerate(indices)}
    starts, found = [0], []
    for c in range(coordinates):
        found += [(i, place[(*b[:c], b[c] - 1, *b[c + 1 :])], float(b[c])) for i, b in enumerate(indices) if b[c]]
        starts.append(len(found))
    table = np.array(found).reshape(-1, 3)
    higher, lower = (np.ascontiguousarray(table[:, i]).astype(np.int64) for i in (0, 1))
    return Raised(np.array(starts, dtype=np.int64), higher, lower, np.ascontiguousarray(table[:, 2]))


@dataclass(frozen=True)
class MomentPlan:
    """The monomials of ``variables`` coordinates up to ``degrees`` (K_0 >= K_1 >= ...), one degree a level.

    ``rows`` are multi-indices of the first ``head`` coordinates by degree, ``columns`` of the others with the level
    appended, sorted by the degree that they leave: row i meets the first ``counts[i]`` columns.
    """

    variables: int
    degrees: tuple[int, ...]
    rows: tuple[MultiIndex, ...]
    columns: tuple[MultiIndex, ...]
    counts: Integers

    @property
    def head(self) -> int:
        """How many coordinates the rows have."""
        return -(-self.variables // 2)

    @property
    def size(self) -> int:
        """The number of moments."""
        return int(self.counts.sum())

    @cached_property
    def level(self) -> Integers:
        """The level of each column."""
        return np.array([column[-1] for column in self.columns], dtype=np.int64)

    @cached_property
    def inverse_factorials(self) -> Array:
        """``1 / alpha!`` of each moment, (rows, columns)."""
        row, column = (
            np.array([1 / math.prod(map(math.factorial, b)) for b in group])
            for group in (self.rows, [column[:-1] for column in self.columns])
        )
        return np.outer(row, column)

    @cached_property
    def signs(self) -> Array:
        """``(-1)^{|alpha|}`` of each moment, (rows, columns)."""
        row, column = (
            np.array([(-1.0) ** sum(b) for b in group])
            for group in (self.rows, [column[:-1] for column in self.columns])
        )
        return np.outer(row, column)

    @cached_property
    def parents(self) -> tuple[tuple[Integers, Integers], tuple[Integers, Integers]]:
        """How rows and columns grow from one another; r^2 is the last coordinate of the columns."""
        return _parents(list(self.rows)), _parents(list(self.columns))

    @cached_property
    def raised(self) -> tuple[Raised, Raised]:
        """Derivatives along the coordinates of the rows, and along those of the columns."""
        return _raised(list(self.rows), self.head), _raised(list(self.columns), self.variables - self.head)


@lru_cache(maxsize=512)
def moment_plan(variables: int, degrees: tuple[int, ...]) -> MomentPlan:
    """The plan for these degrees, which must not increase from level to level."""
    head = -(-variables // 2)
    rows = graded_indices(head, degrees[0])
    tails = graded_indices(variables - head, degrees[0])
    left = {(*b, level): k - sum(b) for (level, k), b in product(enumerate(degrees), tails) if sum(b) <= k}
    columns = sorted(left, key=lambda column: (-left[column], column[-1], column))
    remaining = -np.array([left[column] for column in columns])
    counts = np.searchsorted(remaining, [-sum(row) for row in rows], side="right")
    return MomentPlan(variables, degrees, rows, tuple(columns), counts.astype(np.int64))


@lru_cache(maxsize=4096)
def moment_count(variables: int, degrees: tuple[int, ...]) -> int:
    """The number of moments of a plan, without making it."""
    return sum(math.comb(k + variables, variables) for k in degrees)
