"""Empirical descent: gradient against autodiff, the kernel limit, descent of the loss."""

import math

import pytest
import torch

from learnability.flows.two_timescale import Features, descend, profile_loss, retract
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


@pytest.mark.parametrize("search", [False, True])
def test_descent_lowers_the_loss_and_stays_on_the_manifold(search: bool) -> None:
    x, y, w = data(2, count=200)
    features = Features(2, 3, 0.8)

    def objective(weights: torch.Tensor, active: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return profile_loss(features, 0.3, x[active], y[active], weights)

    before, _ = objective(w, torch.arange(2))
    end, status, taken = descend(objective, w, 0.2, 300, search)
    after, gradient = objective(end, torch.arange(2))
    assert (after < before).all()
    torch.testing.assert_close(end.mT @ end, torch.eye(2, dtype=torch.float64).expand(2, 2, 2))
    for b in range(2):
        still = float(gradient[b].norm()) <= 1e-6
        assert (int(status[b]) == int(Status.CONVERGED)) == still
        assert int(taken[b]) <= 300


def test_retraction_keeps_directions() -> None:
    w = torch.tensor([[[2.0, 0.0], [0.0, -3.0], [0.0, 0.0]]], dtype=torch.float64)
    torch.testing.assert_close(retract(w), w / w.abs().amax(dim=1, keepdim=True))
