"""The compiled ReLU passes against the torch steps on the same numbers, and the normal numbers against their law."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from learnability.sgd import chain as decoupled_sgd
from learnability.sgd import normal_numbers
from learnability.sgd import full as online_sgd
from learnability.sgd.compiled import steps as relu_steps
from learnability.sgd.compiled import sampled as sampled_steps
from learnability.sgd.chain import chain_step, own, random_chain
from learnability.sgd.matched_chain import large_batch_engine
from learnability.sgd.normal_numbers import SEGMENT, normal_samples, standard_normal
from learnability.sgd.full import full_engine, full_step, network_state, random_directions, settle
from learnability.sgd.compiled.steps import Batches
from learnability.sgd.problem import TwoLayerProblem
from learnability.compiled import threads as threads_module
from learnability.hermite.activations import RELU
from learnability.compiled.blas import one_blas_thread
from learnability.compiled.threads import together

# The same function under another identity: the torch steps do not know it for a ReLU.
PLAIN = replace(RELU, name="relu by torch")


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
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(
    ("replicas", "threads", "unit"), [(3, 1, 1024), (3, 1, 2), (3, 2, 1024), (1, 2, 1024), (1, 3, 2)]
)
def test_steps_of_a_network_are_the_torch_steps(loss, spherical, shared, replicas, threads, unit, monkeypatch):
    """Replicas whole or cut into units of neurons and tiles of samples, on threads that share units of one replica,
    data shared or not; from the second step on the scales are not one."""
    monkeypatch.setattr(relu_steps, "_UNIT", unit)
    monkeypatch.setattr(relu_steps, "TILE", 4 if unit == 2 else 512)
    problem = TwoLayerProblem(label, RELU, loss, spherical, second_layer_rate=0.7, bias_rate=0.3, output_scale=0.5)
    sets = 1 if shared else replicas
    x = torch.randn(4, sets, 11, 7, generator=generator(1), dtype=torch.float64)
    y = torch.randn(4, sets, 11, generator=generator(2), dtype=torch.float64)
    sizes = torch.linspace(0.3, 0.1, 4, dtype=torch.float64)
    plain = random_state(replicas, 5, 7)
    compiled = type(plain)(*(t.clone() for t in plain))
    for k in range(4):
        here = x[k].expand(replicas, -1, -1), y[k].expand(replicas, -1)
        plain = full_step(replace(problem, activation=PLAIN), plain, *here, sizes[k])
    steps = relu_steps.NetworkSteps(problem, compiled, 11, threads)
    with one_blas_thread():
        together(lambda thread, counters: steps.share(thread, x, y, sizes, counters), threads)
    for expected, found in zip(settle(plain), settle(compiled), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)


def advanced(activation, loss, batch, by_replica, monkeypatch, threads, entries):
    """Five steps of the full engine from one generator, and the generator's state after them."""
    for module in (sampled_steps, normal_numbers):
        monkeypatch.setattr(module, "threads_for", lambda work: threads)
    monkeypatch.setattr(online_sgd, "_DRAWN_ENTRIES", entries)
    directions = torch.randn((2, 3, 40) if by_replica else (3, 40), generator=generator(2), dtype=torch.float64)
    engine = full_engine(TwoLayerProblem(label, activation, loss, label_noise=0.1), directions, batch)
    numbers = generator(6)
    state = engine.advance(random_state(2, 5, 40), torch.linspace(0.3, 0.1, 5, dtype=torch.float64), numbers)
    return engine.settle(state).weights, numbers.get_state()


@pytest.mark.parametrize("loss", ["correlation", "squared"])
@pytest.mark.parametrize("by_replica", [True, False])
@pytest.mark.parametrize("batch", [5, 40], ids=["torch's numbers", "our numbers"])
def test_threads_that_draw_and_step_together_do_what_one_does(loss, by_replica, batch, monkeypatch):
    """Groups of one step draw in the order of the torch path; two groups and a part of one are those of one thread."""
    rest = loss, batch, by_replica, monkeypatch
    for entries, reference in ((0, advanced(PLAIN, *rest, 1, 0)), (2 * 2 * batch * 40, None)):
        alone = advanced(RELU, *rest, 1, entries)
        for expected, found in zip(reference or alone, alone, strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)
        for expected, found in zip(alone, advanced(RELU, *rest, 3, entries), strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)


def test_a_label_that_fails_is_what_is_raised(monkeypatch):
    def broken(t):
        raise ZeroDivisionError("no label")

    monkeypatch.setattr(sampled_steps, "threads_for", lambda work: 2)
    engine = full_engine(TwoLayerProblem(broken, RELU), torch.eye(3, 40, dtype=torch.float64), 100)
    with pytest.raises(ZeroDivisionError, match="no label"):
        engine.advance(random_state(1, 5, 40), torch.ones(3, dtype=torch.float64), generator(0))


def test_rows_that_grow_stay_in_range():
    """Huge steps, settled after each by torch and never here: the rows grow to 1e60, and in float32 out of range."""
    problem = TwoLayerProblem(label, RELU)
    x = torch.randn(150, 1, 11, 7, generator=generator(1), dtype=torch.float64)
    y, sizes = torch.ones(150, 1, 11, dtype=torch.float64), torch.full((150,), 1e3, dtype=torch.float64)
    plain = random_state(1, 5, 7)._replace(bias=torch.ones(1, 5, dtype=torch.float64))
    double, single = (type(plain)(*(t.to(dtype, copy=True) for t in plain)) for dtype in (torch.float64, torch.float32))
    for k in range(150):
        plain = settle(full_step(replace(problem, activation=PLAIN), plain, x[k], y[k], sizes[k]))
    counter = np.zeros(1, np.int64)
    for state in (double, single):
        numbers = (t.to(state.weights.dtype) for t in (x, y, sizes))
        relu_steps.NetworkSteps(problem, state, 11, 1).share(0, *numbers, counter)
    torch.testing.assert_close(settle(double).weights, plain.weights, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(settle(single).weights.norm(dim=-1), torch.ones(1, 5))


@pytest.mark.parametrize("spherical", [True, False])
@pytest.mark.parametrize("threads", [1, 2])
def test_single_samples_are_steps_of_batch_one(spherical, threads, monkeypatch):
    """100 neurons are two strips, 7 axes end inside a group of four; threads share the strips."""
    monkeypatch.setattr(threads_module, "WORTH_A_THREAD", 0)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    problem = TwoLayerProblem(label, RELU, "correlation", spherical)
    state = random_state(2, 100, 7)
    x = torch.randn(2, 9, 7, generator=generator(1), dtype=torch.float64)
    y, sizes = label(x[..., :2]), torch.linspace(0.2, 0.01, 9, dtype=torch.float64)
    weights = state.weights.clone()
    relu_steps.sample_steps(problem, (weights, state.second_layer, state.bias), x, y, sizes)
    for k in range(9):
        state = full_step(replace(problem, activation=PLAIN), state, x[:, k : k + 1], y[:, k : k + 1], sizes[k])
    torch.testing.assert_close(weights, settle(state).weights, rtol=1e-12, atol=1e-12)


def drawn_for_chain(steps: int, replicas: int = 3, neurons: int = 5, tasks: int = 4, batch: int = 13) -> Batches:
    g, shapes = generator(3), ((tasks, batch), (neurons, batch), (batch,))
    numbers = [torch.randn(steps, replicas, *shape, generator=g, dtype=torch.float64) for shape in shapes]
    chi = 25 + torch.rand(steps, replicas, neurons, generator=g, dtype=torch.float64)
    return Batches(*numbers, chi)


@pytest.mark.parametrize("spherical", [True, False])
@pytest.mark.parametrize("threads", [1, 2])
def test_chain_steps_are_the_torch_steps(spherical, threads, monkeypatch):
    monkeypatch.setattr(threads_module, "threads_for", lambda work: threads)
    problem, one = TwoLayerProblem(label, RELU, "correlation", spherical), torch.ones(5, dtype=torch.float64)
    plain = random_chain(3, one, 0.2 * one, 4, 30, generator(4))
    compiled, drawn, sizes = own(plain), drawn_for_chain(4), torch.linspace(0.4, 0.2, 4, dtype=torch.float64)
    for k in range(4):
        plain = chain_step(problem, plain, *drawn.step(k), sizes[k])
    relu_steps.chain_steps(problem, compiled, drawn, sizes)
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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_normal_numbers_have_the_normal_law(dtype):
    """Moments, Kolmogorov-Smirnov, tails to 4.5, neighbours and partners of a pass uncorrelated: 16 comparisons at
    4.5 standard errors and one p-value above 1e-4 for each dtype; false-alarm rate below 0.05%, fixed seed."""
    count = 1 << 20
    x = standard_normal((count,), torch.empty(0, dtype=dtype), generator(0)).double().numpy()
    assert stats.kstest(x, "norm").pvalue > 1e-4
    error = 4.5 / np.sqrt(count)
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((x**power).mean() - moment) < error * np.sqrt(variance), power
    for bound in (2.0, 3.0, 4.0, 4.5):
        expected = 2 * count * stats.norm.sf(bound)
        assert abs((np.abs(x) > bound).sum() - expected) < 4.5 * np.sqrt(expected), bound
    for lag in (1, 16, 256, 1 << 16):
        assert abs((x[:-lag] * x[lag:]).mean()) < error, lag
        assert abs((x[:-lag] ** 2 * x[lag:] ** 2).mean() - 1) < error * np.sqrt(8), lag


def test_normal_numbers_come_from_the_state_of_the_generator():
    like, first = torch.empty(0), generator(1)
    standard_normal((5000,), like, first)
    again = generator(2)
    again.set_state(first.get_state())
    a, b = (standard_normal((5000,), like, g) for g in (first, again))
    assert torch.equal(a, b)
    c = standard_normal((5000,), like, first)
    assert abs(np.corrcoef(a, c)[0, 1]) < 4.5 / np.sqrt(5000)


def test_normal_numbers_do_not_depend_on_threads(monkeypatch):
    """Segments have streams of their own; the first one is that of a short call, and no two are alike."""
    count = 3 * SEGMENT + 1000
    alone = standard_normal((count,), torch.empty(0), generator(1))
    short = standard_normal((5000,), torch.empty(0), generator(1))
    monkeypatch.setattr(threads_module, "threads_for", lambda work: 2)
    shared = standard_normal((count,), torch.empty(0), generator(1))
    assert torch.equal(alone, shared)
    assert torch.equal(alone[:5000], short)
    assert not torch.isin(alone[SEGMENT : 2 * SEGMENT], alone[:SEGMENT]).float().mean() > 0.1


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("directions", [(4, 70), (2, 4, 70)], ids=["shared", "by replica"])
def test_samples_come_with_their_projections(threads, directions, monkeypatch):
    for module in (normal_numbers, threads_module):
        monkeypatch.setattr(module, "threads_for", lambda work: threads)
    v = torch.randn(directions, generator=generator(2), dtype=torch.float64)
    x = torch.empty(3, 2, 700, 70, dtype=torch.float64)
    projections = normal_samples(x, v, generator(1))
    assert torch.equal(x, standard_normal(x.shape, x, generator(1)))
    torch.testing.assert_close(projections, x @ v.mT, rtol=1e-12, atol=1e-12)
