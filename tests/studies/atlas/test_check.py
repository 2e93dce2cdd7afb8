"""The check of questions: thresholds from cosines, exponents with their error, predictions, methods on easy data."""

import math

import numpy as np
import pytest

from learnability.studies.atlas import theory
from learnability.studies.atlas.check.analyse import GRID, exponent, needed
from learnability.studies.atlas.check.methods import METHODS, Samples, counts
from learnability.studies.atlas.problem import known_of


def test_counts_are_quarters_of_a_decade() -> None:
    assert counts(100, 1000) == (100, 178, 316, 562, 1000)


def test_a_seed_needs_the_n_from_which_on_it_always_learns() -> None:
    cosine = np.array([[0.1, 0.9, 0.2], [0.9, 0.9, 0.2], [0.5, 0.9, 0.2], [0.9, 0.9, np.nan], [0.95, np.nan, np.nan]])
    found = needed(cosine, np.array([100, 178, 316, 562, 1000]))
    assert found.tolist() == [562.0, 100.0, math.inf]
    assert np.isnan(needed(np.full((3, 1), np.nan), np.array([1, 2, 3]))).all()


def test_an_exponent_covers_the_coarseness_of_the_grid() -> None:
    dimensions = np.array([32.0, 64.0, 128.0])
    samples = 10 * dimensions[:, None] ** 1.5 * np.ones((3, 8))
    middle, low, high = exponent(dimensions, samples, np.random.default_rng(0))
    assert middle == pytest.approx(1.5, abs=0.02)
    step = 0.5 * math.log(GRID) / math.log(4)
    assert low <= 1.5 - 0.9 * step
    assert high >= 1.5 + 0.9 * step


def test_without_a_median_there_is_no_exponent() -> None:
    samples = np.array([[100.0, 100.0], [math.inf, math.inf]])
    assert np.isnan(exponent(np.array([32.0, 64.0]), samples, np.random.default_rng(0))).all()


@pytest.mark.parametrize(
    ("text", "predicted"),
    [
        # online, each sample twice, partial trace, best transform, kernel
        ("h2(z1)", (1, 1, 1, 1, 2)),
        ("h3(z1)", (2, 1, 1.5, 1, 3)),
        ("z1*z2*z3", (2, 1, math.inf, 1, 3)),
        ("h1(z1) + h1(z1)*h2(z2)", (1, 1, 1, 1, 3)),
    ],
)
def test_predicted_exponents_follow_from_the_leaps(text: str, predicted: tuple[float, ...]) -> None:
    known = known_of(text)
    methods = ("online_sgd", "reused_samples", "partial_trace", "best_transform", "kernel_ridge")
    assert tuple(theory.sample_exponent(method, known) for method in methods) == predicted


def test_labels_have_mean_zero_and_variance_one() -> None:
    """200,000 samples, five standard errors."""
    y = known_of("sign(z1)*h2(z2) + 1").labels(np.random.default_rng(1).standard_normal((200_000, 2)))
    assert abs(y.mean()) < 5 / math.sqrt(200_000)
    assert abs((y**2).mean() - 1) < 5 * math.sqrt((y**4).var() / 200_000 + 1e-9) + 0.05


def test_every_method_learns_a_square_from_many_samples_and_none_from_a_hundred() -> None:
    known, rng = known_of("h2(z1)"), np.random.default_rng(2)
    x = rng.standard_normal((31_623, 24))
    y = known.labels(x[:, :1])
    for name, method in METHODS.items():
        last = 1778 if name == "kernel_ridge" else 3162 if name == "two_timescale" else 31_623
        first, final = method(known, Samples(x[:last], y[:last], np.random.default_rng(3)), [100, last])
        assert final > 0.8, name
        assert first < final or name in ("two_timescale",), name
