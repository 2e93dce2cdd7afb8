"""The empirical flow: gradient against autodiff, times against SciPy, what its statuses say."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from learnability.flows.two_timescale import Features, follow, profile_loss, retract
from learnability.results.status import Status


def data(r: int, count: int = 40, d: int = 6) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, count, d, dtype=torch.float64, generator=generator)
    w = retract(torch.randn(2, d, r, dtype=torch.float64, generator=generator))
    return x, x[..., 0] ** 2 - x[..., 1], w


@pytest.mark.parametrize("r", [1, 2])
def test_gradient_is_the_projected_derivative_of_the_profile_loss(r: int) -> None:
    x, y, w = data(r)
    features = Features(r, 3, 0.8)

    def loss(weights: torch.Tensor) -> torch.Tensor:
        values, _ = features.values(x @ weights)
        gram = values.mT @ values / x.shape[1] + 0.3 * torch.eye(values.shape[-1], dtype=torch.float64)
        moment = values.mT @ y[..., None] / x.shape[1]
        explained = (moment.mT @ torch.linalg.solve(gram, moment))[:, 0, 0]
        return (y.square().mean(dim=-1) - explained) / 2

    leaf = w.clone().requires_grad_()
    value = loss(leaf)
    (slope,) = torch.autograd.grad(value.sum(), leaf)
    product = w.mT @ slope
    found, gradient = profile_loss(features, 0.3, x, y, w)
    torch.testing.assert_close(found, value.detach())
    torch.testing.assert_close(gradient, slope - w @ (product + product.mT) / 2)


def test_features_count_and_weights() -> None:
    features = Features(2, 3, 0.5)
    assert len(features.indices) == math.comb(5, 2)
    values, _ = features.values(torch.tensor([[0.3, -0.7]], dtype=torch.float64))
    place = features.indices.index((1, 1))
    assert float(values[0, place]) == pytest.approx(0.5 * 0.3 * -0.7)


def test_flow_in_time_against_an_independent_solver() -> None:
    """Times of arrival of the profile loss's gradient flow, by SciPy on the same samples; a few percent are what
    the steps promise."""
    x, y, w = data(1, count=300)
    features = Features(1, 3, 0.8)

    def objective(weights: torch.Tensor, active: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return profile_loss(features, 0.3, x[active], y[active], weights)

    before, _ = objective(w, torch.arange(2))
    goal = 0.9
    ended = follow(objective, w, lambda weights: weights[:, 0, 0].abs() >= goal, 500.0, 2000)
    after, gradient = objective(ended.weights, torch.arange(2))
    assert (after < before).all()
    torch.testing.assert_close(ended.weights.mT @ ended.weights, torch.ones(2, 1, 1, dtype=torch.float64))
    for b in range(2):

        def velocity(_: float, flat: np.ndarray, b: int = b) -> np.ndarray:
            at = torch.from_numpy(flat / np.linalg.norm(flat)).reshape(1, -1, 1)
            return np.asarray(-profile_loss(features, 0.3, x[b : b + 1], y[b : b + 1], at)[1].numpy().ravel())

        def arrival(_: float, flat: np.ndarray) -> float:
            return float(abs(flat[0]) / np.linalg.norm(flat) - goal)

        arrival.terminal = True  # type: ignore[attr-defined]
        exact = solve_ivp(velocity, (0, 500), w[b].numpy().ravel(), rtol=1e-8, atol=1e-10, events=arrival)
        if len(exact.t_events[0]):
            assert int(ended.status[b]) == int(Status.CONVERGED)
            assert float(ended.time[b]) == pytest.approx(exact.t_events[0][0], rel=0.05)
        else:
            assert float(gradient[b].norm()) < 0.01


def test_flow_says_when_it_is_out_of_steps() -> None:
    x, y, w = data(1, count=300)
    features = Features(1, 3, 0.8)
    short = follow(
        lambda weights, active: profile_loss(features, 0.3, x[active], y[active], weights),
        w,
        lambda weights: weights[:, 0, 0].abs() >= 2,
        1e9,
        3,
    )
    assert (short.status == int(Status.MAX_STEPS)).all()
    assert (short.steps == 3).all()


def test_features_of_one_degree_alone() -> None:
    assert Features(1, 3, 0.8, 3).indices == [(0,), (3,)]


def test_retraction_keeps_directions() -> None:
    w = torch.tensor([[[2.0, 0.0], [0.0, -3.0], [0.0, 0.0]]], dtype=torch.float64)
    torch.testing.assert_close(retract(w), w / w.abs().amax(dim=1, keepdim=True))
