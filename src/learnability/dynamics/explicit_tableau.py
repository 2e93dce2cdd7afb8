"""Explicit embedded Runge-Kutta tables that check their own order when they are built."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

Tree = tuple["Tree", ...]


@cache
def rooted_trees(order: int) -> tuple[Tree, ...]:
    """All rooted trees with ``order`` nodes, each a sorted tuple of its subtrees."""
    if order == 1:
        return ((),)
    forests: set[Tree] = set()
    for first in range(1, order):
        for branch in rooted_trees(first):
            for rest in rooted_trees(order - first):
                forests.add(tuple(sorted((branch, *rest))))
    return tuple(sorted(forests))


def _size(tree: Tree) -> int:
    return 1 + sum(_size(branch) for branch in tree)


def _density(tree: Tree) -> int:
    product = _size(tree)
    for branch in tree:
        product *= _density(branch)
    return product


def _stage_weights(tree: Tree, matrix: np.ndarray) -> np.ndarray:
    weights = np.ones(len(matrix))
    for branch in tree:
        weights = weights * (matrix @ _stage_weights(branch, matrix))
    return weights


def order_defects(matrix: np.ndarray, weights: np.ndarray, order: int) -> Iterator[tuple[Tree, float]]:
    """Each order condition ``sum_i b_i Phi_i(tree) = 1 / gamma(tree)`` up to ``order`` with its defect.

    Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, theorem II.2.13.
    """
    for size in range(1, order + 1):
        for tree in rooted_trees(size):
            yield tree, float(weights @ _stage_weights(tree, matrix)) - 1.0 / _density(tree)


@dataclass(frozen=True)
class ExplicitTableau:
    """Butcher table of an embedded pair whose last stage is the first of the next step.

    ``matrix`` (stages, stages) strictly lower triangular, ``weights`` of the result (order ``order``),
    ``embedded`` of the error estimate (order ``embedded_order``). Raises ValueError where a condition fails.
    """

    name: str
    order: int
    embedded_order: int
    matrix: np.ndarray
    weights: np.ndarray
    embedded: np.ndarray

    def __post_init__(self) -> None:
        if np.any(np.triu(self.matrix)):
            raise ValueError(f"{self.name}: the table is not explicit")
        if not np.allclose(self.matrix[-1], self.weights, rtol=0, atol=1e-15):
            raise ValueError(f"{self.name}: the last stage is not the result of the step")
        for weights, order in ((self.weights, self.order), (self.embedded, self.embedded_order)):
            for tree, defect in order_defects(self.matrix, weights, order):
                if abs(defect) > 1e-13:
                    raise ValueError(f"{self.name}: order condition of {tree} fails by {defect:.1e}")

    @property
    def stages(self) -> int:
        """Number of stages."""
        return len(self.weights)


def _lower(rows: list[list[float]]) -> np.ndarray:
    matrix = np.zeros((len(rows), len(rows)))
    for i, row in enumerate(rows):
        matrix[i, : len(row)] = row
    return matrix


_DP_ROWS = [
    [],
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
]

#: Dormand and Prince 1980, the 5(4) pair with seven stages.
DORMAND_PRINCE = ExplicitTableau(
    "Dormand-Prince 5(4)",
    5,
    4,
    _lower(_DP_ROWS),
    np.array([*_DP_ROWS[6], 0.0]),
    np.array([5179 / 57600, 0.0, 7571 / 16695, 393 / 640, -92097 / 339200, 187 / 2100, 1 / 40]),
)

#: Bogacki and Shampine 1989, the 3(2) pair with four stages.
BOGACKI_SHAMPINE = ExplicitTableau(
    "Bogacki-Shampine 3(2)",
    3,
    2,
    _lower([[], [1 / 2], [0.0, 3 / 4], [2 / 9, 1 / 3, 4 / 9]]),
    np.array([2 / 9, 1 / 3, 4 / 9, 0.0]),
    np.array([7 / 24, 1 / 4, 1 / 3, 1 / 8]),
)
