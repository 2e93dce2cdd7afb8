"""The law test: engines with and without the dimension give the same distribution.

Kolmogorov-Smirnov on at least eight statistics and means within 4.5 standard errors, for each of the cases below.
With Bonferroni over all KS tests the false-alarm rate of this file is 1% for KS (ALPHA / number of tests) and below
0.1% for the means; seeds are fixed.
"""

import math

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

from learnability.hermite.activations import RELU, hermite_series
from learnability.sgd.chain import decoupled_engine, large_batch_engine, random_chain
from learnability.sgd.full import full_engine, full_step, network_state, random_directions, settle
from learnability.sgd.loop import run
from learnability.sgd.overlap import gram, overlap_engine, random_overlaps
from learnability.sgd.problem import TwoLayerProblem
from learnability.sgd.single_sample import block_step, single_sample_engine

CUBIC = hermite_series([0, 0, 0, 1.0])
ALPHA = 0.01
CASES = [  # loss, spherical, batch, activation, bias rate and second-layer rate, step size
    ("squared", True, 16, CUBIC, 0.0, 2.0),
    ("squared", True, 2, CUBIC, 0.0, 0.5),
    ("squared", False, 16, RELU, 0.5, 0.2),
    ("squared", False, 3, RELU, 0.5, 0.05),
    ("correlation", True, 16, RELU, 0.0, 0.5),
    ("correlation", True, 2, RELU, 0.0, 0.1),
    ("correlation", False, 16, RELU, 0.0, 0.1),
]
DIMENSION, NEURONS, TASKS, STEPS, REPLICAS = 20, 4, 2, 40, 2500
TESTS = 12 * len(CASES) + 8 * 3
# Slanted tasks, so that the tasks' Gram matrix is part of the test.
DIRECTIONS = torch.zeros(TASKS, DIMENSION, dtype=torch.float64)
DIRECTIONS[0, 0] = 1
DIRECTIONS[1, 0], DIRECTIONS[1, 1] = 0.3, math.sqrt(1 - 0.09)
SECOND = torch.tensor([1.0, -1.0, 1.0, 0.5], dtype=torch.float64)
BIAS = torch.tensor([-1.0, 0.3, 0.0, 0.7], dtype=torch.float64)


def label(task_projections: torch.Tensor) -> torch.Tensor:
    return CUBIC.value(task_projections).sum(-1) / math.sqrt(TASKS)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def marginal(observed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Statistics of one neuron at a time: the law that the decoupled chain promises."""
    alignment = observed["alignment"][-1]
    found = {f"alignment {j}{m}": alignment[:, j, m] for j, m in ((0, 0), (1, 1), (2, 0), (3, 1))}
    found |= {f"largest alignment of {j}": np.abs(alignment[:, j]).max(-1) for j in (0, 3)}
    return found | {f"squared norm of {j}": observed["squared_norm"][-1][:, j] for j in (0, 1)}


def joint(observed: dict[str, np.ndarray], overlaps: np.ndarray) -> dict[str, np.ndarray]:
    alignment = observed["alignment"][-1]
    return {
        "sum of alignments": alignment.sum((1, 2)),
        "product of two neurons": alignment[:, 0, 0] * alignment[:, 1, 0],
        "overlap of two neurons": overlaps[:, 0, 1],
        "overlap of two others": overlaps[:, 2, 3],
        "second layer": observed["second_layer"][-1].sum(1),
        "bias": observed["bias"][-1][:, 0],
    }


def weights_start() -> torch.Tensor:
    return random_directions((REPLICAS, NEURONS, DIMENSION), generator(11), torch.float64)


def run_full(problem, batch, step_size):
    engine = full_engine(problem, DIRECTIONS, batch)
    result = run(engine, network_state(weights_start(), SECOND, BIAS), [STEPS], step_size, generator(1))
    return result.observed, (result.state.weights @ result.state.weights.mT).numpy()


def run_overlap(problem, batch, step_size):
    state = random_overlaps(REPLICAS, SECOND, BIAS, TASKS, DIMENSION, generator(12))
    result = run(overlap_engine(problem, DIRECTIONS, batch, DIMENSION), state, [STEPS], step_size, generator(2))
    return result.observed, gram(result.state).numpy()


def run_chain(problem, batch, step_size):
    state = random_chain(REPLICAS, SECOND, BIAS, TASKS, DIMENSION, generator(13))
    result = run(decoupled_engine(problem, DIRECTIONS, batch, DIMENSION), state, [STEPS], step_size, generator(3))
    return result.observed, None


def assert_same_law(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    moving = [name for name in first if np.ptp(first[name]) > 1e-9]
    assert len(moving) >= 5
    for name in moving:
        x, y = first[name], second[name]
        assert ks_2samp(x, y).pvalue > ALPHA / TESTS, name
        spread = math.sqrt(x.var() / len(x) + y.var() / len(y))
        assert abs(x.mean() - y.mean()) < 4.5 * spread, name


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c[0]}-{'sphere' if c[1] else 'free'}-batch{c[2]}")
def test_engines_have_the_same_law(case):
    loss, spherical, batch, activation, rate, size = case
    problem = TwoLayerProblem(
        label, activation, loss, spherical, label_noise=0.3, second_layer_rate=rate, bias_rate=rate
    )

    def step_size(n):
        return np.full(len(n), size)

    full, full_overlaps = run_full(problem, batch, step_size)
    chain, chain_overlaps = run_overlap(problem, batch, step_size)
    assert np.ptp(full["alignment"][-1] - weights_start().numpy()[:, :, :TASKS]) > 0.05
    assert_same_law(marginal(full) | joint(full, full_overlaps), marginal(chain) | joint(chain, chain_overlaps))
    if loss == "correlation":
        assert_same_law(marginal(full), marginal(run_chain(problem, batch, step_size)[0]))


def test_the_law_test_sees_a_wrong_dimension():
    """A chain with one dimension in five missing is told apart: the test has power."""
    problem = TwoLayerProblem(label, RELU)
    state = random_chain(REPLICAS, SECOND, BIAS, TASKS, DIMENSION - 4, generator(13))
    wrong = run(
        decoupled_engine(problem, DIRECTIONS, 2, DIMENSION - 4), state, [STEPS], lambda n: 0.1 + 0 * n, generator(3)
    )
    full, _ = run_full(problem, 2, lambda n: 0.1 + 0 * n)
    with pytest.raises(AssertionError):
        assert_same_law(marginal(full), marginal(wrong.observed))


def test_blocks_of_single_samples_are_the_plain_loop():
    """Same generator, same samples: the block recursion and K steps of batch one agree to rounding."""
    g = generator(5)
    state = network_state(
        random_directions((3, 6, 12), g, torch.float64), torch.randn(3, 6, generator=g), torch.randn(6, generator=g)
    )
    directions = torch.eye(2, 12, dtype=torch.float64)
    x = torch.randn(3, 40, 12, generator=g, dtype=torch.float64)
    sizes = torch.linspace(0.2, 0.01, 40, dtype=torch.float64)
    for spherical in (True, False):
        problem = TwoLayerProblem(label, RELU, "correlation", spherical)
        y = label(x[..., :2])
        plain = state
        for k in range(40):
            plain = full_step(problem, plain, x[:, k : k + 1], y[:, k : k + 1], sizes[k])
        engine = single_sample_engine(problem, directions, 40)
        blocked = engine.settle(block_step(problem, state, x, y, sizes))
        torch.testing.assert_close(blocked.weights, settle(plain).weights, rtol=1e-11, atol=1e-11)


def test_matched_batches_follow_the_exact_chain():
    """Mean and spread of a neuron after 40 steps of 512 samples, of which 64 are drawn, against all 512 drawn.

    Means within 4.5 standard errors and standard deviations within 8% (their standard error is 1.4%), 16
    comparisons: false-alarm rate below 0.1%.
    """
    problem = TwoLayerProblem(label, RELU)
    teacher = np.tile([0, 0, 0, 1.0], (TASKS, 1))
    exact = decoupled_engine(problem, DIRECTIONS, 512, DIMENSION)
    matched = large_batch_engine(problem, DIRECTIONS, teacher, 512, 64, DIMENSION, SECOND, BIAS)
    results = []
    for engine, seed in ((exact, 1), (matched, 2)):
        state = random_chain(1, SECOND, BIAS, TASKS, DIMENSION, generator(13))
        state = type(state)(*(tensor.expand(REPLICAS, *tensor.shape[1:]) for tensor in state))
        found = run(engine, state, [STEPS], lambda n: 0.1 + 0 * n, generator(seed)).observed["alignment"][-1]
        results.append(found.reshape(REPLICAS, -1))
    x, y = results
    assert (np.abs(x.mean(0) - y.mean(0)) < 4.5 * np.sqrt((x.var(0) + y.var(0)) / REPLICAS)).all()
    np.testing.assert_allclose(x.std(0), y.std(0), rtol=0.08)
