"""Moments against the full Hermite tensors, term by term."""

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from learnability.estimators import kernel, reuse, stepwise
from learnability.estimators.moments import (
    complement,
    leading,
    partial_trace,
    smallest_cosine,
    u_statistic,
)
from learnability.hermite.basis import hermite_columns


def hermite_tensor(x: np.ndarray, degree: int) -> np.ndarray:
    """``He_degree(x)`` (d, ..., d) from products of the one-dimensional polynomials."""
    d = len(x)
    columns = [[c * math.sqrt(math.factorial(k)) for k, c in enumerate(hermite_columns(v, degree))] for v in x]
    tensor = np.empty((d,) * degree)
    for place in itertools.product(range(d), repeat=degree):
        tensor[place] = math.prod(columns[i][place.count(i)] for i in range(d))
    return tensor


@pytest.fixture
def sample() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((7, 4)), rng.standard_normal((7, 2))


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_partial_traces_are_those_of_the_tensors(sample: tuple[np.ndarray, np.ndarray], degree: int) -> None:
    x, weights = sample
    total = np.zeros((4, 4))
    for s in range(2):
        moment = sum(w * hermite_tensor(row, degree) for w, row in zip(weights[:, s], x, strict=True)) / len(x)
        while moment.ndim > 2:
            moment = np.trace(moment, axis1=0, axis2=1)
        matrix = moment if moment.ndim == 2 else moment[:, None]
        total += matrix @ matrix.T
    assert_allclose(partial_trace(x, weights, degree), total, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_u_statistics_are_sums_over_pairs_of_different_samples(
    sample: tuple[np.ndarray, np.ndarray], degree: int
) -> None:
    x, weights = sample
    tensors = [hermite_tensor(row, degree).reshape(4, -1) for row in x]
    pairs = itertools.permutations(range(len(x)), 2)
    total = sum(weights[i] @ weights[j] * tensors[i] @ tensors[j].T for i, j in pairs) / len(x) ** 2
    assert_allclose(u_statistic(x, weights, degree), total, rtol=1e-11, atol=1e-11)


def test_degrees_beyond_the_formulas_are_refused(sample: tuple[np.ndarray, np.ndarray]) -> None:
    x, weights = sample
    with pytest.raises(ValueError, match="1 to 4"):
        partial_trace(x, weights, 5)
    with pytest.raises(ValueError, match="1 to 4"):
        u_statistic(x, weights, 5)
    with pytest.raises(ValueError, match="from 1 to 4"):
        leading(np.eye(4), 5)


def test_a_complement_is_orthonormal_and_orthogonal() -> None:
    found = np.linalg.qr(np.random.default_rng(1).standard_normal((6, 2)))[0]
    rest = complement(found)
    assert_allclose(rest.T @ rest, np.eye(4), atol=1e-12)
    assert_allclose(found.T @ rest, 0, atol=1e-12)


def _data(name: str, n: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).standard_normal((n, d))
    z = x.T
    labels = {
        "h2": (z[0] ** 2 - 1) / math.sqrt(2),
        "staircase": z[0] + z[0] * (z[1] ** 2 - 1),
        "product": z[0] * z[1] * z[2],
    }
    return x, labels[name]


def test_many_samples_give_the_subspace() -> None:
    x, y = _data("h2", 4000, 20, 2)
    found = stepwise.stepwise(x, y, [(2, 1)], stepwise.label_weights, partial_trace)
    assert smallest_cosine(found, 1) > 0.95
    assert smallest_cosine(kernel.gradient_subspace(x[:1500], y[:1500], 1), 1) > 0.8
    assert (
        smallest_cosine(
            reuse.learned_subspaces(np.tile(x, (5, 1)), np.tile(y, 5), [20_000], 1, np.random.default_rng(3))[0], 1
        )
        > 0.8
    )


def test_directions_found_earlier_enter_the_weights() -> None:
    """After z1, the label times z1 has leap 2 in z2; the label alone sees nothing of it."""
    x, y = _data("staircase", 8000, 20, 4)
    both = stepwise.stepwise(x, y, [(1, 1), (2, 1)], stepwise.label_weights, partial_trace)
    assert smallest_cosine(both, 2) > 0.8


def test_a_product_of_three_is_seen_by_pairs_of_ranks_and_not_by_traces_of_labels() -> None:
    x, y = _data("product", 20_000, 20, 5)
    traced = stepwise.stepwise(x, y, [(3, 3)], stepwise.label_weights, partial_trace)
    ranked = stepwise.stepwise(x, y, [(2, 3)], stepwise.rank_weights, u_statistic)
    assert smallest_cosine(traced, 3) < 0.5
    assert smallest_cosine(ranked, 3) > 0.8


def test_the_best_transform_of_a_square_is_its_conditional_second_moment() -> None:
    """y = z^2: T(y) = y - 1, up to sign and scale, and nothing else is above the noise."""
    z = np.random.default_rng(6).standard_normal((200_000, 1))
    y = z[:, 0] ** 2
    nothing = np.zeros((len(y), 0))
    found = stepwise.best_transforms(y, nothing, z, 2)(y, nothing)
    assert found.shape[1] == 1
    assert abs(np.corrcoef(found[:, 0], y - 1)[0, 1]) > 0.99


def test_the_best_transform_of_a_later_leap_depends_on_what_was_found() -> None:
    """y = z1 + z1 z2 z3: E[z2 z3 | y, z1] = (y - z1)/z1 up to what the noise-free label leaves, its sign that of z1."""
    z = np.random.default_rng(8).standard_normal((400_000, 3))
    y = z[:, 0] + z[:, 0] * z[:, 1] * z[:, 2]
    found = stepwise.best_transforms(y, z[:, :1], z[:, 1:], 2)(y, z[:, :1])
    product = z[:, 1] * z[:, 2]
    # z2 z3 is known from the label and z1, up to the width of the cells.
    fit = found @ np.linalg.lstsq(found, product, rcond=None)[0]
    assert np.corrcoef(fit, product)[0, 1] > 0.85


def test_directions_found_are_turned_to_the_frame() -> None:
    frame = np.linalg.qr(np.random.default_rng(9).standard_normal((3, 3)))[0]
    found = np.zeros((6, 2))
    found[:3] = frame[:, :2] @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    assert_allclose(stepwise._turned(found, frame[:, :2])[:3], frame[:, :2], atol=1e-12)


def test_without_a_provisional_step_a_sample_is_used_once() -> None:
    """One sample and one neuron by hand."""
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((1, 5)), np.array([0.7])
    weights = np.eye(5)[:1].copy()
    expected = weights[0] + (0.3 * 0.7 * x[0] if x[0, 0] + 0.9 > 0 else 0)
    reuse._pass(weights, np.ones(1), np.array([0.9]), x, y, 0.3, 0.0)
    assert_allclose(weights[0], expected / np.linalg.norm(expected), rtol=1e-12)
