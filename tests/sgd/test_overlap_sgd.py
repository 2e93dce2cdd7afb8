"""The overlap engine where it could break: collapsed neurons, small batches, rebuilt weights, bad input."""

import math

import numpy as np
import pytest
import torch

from learnability.hermite.activations import RELU, hermite_series
from learnability.sgd import chain as decoupled_sgd
from learnability.sgd import overlap as overlap_sgd
from learnability.sgd.full import full_step, network_state, settle
from learnability.sgd.loop import run
from learnability.sgd.overlap import gram, overlap_engine, overlap_state, random_overlaps
from learnability.sgd.problem import TwoLayerProblem

CUBIC = hermite_series([0, 0, 0, 1.0])
ONE = torch.ones(1, dtype=torch.float64)


def label(t: torch.Tensor) -> torch.Tensor:
    return CUBIC.value(t).sum(-1) / math.sqrt(t.shape[-1])


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_bartlett_is_the_lower_factor_of_a_normal_matrix():
    """E L L^T = n I, and the determinant's log mean is that of a Wishart matrix; standard errors at 20000 draws."""
    rows, columns = 4, 6
    factor = overlap_sgd.bartlett(rows, columns, 20000, ONE, generator(0))
    wishart = (factor @ factor.mT).numpy()
    np.testing.assert_allclose(wishart.mean(0), columns * np.eye(rows), atol=0.12)
    expected = sum(
        torch.special.digamma(torch.tensor((columns - i) / 2, dtype=torch.float64)).item() + math.log(2)
        for i in range(rows)
    )
    assert abs(np.linalg.slogdet(wishart)[1].mean() - expected) < 0.06


def test_bartlett_of_a_matrix_with_few_columns_is_trapezoidal():
    factor = overlap_sgd.bartlett(5, 2, 3, ONE, generator(0))
    assert factor.shape == (3, 5, 2)
    assert np.linalg.matrix_rank((factor @ factor.mT).numpy()).tolist() == [2, 2, 2]


@pytest.mark.parametrize("batch", [1, 3, 20])
def test_collapsed_neurons_stay_collapsed_and_finite(batch):
    """Equal neurons have a singular Gram matrix; they see the same gradient and stay equal."""
    width, tasks, dimension = 6, 2, 30
    weights = torch.randn(2, 1, dimension, generator=generator(0), dtype=torch.float64).expand(-1, width, -1)
    weights = weights / weights.norm(dim=-1, keepdim=True)
    directions = torch.eye(tasks, dimension, dtype=torch.float64)
    state = overlap_state(weights, directions, ONE.expand(width), ONE.expand(width) * 0)
    problem = TwoLayerProblem(label, CUBIC, "squared")
    engine = overlap_engine(problem, directions, batch, dimension)
    result = run(engine, state, [60], lambda n: np.full(len(n), 0.05), generator(1))
    assert (result.status == 0).all()
    np.testing.assert_allclose(gram(result.state).numpy(), 1.0, atol=1e-9)


def test_a_step_is_the_full_step_on_the_same_batch():
    """With the batch in hand the overlaps after a step are those of the full weights: no law, equality."""
    width, tasks, dimension, batch = 4, 2, 11, 3
    g = generator(3)
    weights = torch.randn(2, width, dimension, generator=g, dtype=torch.float64)
    weights = weights / weights.norm(dim=-1, keepdim=True)
    directions = torch.randn(tasks, dimension, generator=g, dtype=torch.float64)
    directions = directions / directions.norm(dim=-1, keepdim=True)
    second = torch.randn(width, generator=g, dtype=torch.float64)
    problem = TwoLayerProblem(label, RELU, "squared", second_layer_rate=0.5, bias_rate=0.5)
    x = torch.randn(2, batch, dimension, generator=g, dtype=torch.float64)
    y = label(x @ directions.mT)
    size = torch.tensor(0.3, dtype=torch.float64)
    full = settle(full_step(problem, network_state(weights, second, 0.1 * second), x, y, size))
    state = overlap_state(weights, directions, second, 0.1 * second)
    # The frame behind the state's coordinates: E spans the tasks, the rest comes from the same QR.
    basis = torch.linalg.qr(directions.mT)[0]
    outside = weights - weights @ basis @ basis.mT
    complement = torch.linalg.qr(outside.mT)[0]
    frame = torch.cat([basis.expand(2, -1, -1), complement], -1)
    z = x @ frame
    beyond = x - z @ frame.mT
    preactivations = z @ state.coordinates.mT + state.bias[:, None]
    slopes = overlap_sgd.learning_signal(problem, preactivations, y, state.second_layer).slopes
    orthogonal = torch.linalg.qr(slopes * state.second_layer[:, None])[0]
    rows = orthogonal.mT @ beyond
    lower = torch.linalg.qr(rows.mT, mode="r")[1].mT
    new = overlap_sgd.overlap_step(problem, state, z, y, lower, size)
    torch.testing.assert_close(gram(new), full.weights @ full.weights.mT, rtol=1e-10, atol=1e-12)
    factor = decoupled_sgd.task_factor(directions)
    torch.testing.assert_close(
        overlap_sgd.observe(new, factor)["alignment"], full.weights @ directions.mT, rtol=1e-10, atol=1e-12
    )
    torch.testing.assert_close(new.second_layer, full.second_layer)


def test_rebuilt_weights_have_the_overlaps_of_the_state():
    width, tasks, dimension = 5, 3, 40
    g = generator(0)
    directions = torch.linalg.cholesky(torch.full((tasks, tasks), 0.2) + 0.8 * torch.eye(tasks)).double()
    state = random_overlaps(2, ONE.expand(width), ONE.expand(width), tasks, dimension, g)
    basis = torch.eye(tasks, dimension, dtype=torch.float64)
    weights = overlap_sgd.rebuild_weights(state, basis, g)
    torch.testing.assert_close(weights @ weights.mT, gram(state), rtol=1e-12, atol=1e-12)
    observed = overlap_sgd.observe(state, directions)["alignment"]
    padded = torch.nn.functional.pad(directions, (0, dimension - tasks))
    torch.testing.assert_close(weights @ padded.mT, observed, rtol=1e-12, atol=1e-12)
    again = overlap_state(weights, padded, ONE.expand(width), ONE.expand(width))
    torch.testing.assert_close(gram(again), gram(state), rtol=1e-12, atol=1e-12)


def test_rebuilt_chain_weights_have_the_alignments_of_the_state():
    g = generator(0)
    state = decoupled_sgd.random_chain(2, ONE.expand(5), ONE.expand(5), 3, 40, g)
    basis = torch.eye(3, 40, dtype=torch.float64)
    weights = decoupled_sgd.rebuild_weights(state, basis, g)
    torch.testing.assert_close(weights[..., :3], state.frame)
    torch.testing.assert_close(weights.norm(dim=-1), torch.ones(2, 5, dtype=torch.float64))


def test_impossible_combinations_are_named():
    problem = TwoLayerProblem(label, RELU, "squared")
    with pytest.raises(ValueError, match="dimension >= tasks"):
        random_overlaps(1, ONE.expand(5), ONE.expand(5), 2, 6, generator(0))
    with pytest.raises(ValueError, match="correlation loss"):
        decoupled_sgd.decoupled_engine(problem, torch.eye(2), 4, 20)
    with pytest.raises(ValueError, match="too small"):
        decoupled_sgd.decoupled_engine(TwoLayerProblem(label, RELU), torch.eye(2), 4, 3)
