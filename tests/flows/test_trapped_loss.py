"""The trapped part of the loss against Monte Carlo and against the whole loss."""

import numpy as np
import pytest
import torch

from learnability.flows.mean_field import MeanFieldFlow, MeanFieldProblem
from learnability.flows.trapped_loss import TrappedLoss
from learnability.hermite.basis import evaluate
from learnability.hermite.target_language import parse


def _random_state(n: int, p: int) -> torch.Tensor:
    rng = np.random.default_rng(0)
    state = np.column_stack([rng.uniform(-1, 1, n), rng.uniform(0.8, 1.1, n), 0.5 * rng.standard_normal((n, p))])
    return torch.as_tensor(state)[None]


def test_against_sampling() -> None:
    """20 particles whose outer parts are orthogonal (d = infinity), one million samples of z; five standard errors.

    The mean over z_S is taken exactly: of the sine by its closed form, of h by leaving out its terms in z_S.
    """
    h, free = parse("z1 + z1*z2*z3 + He2(z1)"), parse("z1 + He2(z1)", 3)
    n, rng = 20, np.random.default_rng(1)
    state = _random_state(n, 3)
    flow = MeanFieldFlow(MeanFieldProblem([h], np.array([np.inf])), torch.full((n,), 1 / n, dtype=torch.float64))
    projector = torch.diag(torch.tensor([0.0, 1.0, 1.0], dtype=torch.float64))[None]
    floor = torch.tensor([0.5], dtype=torch.float64)
    found = float(TrappedLoss(flow, projector, floor)(state, torch.tensor([0]))[0])
    a, r, w = (part.numpy() for part in (state[0, :, 0], state[0, :, 1], state[0, :, 2:]))
    samples = 0.0
    squares, count = 0.0, 20
    for _ in range(count):
        z, g = rng.standard_normal((50_000, 3)), rng.standard_normal((50_000, n))
        outer = g * r
        whole = np.sin(z @ w.T + outer + np.pi / 4) @ a / n
        mean = (np.exp(-0.5 * (w[:, 1:] ** 2).sum(1)) * np.sin(z[:, :1] @ w[:, :1].T + outer + np.pi / 4)) @ a / n
        value = 0.5 * ((evaluate(h, z) - whole - evaluate(free, z) + mean) ** 2).mean()
        samples += value / count
        squares += value**2 / count
    error = np.sqrt((squares - samples**2) / count)
    # A finite network has the pairs of a particle with itself, whose outer parts are not orthogonal.
    own = (a / n) ** 2 * np.exp(-((w**2).sum(1) + r**2))
    kernel = np.exp((w**2).sum(1)) - np.exp(w[:, 0] ** 2)
    surplus = 0.25 * (own * kernel * (np.exp(r**2) - 1)).sum()
    assert abs(found + surplus - samples) < 5 * error


@pytest.mark.parametrize("dimension", [16.0, 64.0, np.inf])
def test_everything_trapped_is_the_whole_loss(dimension: float) -> None:
    """For z1 z2 and S everything: the loss less the part that is constant in z, here E[f^2]-like terms of w = 0."""
    h = parse("z1*z2")
    state = _random_state(12, 2)
    flow = MeanFieldFlow(MeanFieldProblem([h], np.array([dimension])), torch.full((12,), 1 / 12, dtype=torch.float64))
    index = torch.tensor([0])
    whole = float(flow(state, index)[1][0])
    projector = torch.eye(2, dtype=torch.float64)[None]
    held = float(TrappedLoss(flow, projector, torch.tensor([0.5], dtype=torch.float64))(state, index)[0])
    assert held < whole  # E_S f is what the loss has more
    nothing = TrappedLoss(flow, 0 * projector, torch.tensor([0.0], dtype=torch.float64))(state, index)
    assert float(nothing[0]) == pytest.approx(0, abs=1e-15)


def test_no_weight_on_the_subspace_gives_the_floor() -> None:
    h = parse("z1 + z1*z2*z3")
    state = _random_state(9, 3)
    state[..., 3:] = 0
    flow = MeanFieldFlow(MeanFieldProblem([h], np.array([32.0])), torch.full((9,), 1 / 9, dtype=torch.float64))
    projector = torch.diag(torch.tensor([0.0, 1.0, 1.0], dtype=torch.float64))[None]
    held = TrappedLoss(flow, projector, torch.tensor([0.5], dtype=torch.float64))(state, torch.tensor([0]))
    assert float(held[0]) == pytest.approx(0.5, abs=1e-14)
