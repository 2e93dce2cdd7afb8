"""Rosenbrock methods for stiff autonomous systems ``dy/dt = f(y)``: their tables, checked when built, and one step.

In the transformed variables ``U_i = sum_j gamma_ij k_j`` (Hairer and Wanner, Solving Ordinary Differential
Equations II, section IV.7) a step of size h solves, for i = 1..s, with one matrix and no product with the Jacobian J,

    (I/(gamma h) - J) U_i = f(y + sum_{j<i} a_ij U_j) + sum_{j<i} c_ij/h U_j,
    y1 = y + sum_i m_i U_i,     local error = sum_i e_i U_i,
    y(t + theta h) = y + sum_i [theta m_i + theta (1 - theta) (d2_i + theta d3_i)] U_i.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]
Rows = tuple[tuple[float, ...], ...]


def _lower(rows: Rows) -> Array:
    matrix = np.zeros((len(rows), len(rows)))
    for i, row in enumerate(rows):
        matrix[i, : len(row)] = row
    return matrix


@dataclass(frozen=True)
class Tableau:
    """A Rosenbrock method in transformed form. Building one checks its order conditions.

    ``argument`` and ``coupling`` are the strictly lower triangles a and c, row i having i entries; ``weights`` is m,
    ``error`` e, ``dense`` the pair (d2, d3) or empty. ``order``, ``embedded_order`` and ``dense_order`` are
    what is claimed of the solution, of the solution minus ``error`` and of the interpolation; a table that
    does not keep them to ``1e-8`` raises ValueError.
    """

    name: str
    gamma: float
    argument: Rows
    coupling: Rows
    weights: tuple[float, ...]
    error: tuple[float, ...]
    order: int
    embedded_order: int
    dense: Rows = ()
    dense_order: int = 0

    def __post_init__(self) -> None:
        stages = len(self.weights)
        lengths = [len(row) for row in self.argument], [len(row) for row in self.coupling]
        if lengths != (list(range(stages)), list(range(stages))) or len(self.error) != stages:
            raise ValueError(f"{self.name}: the coefficients do not belong to {stages} stages")
        claims = [("the solution", self.weights, self.order, 1.0)]
        embedded = tuple(m - e for m, e in zip(self.weights, self.error, strict=True))
        claims.append(("the embedded solution", embedded, self.embedded_order, 1.0))
        if self.dense:
            claims += [
                (f"the interpolation at {theta}", tuple(self.dense_weights(theta)), self.dense_order, theta)
                for theta in (0.25, 0.6, 0.9)
            ]
        for what, weights, order, theta in claims:
            worst = max(abs(r) for r in self.order_residuals(weights, order, theta))
            if worst > 1e-8:
                raise ValueError(f"{self.name}: {what} is not of order {order} (residual {worst:.1e})")

    @property
    def stages(self) -> int:
        """Number of stages."""
        return len(self.weights)

    def dense_weights(self, theta: float) -> Array:
        """The weights of the interpolation at ``theta`` in [0, 1]."""
        second, third = (np.array(row) for row in self.dense)
        return np.asarray(theta * np.array(self.weights) + theta * (1 - theta) * (second + theta * third))

    def standard_form(self) -> tuple[Array, Array]:
        """(alpha_ij, gamma_ij) of the form with increments k_i; gamma_ii = gamma."""
        gammas: Array = np.linalg.inv(np.eye(self.stages) / self.gamma - _lower(self.coupling)).astype(np.float64)
        return _lower(self.argument) @ gammas, gammas

    def order_residuals(self, weights: tuple[float, ...] | Array, order: int, theta: float = 1.0) -> list[float]:
        """Residuals of the order conditions up to ``order`` <= 4 at ``theta`` (Hairer-Wanner IV.7)."""
        alphas, gammas = self.standard_form()
        b = np.asarray(weights) @ gammas
        betas = alphas + gammas
        alpha, beta = alphas.sum(axis=1), betas.sum(axis=1)
        conditions = [
            (1, b.sum(), theta),
            (2, b @ beta, theta**2 / 2),
            (3, b @ alpha**2, theta**3 / 3),
            (3, b @ betas @ beta, theta**3 / 6),
            (4, b @ alpha**3, theta**4 / 4),
            (4, b @ (alpha * (alphas @ beta)), theta**4 / 8),
            (4, b @ betas @ alpha**2, theta**4 / 12),
            (4, b @ betas @ betas @ beta, theta**4 / 24),
        ]
        return [float(value - wanted) for level, value, wanted in conditions if level <= order]

    def stability_at_infinity(self) -> float:
        """R(infinity) = 1 - b^T (beta_ij)^{-1} 1; zero for an L-stable method."""
        alphas, gammas = self.standard_form()
        b = np.asarray(self.weights) @ gammas
        return float(1 - b @ np.linalg.solve(alphas + gammas, np.ones(self.stages)))


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
"""RODAS of Hairer and Wanner: stiffly accurate, L-stable, six stages, order 4(3)."""

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
"""The modified Rosenbrock pair of Shampine and Reichelt (ode23s): L-stable, three stages, order 2 with a
third-order error."""


def inverse(matrix: Tensor) -> Tensor:
    """Inverses of (n, n, sample) matrices: closed form for n <= 2, else with pivoting; not finite where singular."""
    if matrix.shape[0] == 1:
        return matrix.reciprocal()
    if matrix.shape[0] == 2:
        (a, b), (c, d) = matrix
        return torch.stack([d, -b, -c, a]).div_(a * d - b * c).view_as(matrix)
    return torch.linalg.inv_ex(matrix.permute(2, 0, 1).contiguous())[0].permute(1, 2, 0).contiguous()


def step_stages(
    tableau: Tableau,
    field: Callable[[Tensor], Tensor],
    state: Tensor,
    value: Tensor,
    jacobian: Tensor,
    step: Tensor,
) -> Tensor:
    """The stages U of one step, shape (stage, n, sample), each sample with a step size of its own.

    The sample axis is last, so every operation is a vector operation over samples. ``value = f(state)`` (n, sample),
    ``jacobian[i, j] = df_i/dy_j`` (n, n, sample), ``step`` (sample,).
    """
    n, samples = state.shape
    matrix = -jacobian
    matrix.diagonal(dim1=0, dim2=1).add_((1 / (tableau.gamma * step))[:, None])
    solve = inverse(matrix)
    coefficients = _stage_rows(tableau, state.dtype, state.device)
    stages = torch.empty((tableau.stages, n, samples), dtype=state.dtype, device=state.device)
    flat = stages.view(tableau.stages, n * samples)
    stages[0] = (solve * value).sum(dim=1)
    for i in range(1, tableau.stages):
        argument, coupling = (coefficients[i][:, :i] @ flat[:i]).view(2, n, samples)
        right = field(state + argument) + coupling / step
        stages[i] = (solve * right).sum(dim=1)
    return stages


def combine(weights: tuple[float, ...], stages: Tensor) -> Tensor:
    """``sum_i weights_i U_i``, shape (n, sample); terms with weight zero cost nothing."""
    places = [i for i, w in enumerate(weights) if w]
    if len(places) == 1:
        return stages[places[0]] * weights[places[0]]
    row = constant_row(weights, stages.dtype, stages.device)
    return (row[None] @ stages.view(stages.shape[0], -1)).view(stages.shape[1:])


@lru_cache(maxsize=64)
def constant_row(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """A constant vector, made once: copying it to the device in every step would cost more than using it."""
    return torch.tensor(values, dtype=dtype, device=device)


@lru_cache(maxsize=8)
def _stage_rows(tableau: Tableau, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(stage, 2, stage): the rows of a and c."""
    rows = np.stack([_lower(tableau.argument), _lower(tableau.coupling)], axis=1)
    return torch.tensor(rows, dtype=dtype, device=device)
