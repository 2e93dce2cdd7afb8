"""Tables of Runge-Kutta and Rosenbrock methods, which check their own order when they are built.

Both kinds advance ``dy/dt = f(y)`` by ``y1 = y + sum_i m_i U_i`` with stages U_i. For an explicit Runge-Kutta pair
(``gamma = 0``) they are ``U_i = h f(y + sum_{j<i} a_ij U_j)``. For a Rosenbrock method, which is made for stiff
equations, they solve with one matrix and no product with the Jacobian J (Hairer and Wanner, Solving Ordinary
Differential Equations II, section IV.7):

    (I/(gamma h) - J) U_i = f(y + sum_{j<i} a_ij U_j) + sum_{j<i} c_ij/h U_j.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Row = tuple[float, ...]
Tree = tuple["Tree", ...]
_MOST_DEFECT = 1e-12


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
    return 1 + sum(map(_size, tree))


def _density(tree: Tree) -> int:
    return _size(tree) * math.prod(map(_density, tree))


def _stage_weights(tree: Tree, alphas: Array, betas: Array) -> Array:
    weights = np.ones(len(alphas))
    for branch in tree:
        weights = weights * ((betas if len(tree) == 1 else alphas) @ _stage_weights(branch, alphas, betas))
    return weights


def lower_triangle(rows: tuple[Row, ...]) -> Array:
    """The square matrix whose row i begins with ``rows[i]``."""
    matrix = np.zeros((len(rows), len(rows)))
    for i, row in enumerate(rows):
        matrix[i, : len(row)] = row
    return matrix


@dataclass(frozen=True)
class Tableau:
    """An embedded pair with its continuous extension. Building one checks what it claims, else ValueError.

    ``argument`` and ``coupling`` are the strictly lower triangles a and c, row i having i entries; ``weights`` is m,
    and ``sum_i error_i U_i`` the estimate of the local error. ``order``, ``embedded_order`` and ``dense_order`` are
    claimed of the solution, of the solution minus the error, and of the state between the ends of a step. That is

        y(t + theta h) = y + sum_i U_i sum_j dense[i][j] theta^{j + 1}                              explicit
        y(t + theta h) = y + sum_i U_i [theta m_i + theta (1 - theta) (d2_i + theta d3_i)]          Rosenbrock

    with ``dense`` = (d2, d3). The last stage of an explicit table is the first one of the next step.
    """

    name: str
    argument: tuple[Row, ...]
    weights: Row
    error: Row
    order: int
    embedded_order: int
    dense: tuple[Row, ...]
    dense_order: int
    gamma: float = 0.0
    coupling: tuple[Row, ...] = ()

    def __post_init__(self) -> None:
        lengths = [[len(row) for row in rows] for rows in (self.argument, self.coupling or self.argument)]
        if any(found != list(range(self.stages)) for found in lengths) or len(self.error) != self.stages:
            raise ValueError(f"{self.name}: the coefficients do not belong to {self.stages} stages")
        if not self.gamma and (*self.argument[-1], 0.0) != self.weights:
            raise ValueError(f"{self.name}: the last stage is not the result of the step")
        if not np.allclose(self.weights_at(1.0), self.weights, rtol=0, atol=_MOST_DEFECT):
            raise ValueError(f"{self.name}: the continuous extension does not end in the result of the step")
        claims = [
            ("the solution", np.array(self.weights), self.order, 1.0),
            ("the embedded solution", np.subtract(self.weights, self.error), self.embedded_order, 1.0),
            *((f"the extension at {x}", self.weights_at(x), self.dense_order, x) for x in (0.2, 0.5, 0.9)),
        ]
        for what, weights, order, theta in claims:
            for tree, defect in self.order_defects(weights, order, theta):
                if abs(defect) > _MOST_DEFECT:
                    raise ValueError(f"{self.name}: {what} is not of order {order}: defect {defect:.1e} of {tree}")

    @property
    def stages(self) -> int:
        """Number of stages."""
        return len(self.weights)

    def weights_at(self, theta: float) -> Array:
        """Weights of the state at the part ``theta`` of a step."""
        dense = np.array(self.dense)
        if not self.gamma:
            return np.asarray(dense @ theta ** np.arange(1, dense.shape[1] + 1))
        return np.asarray(theta * np.array(self.weights) + theta * (1 - theta) * (dense[0] + theta * dense[1]))

    def standard_form(self) -> tuple[Array, Array, Array]:
        """(alpha_ij, beta_ij, gamma_ij) of the form with increments k_i, where ``U = (gamma_ij) h k``."""
        argument = lower_triangle(self.argument)
        if not self.gamma:
            return argument, argument, np.eye(self.stages)
        gammas = np.linalg.inv(np.eye(self.stages) / self.gamma - lower_triangle(self.coupling)).astype(np.float64)
        return argument @ gammas, argument @ gammas + gammas, gammas

    def order_defects(self, weights: Row | Array, order: int, theta: float = 1.0) -> Iterator[tuple[Tree, float]]:
        """The defect of ``sum_i b_i Phi_i(tree) = theta^{|tree|} / gamma(tree)`` for each tree up to ``order``.

        An edge of the tree from a node with one branch stands for beta, other edges for alpha: Hairer, Norsett and
        Wanner, Solving Ordinary Differential Equations I, theorem II.2.13, section II.6 for ``theta``; II, section
        IV.7 for Rosenbrock methods.
        """
        alphas, betas, gammas = self.standard_form()
        b = np.asarray(weights) @ gammas
        for size in range(1, order + 1):
            for tree in rooted_trees(size):
                yield tree, float(b @ _stage_weights(tree, alphas, betas)) - theta**size / _density(tree)

    def stability_at_infinity(self) -> float:
        """R(infinity) = 1 - b^T (beta_ij)^{-1} 1 of a Rosenbrock method; zero for an L-stable one."""
        _, betas, gammas = self.standard_form()
        return float(1 - np.asarray(self.weights) @ gammas @ np.linalg.solve(betas, np.ones(self.stages)))


_DP_LAST = (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84)
_DP_EMBEDDED = (5179 / 57600, 0.0, 7571 / 16695, 393 / 640, -92097 / 339200, 187 / 2100, 1 / 40)

DORMAND_PRINCE = Tableau(
    name="Dormand-Prince 5(4)",
    argument=(
        (),
        (1 / 5,),
        (3 / 40, 9 / 40),
        (44 / 45, -56 / 15, 32 / 9),
        (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
        (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
        _DP_LAST,
    ),
    weights=(*_DP_LAST, 0.0),
    error=tuple(b - e for b, e in zip((*_DP_LAST, 0.0), _DP_EMBEDDED, strict=True)),
    order=5,
    embedded_order=4,
    dense=(
        (1.0, -8048581381 / 2820520608, 8663915743 / 2820520608, -12715105075 / 11282082432),
        (0.0, 0.0, 0.0, 0.0),
        (0.0, 131558114200 / 32700410799, -68118460800 / 10900136933, 87487479700 / 32700410799),
        (0.0, -1754552775 / 470086768, 14199869525 / 1410260304, -10690763975 / 1880347072),
        (0.0, 127303824393 / 49829197408, -318862633887 / 49829197408, 701980252875 / 199316789632),
        (0.0, -282668133 / 205662961, 2019193451 / 616988883, -1453857185 / 822651844),
        (0.0, 40617522 / 29380423, -110615467 / 29380423, 69997945 / 29380423),
    ),
    dense_order=4,
)
"""Dormand and Prince 1980: explicit, seven stages; in between the interpolant of Shampine 1986."""

_A5 = (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950)

RODAS4 = Tableau(
    name="RODAS4(3)",
    gamma=0.25,
    argument=(
        (),
        (1.544,),
        (0.9466785280815826, 0.2557011698983284),
        (3.314825187068521, 2.896124015972201, 0.9986419139977817),
        _A5,
        (*_A5, 1.0),
    ),
    coupling=(
        (),
        (-5.6688,),
        (-2.430093356833875, -0.2063599157091915),
        (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
        (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160),
        (8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054),
    ),
    weights=(*_A5, 1.0, 1.0),
    error=(0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
    order=4,
    embedded_order=3,
    dense=(
        (10.12623508344586, -7.487995877610167, -34.80091861555747, -7.992771707568823, 1.025137723295662, 0.0),
        (-0.6762803392806898, 6.087714651680015, 16.43084320892478, 24.76722511418386, -6.594389125716872, 0.0),
    ),
    dense_order=3,
)
"""RODAS of Hairer and Wanner: stiffly accurate, L-stable, six stages."""

_D = 1 / (2 + math.sqrt(2))
_E32 = 6 + math.sqrt(2)

ROS23 = Tableau(
    name="ROS2(3)",
    gamma=_D,
    argument=((), (0.5 / _D,), (1 / _D, 1 / _D)),
    coupling=((), (-1 / _D,), (-2 / _D, -_E32 / _D)),
    weights=(1 / _D, 1 / _D, 0.0),
    error=(-1 / (6 * _D), -(_E32 - 2) / (6 * _D), -1 / (6 * _D)),
    order=2,
    embedded_order=3,
    dense=((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    dense_order=1,
)
"""The modified Rosenbrock pair of Shampine and Reichelt (ode23s): L-stable, three stages, a third-order error."""
