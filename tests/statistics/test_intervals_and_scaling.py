"""Intervals and fitted exponents."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest, ttest_1samp

from learnability.statistics.intervals import (
    bootstrap,
    clopper_pearson,
    mean_interval,
    median_coverage,
    median_interval,
    supremum_interval,
    wilson,
)
from learnability.statistics.random import torch_generator
from learnability.statistics.scaling import fit_slope, log_slope


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


def test_the_interval_of_a_mean_is_scipys() -> None:
    samples = np.random.default_rng(0).standard_normal((6, 3))
    estimate, low, high = mean_interval(samples)
    expected = ttest_1samp(samples, 0.0, axis=0).confidence_interval(0.95)
    np.testing.assert_allclose(estimate, samples.mean(axis=0))
    np.testing.assert_allclose((low, high), (expected.low, expected.high))
    in_logs = mean_interval(np.exp(samples), logarithmic=True)
    np.testing.assert_allclose(np.log(in_logs), (estimate, low, high))
    assert mean_interval([2.0]) == (2.0, -np.inf, np.inf)
    assert np.exp(-np.inf) == mean_interval([2.0], logarithmic=True)[1]


@pytest.mark.parametrize("count", [4, 5, 6, 8, 18])
@pytest.mark.parametrize("logarithmic", [False, True])
def test_the_interval_of_a_mean_over_few_seeds_covers_it(count: int, logarithmic: bool) -> None:
    """4,000 normal samples, or lognormal ones in logarithms: coverage 95%, its standard error 0.35%; below 93.5% by
    chance once in 1e5, and the seed is fixed. A bootstrap of the mean covers 81% to 89% at 5 to 8 seeds."""
    samples = np.random.default_rng(11).standard_normal((count, 4000))
    truth = 1.0 if logarithmic else 0.0
    _, low, high = mean_interval(np.exp(samples) if logarithmic else samples, logarithmic=logarithmic)
    assert 0.935 <= ((low <= truth) & (truth <= high)).mean() <= 0.965


def test_the_interval_of_the_largest_mean_holds_it() -> None:
    """2,000 experiments of 6 seeds and 20 times with means that differ: simultaneous coverage of at least 95%; below
    93.3% by chance with less than 1e-3, and the seed is fixed."""
    rng = np.random.default_rng(2)
    means = np.linspace(-1.0, 1.3, 20)
    covered = 0
    for _ in range(2000):
        samples = means + 0.3 * rng.standard_normal((6, 20)) + 0.3 * rng.standard_normal((6, 1))
        estimate, low, high = supremum_interval(samples)
        assert low <= estimate <= high
        covered += low <= 1.3 <= high
    assert covered >= 1866


@pytest.mark.parametrize(("statistic", "spread", "least"), [("mean", 0.3, 0.935), ("geometric mean", 1.0, 0.935)])
def test_the_power_of_a_mean_over_few_seeds_is_covered(statistic: str, spread: float, least: float) -> None:
    """2,000 experiments of 5 seeds at 3 values of x: below 93.5% by chance with about 1e-3 at 95%, the seed fixed."""
    rng = np.random.default_rng(4)
    x = np.array([1.0, 10.0, 100.0])
    covered = 0
    for _ in range(2000):
        values = x**-0.5 * np.exp(spread * rng.standard_normal((5, 3)))
        _, low, high = log_slope(x, values, rng, statistic)  # type: ignore[arg-type]
        covered += low <= -0.5 <= high
    assert covered >= 2000 * least


def test_bootstrap_resamples_along_the_named_axis() -> None:
    samples = np.arange(6.0).reshape(2, 3)
    estimate, low, high = bootstrap(np.median, samples, np.random.default_rng(0), axis=1)
    np.testing.assert_array_equal(estimate, [1, 4])
    assert low.shape == high.shape == (2,)


def test_slope_of_an_exact_power_law_and_common_random_numbers() -> None:
    d = np.array([1e2, 1e3, 1e4])
    factor = np.exp(np.random.default_rng(0).standard_normal((30, 1)))
    slope, low, high = log_slope(d, factor * d**1.5, np.random.default_rng(1))
    assert (slope, low, high) == pytest.approx((1.5, 1.5, 1.5))
    assert fit_slope(np.log(d), np.log(7 * d**-2)) == pytest.approx((-2, np.log(7)))


def test_slope_is_missing_where_a_median_is_infinite() -> None:
    values = np.full((5, 3), np.inf)
    assert np.isnan(log_slope([1.0, 2.0, 3.0], values, np.random.default_rng(0))).all()


def test_torch_generator_follows_numpys() -> None:
    first, again = (torch_generator(np.random.default_rng(3)).initial_seed() for _ in range(2))
    assert first == again


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (497, 512), (1, 1)])
def test_clopper_pearson_is_scipys(k: int, n: int) -> None:
    expected = binomtest(k, n).proportion_ci(method="exact")
    assert clopper_pearson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert np.isnan(clopper_pearson(0, 0)).all()


def test_clopper_pearson_covers_every_fraction() -> None:
    """Exact coverage, summed over the binomial law: never below 95%."""
    n = 12
    k = np.arange(n + 1)
    low, high = clopper_pearson(k, n)
    for p in np.linspace(0.01, 0.99, 50):
        assert binom.pmf(k, n, p)[(low <= p) & (p <= high)].sum() >= 0.95


def test_order_statistics_cover_the_median_exactly() -> None:
    assert median_coverage(6, 0) == pytest.approx(1 - 2 / 64)
    assert median_coverage(25, 7) == pytest.approx(1 - 2 * binom.cdf(7, 25, 0.5))
    assert median_interval(np.arange(25.0)) == (12, 7, 17)
    assert median_interval(np.arange(5.0)) == (2, -np.inf, np.inf)
    assert median_interval([1.0, 2, 3, 4, 5, np.inf, np.inf, np.inf]) == (4.5, 1, np.inf)


@pytest.mark.parametrize("count", [8, 17, 40])
@pytest.mark.parametrize("law", ["normal", "lognormal"])
def test_intervals_of_medians_cover_and_hold_their_estimate(count: int, law: str) -> None:
    """2,000 samples: nominal coverage 95%, the smoothed bootstrap reaches 93% or more (false alarm below 1e-3 at its
    measured 94% to 97%), the order statistics at least 94% (below 2%, seed fixed); no interval is degenerate."""
    rng = np.random.default_rng(7)
    samples = getattr(rng, law)(size=(count, 2000))
    truth = {"normal": 0, "lognormal": 1}[law]
    for interval, least in (
        (bootstrap(np.median, samples, rng, resamples=300), 0.93),
        (median_interval(samples), 0.94),
    ):
        estimate, low, high = interval
        assert ((low <= truth) & (truth <= high)).mean() >= least
        assert ((low < estimate) & (estimate < high)).all()


def test_an_infinite_replicate_gives_an_infinite_end() -> None:
    values = np.array([1.0, 2, 3, 4, 5, 6, np.inf, np.inf, np.inf, np.inf])
    estimate, low, high = bootstrap(np.median, values, np.random.default_rng(0))
    assert estimate == 5.5
    assert low < 5.5
    assert high == np.inf
