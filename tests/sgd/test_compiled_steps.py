"""The compiled passes against the torch steps on the same numbers, and the normal numbers against their law."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from learnability.hermite.activations import RELU, sine
from learnability.sgd import chain as decoupled_sgd
from learnability.sgd import full as online_sgd
from learnability.sgd.chain import chain_step, large_batch_engine, own, random_chain
from learnability.sgd.compiled import full as compiled_full
from learnability.sgd.compiled import sine as compiled_sine
from learnability.sgd.compiled.chain import Batches, chain_steps
from learnability.sgd.compiled.single_sample import sample_steps
from learnability.sgd.full import full_engine, full_step, network_state, random_directions, settle
from learnability.sgd.normal_numbers import normal_samples, standard_normal
from learnability.sgd.problem import TwoLayerProblem

# The same function under another identity: the torch steps do not know it for a ReLU.
PLAIN = replace(RELU, name="relu by torch")


SINE = sine(0.3)
SINE_BY_TORCH = replace(RELU, name="sine by torch", value=SINE.value, derivative=SINE.derivative)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def label(t: torch.Tensor) -> torch.Tensor:
    return t.prod(-1)


def random_state(replicas: int, neurons: int, dimension: int):
    g = generator(0)
    weights = random_directions((replicas, neurons, dimension), g, torch.float64)
    second = torch.randn(replicas, neurons, generator=g, dtype=torch.float64)
    return network_state(weights, second, 0.3 * torch.randn(replicas, neurons, generator=g, dtype=torch.float64))


@pytest.mark.parametrize("loss", ["correlation", "squared"])
@pytest.mark.parametrize("spherical", [True, False])
@pytest.mark.parametrize(("replicas", "unit"), [(3, 1024), (3, 2), (1, 2)])
def test_steps_of_a_network_are_the_torch_steps(loss, spherical, replicas, unit, monkeypatch):
    """Replicas whole or cut into units of neurons and tiles of samples; from the second step on the scales are not
    one."""
    monkeypatch.setattr(compiled_full, "_UNIT", unit)
    monkeypatch.setattr(compiled_full, "_TILE", 4 if unit == 2 else 512)
    problem = TwoLayerProblem(label, RELU, loss, spherical, second_layer_rate=0.7, bias_rate=0.3, output_scale=0.5)
    x = torch.randn(4, replicas, 11, 7, generator=generator(1), dtype=torch.float64)
    y = torch.randn(4, replicas, 11, generator=generator(2), dtype=torch.float64)
    sizes = torch.linspace(0.3, 0.1, 4, dtype=torch.float64)
    plain = random_state(replicas, 5, 7)
    compiled = type(plain)(*(t.clone() for t in plain))
    for k in range(4):
        plain = full_step(replace(problem, activation=PLAIN), plain, x[k], y[k], sizes[k])
    compiled_full.network_steps(problem, compiled, x, y, sizes)
    for expected, found in zip(settle(plain), settle(compiled), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("loss", ["correlation", "squared"])
@pytest.mark.parametrize("entries", [1, 1 << 17], ids=["two whole tiles and a part", "one tile"])
def test_steps_with_a_sine_are_the_torch_steps(loss, entries, monkeypatch):
    monkeypatch.setattr(compiled_sine, "_TILE_ENTRIES", entries)
    problem = TwoLayerProblem(label, SINE, loss, False, second_layer_rate=0.7, bias_rate=0.3, output_scale=0.5)
    x = torch.randn(4, 3, 37, 7, generator=generator(1), dtype=torch.float64)
    y = torch.randn(4, 3, 37, generator=generator(2), dtype=torch.float64)
    sizes = torch.linspace(0.3, 0.1, 4, dtype=torch.float64)
    plain = random_state(3, 5, 7)
    compiled = type(plain)(*(t.clone() for t in plain))
    for k in range(4):
        plain = full_step(replace(problem, activation=SINE_BY_TORCH), plain, x[k], y[k], sizes[k])
    compiled_sine.sine_steps(problem, compiled, x, y.clone(), sizes)
    for expected, found in zip(plain, compiled, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)


def test_a_full_engine_with_a_sine_steps_as_torch_does():
    """Through the engine, which the labels' noise and the state that was passed in must survive."""
    directions = torch.randn(3, 40, generator=generator(2), dtype=torch.float64)
    start = random_state(2, 5, 40)
    kept = start.weights.clone()

    def advanced(activation):
        engine = full_engine(TwoLayerProblem(label, activation, "squared", False, 0.1), directions, 5)
        return engine.advance(start, torch.linspace(0.3, 0.1, 1, dtype=torch.float64), generator(6))

    torch.testing.assert_close(advanced(SINE).weights, advanced(SINE_BY_TORCH).weights, rtol=1e-12, atol=1e-13)
    assert torch.equal(start.weights, kept)


@pytest.mark.parametrize("size", [1.0, 30.0, 1e5])
def test_the_compiled_sine_and_cosine_are_numpys(size):
    """NumPy's are within an ulp; every quarter of a turn and its edges are met. Infinities and NaN give NaN."""
    x = np.concatenate([np.linspace(-size, size, 100_001), np.arange(-9, 10) * np.pi / 4, [np.inf, np.nan]])
    cosine, wave = x - 0.25, np.empty_like(x)
    compiled_sine._sine_and_cosine(cosine, 0.25, wave)
    shifted = (x - 0.25) + 0.25
    with np.errstate(invalid="ignore"):
        for found, expected in ((wave, np.sin(shifted)), (cosine, np.cos(shifted))):
            np.testing.assert_allclose(found, expected, rtol=0, atol=3e-16)


@pytest.mark.parametrize("loss", ["correlation", "squared"])
@pytest.mark.parametrize("by_replica", [True, False])
@pytest.mark.parametrize("batch", [5, 40], ids=["torch's numbers", "our numbers"])
def test_the_full_engine_draws_and_steps_as_torch_does(loss, by_replica, batch, monkeypatch):
    """Five steps from one generator and the generator's state after them. Groups of one step draw in the order of the
    torch path; two groups and a part of one leave the generator where it should be."""
    directions = torch.randn((2, 3, 40) if by_replica else (3, 40), generator=generator(2), dtype=torch.float64)

    def advanced(activation, entries):
        monkeypatch.setattr(online_sgd, "_DRAWN_ENTRIES", entries)
        engine = full_engine(TwoLayerProblem(label, activation, loss, label_noise=0.1), directions, batch)
        numbers = generator(6)
        state = engine.advance(random_state(2, 5, 40), torch.linspace(0.3, 0.1, 5, dtype=torch.float64), numbers)
        return engine.settle(state).weights, numbers.get_state()

    for expected, found in zip(advanced(PLAIN, 0), advanced(RELU, 0), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)
    weights, _ = advanced(RELU, 2 * 2 * batch * 40)
    torch.testing.assert_close(weights.norm(dim=-1), torch.ones(2, 5, dtype=torch.float64))


def test_rows_that_grow_stay_in_range():
    """Huge steps, settled after each by torch and never here: the rows grow to 1e60, and in float32 out of range."""
    problem = TwoLayerProblem(label, RELU)
    x = torch.randn(150, 1, 11, 7, generator=generator(1), dtype=torch.float64)
    y, sizes = torch.ones(150, 1, 11, dtype=torch.float64), torch.full((150,), 1e3, dtype=torch.float64)
    plain = random_state(1, 5, 7)._replace(bias=torch.ones(1, 5, dtype=torch.float64))
    double, single = (type(plain)(*(t.to(dtype, copy=True) for t in plain)) for dtype in (torch.float64, torch.float32))
    for k in range(150):
        plain = settle(full_step(replace(problem, activation=PLAIN), plain, x[k], y[k], sizes[k]))
    for state in (double, single):
        compiled_full.network_steps(problem, state, *(t.to(state.weights.dtype) for t in (x, y, sizes)))
    torch.testing.assert_close(settle(double).weights, plain.weights, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(settle(single).weights.norm(dim=-1), torch.ones(1, 5))


@pytest.mark.parametrize("spherical", [True, False])
def test_single_samples_are_steps_of_batch_one(spherical):
    """100 neurons are two strips, 7 axes end inside a group of four."""
    problem = TwoLayerProblem(label, RELU, "correlation", spherical)
    state = random_state(2, 100, 7)
    x = torch.randn(2, 9, 7, generator=generator(1), dtype=torch.float64)
    y, sizes = label(x[..., :2]), torch.linspace(0.2, 0.01, 9, dtype=torch.float64)
    weights = state.weights.clone()
    sample_steps(problem, (weights, state.second_layer, state.bias), x, y, sizes)
    for k in range(9):
        state = full_step(replace(problem, activation=PLAIN), state, x[:, k : k + 1], y[:, k : k + 1], sizes[k])
    torch.testing.assert_close(weights, settle(state).weights, rtol=1e-12, atol=1e-12)


def drawn_for_chain(steps: int, replicas: int = 3, neurons: int = 5, tasks: int = 4, batch: int = 13) -> Batches:
    g, shapes = generator(3), ((tasks, batch), (neurons, batch), (batch,))
    numbers = [torch.randn(steps, replicas, *shape, generator=g, dtype=torch.float64) for shape in shapes]
    chi = 25 + torch.rand(steps, replicas, neurons, generator=g, dtype=torch.float64)
    return Batches(*numbers, chi)


@pytest.mark.parametrize("spherical", [True, False])
def test_chain_steps_are_the_torch_steps(spherical):
    problem, one = TwoLayerProblem(label, RELU, "correlation", spherical), torch.ones(5, dtype=torch.float64)
    plain = random_chain(3, one, 0.2 * one, 4, 30, generator(4))
    compiled, drawn, sizes = own(plain), drawn_for_chain(4), torch.linspace(0.4, 0.2, 4, dtype=torch.float64)
    for k in range(4):
        plain = chain_step(problem, plain, *drawn.step(k), sizes[k])
    chain_steps(problem, compiled, drawn, sizes)
    for a, b in zip(plain, compiled, strict=True):
        torch.testing.assert_close(b, a, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("correlated", [True, False])
def test_matched_steps_are_the_torch_steps(correlated, monkeypatch):
    """The engine on the same generator, once compiled and once by torch; tasks with and without overlaps."""
    monkeypatch.setattr(decoupled_sgd, "_DRAWN_ENTRIES", 0)  # groups of one step draw in the order of the torch path
    one = torch.linspace(0.5, 1.5, 5, dtype=torch.float64)
    directions = torch.eye(4, dtype=torch.float64) + (0.2 if correlated else 0.0)
    directions = directions / directions.norm(dim=1, keepdim=True)
    teacher = torch.randn(4, 4, generator=generator(5), dtype=torch.float64).numpy()

    def advanced(activation):
        problem = TwoLayerProblem(label, activation)
        engine = large_batch_engine(problem, directions, teacher, 1000, 13, 30, one, 0.2 * one)
        state = random_chain(3, one, 0.2 * one, 4, 30, generator(4))
        return engine.advance(state, torch.linspace(0.4, 0.2, 4, dtype=torch.float64), generator(6))

    for a, b in zip(advanced(PLAIN), advanced(RELU), strict=True):
        torch.testing.assert_close(b, a, rtol=1e-12, atol=1e-12)


def test_normal_numbers_come_from_the_state_of_the_generator():
    like, first = torch.empty(0), generator(1)
    standard_normal((5000,), like, first)
    again = generator(2)
    again.set_state(first.get_state())
    a, b = (standard_normal((5000,), like, g) for g in (first, again))
    assert torch.equal(a, b)
    c = standard_normal((5000,), like, first)
    assert abs(np.corrcoef(a, c)[0, 1]) < 4.5 / np.sqrt(5000)


@pytest.mark.parametrize("directions", [(4, 70), (2, 4, 70)], ids=["shared", "by replica"])
def test_samples_come_with_their_projections(directions):
    v = torch.randn(directions, generator=generator(2), dtype=torch.float64)
    x = torch.empty(3, 2, 700, 70, dtype=torch.float64)
    projections = normal_samples(x, v, generator(1))
    assert torch.equal(x, standard_normal(x.shape, x, generator(1)))
    torch.testing.assert_close(projections, x @ v.mT, rtol=1e-12, atol=1e-12)
