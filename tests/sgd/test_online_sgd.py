"""The full engine: its step against autograd, its loop against interruption, divergence and bad input."""

import math

import numpy as np
import pytest
import torch

from learnability.hermite.activations import RELU, hermite_series, smooth
from learnability.results.status import Status
from learnability.sgd import full as online_sgd
from learnability.sgd.full import full_engine, full_step, network_state, random_directions
from learnability.sgd.loop import run, saved_steps
from learnability.sgd.problem import TwoLayerProblem
from tests.doubles import Interrupted, MemoryCheckpoint

SINE = smooth("sine", lambda x: torch.sin(x + math.pi / 4), lambda x: torch.cos(x + math.pi / 4))
CUBIC = hermite_series([0, 0, 0, 1.0])


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def label(task_projections: torch.Tensor) -> torch.Tensor:
    return CUBIC.value(task_projections).sum(-1) / math.sqrt(task_projections.shape[-1])


def random_state(replicas: int, neurons: int, dimension: int, seed: int = 0) -> online_sgd.NetworkState:
    g = generator(seed)
    weights = random_directions((replicas, neurons, dimension), g, torch.float64)
    second = torch.randn(replicas, neurons, generator=g, dtype=torch.float64)
    bias = torch.randn(replicas, neurons, generator=g, dtype=torch.float64)
    return network_state(weights, second, bias)


@pytest.mark.parametrize("loss", ["correlation", "squared"])
@pytest.mark.parametrize("spherical", [True, False])
@pytest.mark.parametrize("tile", [1, 1 << 16])
@pytest.mark.parametrize("activation", [SINE, RELU])
def test_a_step_is_the_autograd_step(loss, spherical, tile, activation, monkeypatch):
    monkeypatch.setattr(online_sgd, "_TILE_ENTRIES", tile)
    monkeypatch.setattr(online_sgd, "row_tiles", _small_tiles if tile == 1 else online_sgd.row_tiles)
    problem = TwoLayerProblem(
        label, activation, loss, spherical=spherical, second_layer_rate=0.7, bias_rate=0.3, output_scale=0.5
    )
    replicas, neurons, dimension, batch = 3, 5, 7, 11
    state = random_state(replicas, neurons, dimension)
    x = torch.randn(replicas, batch, dimension, generator=generator(1), dtype=torch.float64)
    y = torch.randn(replicas, batch, generator=generator(2), dtype=torch.float64)
    eta = 0.1
    w, a, b = (t.clone().requires_grad_() for t in (state.weights, state.second_layer, state.bias))
    f = 0.5 * (activation.value(x @ w.mT + b[:, None]) * a[:, None]).sum(-1)
    total = (-(y * f) if loss == "correlation" else (y - f) ** 2 / 2).mean(1).sum() / 0.5
    gw, ga, gb = torch.autograd.grad(total, (w, a, b))
    if spherical:
        gw = gw - w * (w * gw).sum(-1, keepdim=True)
    expected = (w - eta * gw).detach()
    if spherical:
        expected = expected / expected.norm(dim=-1, keepdim=True)
    new = online_sgd.settle(full_step(problem, state, x, y, torch.tensor(eta, dtype=torch.float64)))
    torch.testing.assert_close(new.weights, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(new.second_layer, (a - 0.7 * eta * ga).detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(new.bias, (b - 0.3 * eta * gb).detach(), rtol=1e-12, atol=1e-12)


def _small_tiles(batch_size, width, device):
    return [slice(start, min(start + 4, batch_size)) for start in range(0, batch_size, 4)]


def test_a_resumed_run_gives_the_same_bytes():
    engine = full_engine(TwoLayerProblem(label, RELU), torch.eye(2, 6, dtype=torch.float64), batch_size=4)
    steps = saved_steps(500, 7)

    def start(checkpoint=None):
        return run(engine, random_state(2, 3, 6), steps, lambda n: 0.01 / (1 + n), generator(3), checkpoint=checkpoint)

    whole, checkpoint = start(), MemoryCheckpoint(stop_after=4)
    with pytest.raises(Interrupted):
        start(checkpoint)
    resumed = start(checkpoint)
    for name, values in whole.observed.items():
        np.testing.assert_array_equal(values, resumed.observed[name])
    assert (whole.status == Status.REACHED_END).all()
    assert np.allclose(whole.observed["squared_norm"], 1)


def test_a_diverged_replica_is_recorded_and_leaves_the_others_alone():
    problem = TwoLayerProblem(label, CUBIC, "squared", spherical=False)
    engine = full_engine(problem, torch.eye(2, 6, dtype=torch.float64), batch_size=4)
    state = random_state(3, 3, 6)
    state = state._replace(weights=state.weights * torch.tensor([1.0, 30.0, 1.0])[:, None, None])
    result = run(engine, state, [0, 10, 200], lambda n: np.full(len(n), 1e-3), generator(0))
    assert result.status.tolist() == [Status.REACHED_END, Status.DIVERGED, Status.REACHED_END]
    assert 0 < result.diverged_at[1] <= 64
    assert np.isfinite(result.observed["alignment"][0]).all()
    assert np.isnan(result.observed["alignment"][-1, 1]).all()
    assert np.isfinite(result.observed["alignment"][-1, [0, 2]]).all()


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="batch_size"):
        full_engine(TwoLayerProblem(label, RELU), torch.eye(2, 6), 0)
    with pytest.raises(ValueError, match="loss"):
        TwoLayerProblem(label, RELU, "hinge")  # type: ignore[arg-type]
    engine = full_engine(TwoLayerProblem(label, RELU), torch.eye(2, 6), 1)
    with pytest.raises(ValueError, match="must increase"):
        run(engine, random_state(1, 1, 6), [0, 5, 5], np.ones_like, generator(0))


def test_saved_steps_are_whole_blocks():
    steps = saved_steps(1000, 20, block=16)
    assert steps[0] == 0
    assert (steps % 16 == 0).all()
    assert steps[-1] == 1008
