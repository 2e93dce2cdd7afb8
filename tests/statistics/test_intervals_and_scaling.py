"""Intervals and fitted exponents."""

import numpy as np
import pytest
from scipy.stats import binomtest

from learnability.statistics.intervals import bootstrap, wilson
from learnability.statistics.random import torch_generator
from learnability.statistics.scaling import bootstrap_slope, fit_slope


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (497, 512)])
def test_wilson_is_scipys(k: int, n: int) -> None:
    expected = binomtest(k, n).proportion_ci(method="wilson")
    low, high = wilson(k, n)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_ends_are_exact_and_vectorised() -> None:
    low, high = wilson(np.array([0, 5]), np.array([5, 5]))
    assert low[0] == 0
    assert high[1] == 1
    assert np.isnan(wilson(0, 0)[0])


def test_bootstrap_covers_the_mean() -> None:
    # 200 intervals of nominal level 95 % on 40 normal draws: the count of misses is about Poisson(13); the chance of 26
    # or more is below 1 in 1000, and the seed is fixed.
    rng = np.random.default_rng(5)
    samples = rng.standard_normal((40, 200))
    estimate, low, high = bootstrap(np.mean, samples, rng, resamples=400)
    np.testing.assert_allclose(estimate, samples.mean(axis=0))
    assert ((low > 0) | (high < 0)).sum() < 26
    assert (high - low).mean() == pytest.approx(2 * 1.96 / np.sqrt(40), rel=0.1)


def test_bootstrap_resamples_along_the_named_axis() -> None:
    samples = np.arange(6.0).reshape(2, 3)
    estimate, low, high = bootstrap(np.median, samples, np.random.default_rng(0), axis=1)
    np.testing.assert_array_equal(estimate, [1, 4])
    assert low.shape == high.shape == (2,)


def test_slope_of_an_exact_power_law_and_common_random_numbers() -> None:
    d = np.array([1e2, 1e3, 1e4])
    factor = np.exp(np.random.default_rng(0).standard_normal((30, 1)))
    slope, low, high = bootstrap_slope(d, factor * d**1.5, np.random.default_rng(1))
    assert (slope, low, high) == pytest.approx((1.5, 1.5, 1.5))
    assert fit_slope(np.log(d), np.log(7 * d**-2)) == pytest.approx((-2, np.log(7)))


def test_slope_is_missing_where_a_median_is_infinite() -> None:
    values = np.full((5, 3), np.inf)
    assert np.isnan(bootstrap_slope([1.0, 2.0, 3.0], values, np.random.default_rng(0))).all()


def test_torch_generator_follows_numpys() -> None:
    first, again = (torch_generator(np.random.default_rng(3)).initial_seed() for _ in range(2))
    assert first == again
