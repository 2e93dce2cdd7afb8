"""Rosenbrock tables and one step: order conditions, order by slope, stability, refusal of wrong tables."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor

from learnability.flows.rosenbrock import RODAS4, ROS23, Tableau, combine, inverse, step_stages

TABLES = [RODAS4, ROS23]


@pytest.mark.parametrize("tableau", TABLES, ids=lambda t: t.name)
def test_order_conditions_and_l_stability(tableau: Tableau) -> None:
    assert max(map(abs, tableau.order_residuals(tableau.weights, tableau.order))) < 1e-13
    assert abs(tableau.stability_at_infinity()) < 1e-13


@pytest.mark.parametrize("tableau", TABLES, ids=lambda t: t.name)
@pytest.mark.parametrize("what", ["weights", "argument", "coupling", "gamma", "error"])
def test_a_wrong_coefficient_is_refused(tableau: Tableau, what: str) -> None:
    value = getattr(tableau, what)
    if what == "gamma":
        wrong = value * 1.001
    elif what in ("weights", "error"):
        wrong = (value[0] + 1e-3, *value[1:])
    else:
        wrong = (value[0], (value[1][0] + 1e-3,), *value[2:])
    with pytest.raises(ValueError, match="order"):
        dataclasses.replace(tableau, **{what: wrong})


def test_a_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="stages"):
        dataclasses.replace(RODAS4, error=RODAS4.error[1:])


def _pendulum(y: Tensor) -> Tensor:
    return torch.stack([y[1], -torch.sin(y[0]) - 0.3 * y[1] ** 2 * y[0]])


def _integrate(tableau: Tableau, steps: int) -> Tensor:
    y = torch.tensor([[1.0, 0.4], [0.2, -1.0]], dtype=torch.float64)
    h = torch.full((2,), 2.0 / steps, dtype=torch.float64)
    jacobian = torch.func.vmap(torch.func.jacfwd(_pendulum), in_dims=1, out_dims=2)
    for _ in range(steps):
        stages = step_stages(tableau, _pendulum, y, _pendulum(y), jacobian(y), h)
        y = y + combine(tableau.weights, stages)
    return y


@pytest.mark.parametrize("tableau", TABLES, ids=lambda t: t.name)
def test_order_by_slope(tableau: Tableau) -> None:
    reference = _integrate(RODAS4, 500)
    steps = np.array([60, 120])
    errors = [float((_integrate(tableau, int(n)) - reference).abs().max()) for n in steps]
    slope = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(tableau.order, abs=0.2)


def test_continuous_solution_is_of_third_order() -> None:
    y = torch.tensor([[1.0], [0.2]], dtype=torch.float64)
    jacobian = torch.func.vmap(torch.func.jacfwd(_pendulum), in_dims=1, out_dims=2)
    errors = []
    for h in (0.2, 0.1, 0.05):
        step = torch.full((1,), h, dtype=torch.float64)
        stages = step_stages(RODAS4, _pendulum, y, _pendulum(y), jacobian(y), step)
        inner = y + combine(tuple(RODAS4.dense_weights(0.4)), stages)
        exact = y
        for _ in range(8):
            part = step * 0.4 / 8
            exact = exact + combine(
                RODAS4.weights, step_stages(RODAS4, _pendulum, exact, _pendulum(exact), jacobian(exact), part)
            )
        errors.append(float((inner - exact).abs().max()))
    # a continuous solution of order 3 has a local error of order 4
    assert np.polyfit(np.log([0.2, 0.1, 0.05]), np.log(errors), 1)[0] == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_inverse(n: int) -> None:
    a = torch.randn(n, n, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    product = torch.einsum("ijb,jkb->ikb", inverse(a), a)
    torch.testing.assert_close(product, torch.eye(n, dtype=torch.float64)[:, :, None].expand(n, n, 5))
