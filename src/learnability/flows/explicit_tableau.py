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


def order_defects(
    matrix: np.ndarray, weights: np.ndarray, order: int, theta: float = 1.0
) -> Iterator[tuple[Tree, float]]:
    """Each order condition ``sum_i b_i Phi_i(tree) = theta^{|tree|} / gamma(tree)`` up to ``order`` with its defect.

    Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, theorem II.2.13; section II.6 for ``theta``, the
    part of the step after which the state is wanted.
    """
    for size in range(1, order + 1):
        for tree in rooted_trees(size):
            yield tree, float(weights @ _stage_weights(tree, matrix)) - theta**size / _density(tree)


@dataclass(frozen=True)
class ExplicitTableau:
    """Butcher table of an embedded pair whose last stage is the first of the next step, with a continuous extension.

    ``matrix`` (stages, stages) strictly lower triangular, ``weights`` of the result (order ``order``),
    ``embedded`` of the error estimate (order ``embedded_order``), ``dense`` (stages, powers) of the state in between,
    ``y(t + theta h) = y(t) + h sum_i k_i sum_j dense[i, j] theta^{j + 1}``, order ``dense_order`` for every theta.
    Raises ValueError where a condition fails.
    """

    name: str
    order: int
    embedded_order: int
    matrix: np.ndarray
    weights: np.ndarray
    embedded: np.ndarray
    dense: np.ndarray
    dense_order: int

    def __post_init__(self) -> None:
        if np.any(np.triu(self.matrix)):
            raise ValueError(f"{self.name}: the table is not explicit")
        if not np.allclose(self.matrix[-1], self.weights, rtol=0, atol=1e-15):
            raise ValueError(f"{self.name}: the last stage is not the result of the step")
        for weights, order in ((self.weights, self.order), (self.embedded, self.embedded_order)):
            for tree, defect in order_defects(self.matrix, weights, order):
                if abs(defect) > 1e-13:
                    raise ValueError(f"{self.name}: order condition of {tree} fails by {defect:.1e}")
        if not np.allclose(self.weights_at(1.0), self.weights, rtol=0, atol=1e-13):
            raise ValueError(f"{self.name}: the continuous extension does not end in the result of the step")
        for theta in (0.2, 0.5, 0.9):
            for tree, defect in order_defects(self.matrix, self.weights_at(theta), self.dense_order, theta):
                if abs(defect) > 1e-13:
                    raise ValueError(f"{self.name}: continuous order condition of {tree} fails by {defect:.1e}")

    def weights_at(self, theta: float) -> np.ndarray:
        """Weights of the state at the part ``theta`` of a step."""
        return np.asarray(self.dense @ theta ** np.arange(1, self.dense.shape[1] + 1))

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

# Shampine 1986, Some practical Runge-Kutta formulas: the free interpolant of order four.
_DP_DENSE = np.array(
    [
        [1.0, -8048581381 / 2820520608, 8663915743 / 2820520608, -12715105075 / 11282082432],
        [0.0, 0.0, 0.0, 0.0],
        [0.0, 131558114200 / 32700410799, -68118460800 / 10900136933, 87487479700 / 32700410799],
        [0.0, -1754552775 / 470086768, 14199869525 / 1410260304, -10690763975 / 1880347072],
        [0.0, 127303824393 / 49829197408, -318862633887 / 49829197408, 701980252875 / 199316789632],
        [0.0, -282668133 / 205662961, 2019193451 / 616988883, -1453857185 / 822651844],
        [0.0, 40617522 / 29380423, -110615467 / 29380423, 69997945 / 29380423],
    ]
)

#: Dormand and Prince 1980, the 5(4) pair with seven stages.
DORMAND_PRINCE = ExplicitTableau(
    "Dormand-Prince 5(4)",
    5,
    4,
    _lower(_DP_ROWS),
    np.array([*_DP_ROWS[6], 0.0]),
    np.array([5179 / 57600, 0.0, 7571 / 16695, 393 / 640, -92097 / 339200, 187 / 2100, 1 / 40]),
    _DP_DENSE,
    4,
)

#: Bogacki and Shampine 1989, the 3(2) pair with four stages; in between the cubic Hermite interpolant.
BOGACKI_SHAMPINE = ExplicitTableau(
    "Bogacki-Shampine 3(2)",
    3,
    2,
    _lower([[], [1 / 2], [0.0, 3 / 4], [2 / 9, 1 / 3, 4 / 9]]),
    np.array([2 / 9, 1 / 3, 4 / 9, 0.0]),
    np.array([7 / 24, 1 / 4, 1 / 3, 1 / 8]),
    np.array([[1.0, -4 / 3, 5 / 9], [0.0, 1.0, -2 / 3], [0.0, 4 / 3, -8 / 9], [0.0, -1.0, 1.0]]),
    3,
)
