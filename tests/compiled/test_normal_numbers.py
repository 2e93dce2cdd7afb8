"""Normal numbers from compiled streams."""

import numpy as np
import pytest
from scipy import stats

from learnability.compiled.normal_numbers import SEGMENT, fill, fill_normal, standard_normal


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normal_numbers_have_the_normal_law(dtype: type) -> None:
    """Moments, Kolmogorov-Smirnov, tails to 4.5, neighbours and partners of a pass uncorrelated: 16 comparisons at
    4.5 standard errors and one p-value above 1e-4 for each dtype; false-alarm rate below 0.05%, fixed seed."""
    count = 1 << 20
    drawn = np.empty(count, dtype)
    fill(drawn, np.uint64(1))
    x = drawn.astype(float)
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


def test_segments_of_normal_numbers_have_streams_of_their_own() -> None:
    """The first segment is that of a short call, and no two are alike."""
    numbers = standard_normal((3 * SEGMENT + 1000,), np.random.default_rng(1))
    short = standard_normal((5000,), np.random.default_rng(1))
    assert np.array_equal(numbers[:5000], short)
    assert np.isin(numbers[SEGMENT : 2 * SEGMENT], numbers[:SEGMENT]).mean() < 0.1


def test_calls_of_one_generator_differ_and_can_be_made_again() -> None:
    first, again = np.random.default_rng(2), np.random.default_rng(2)
    a, b = standard_normal((40, 50), first), standard_normal((40, 50), first)
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4.5 / np.sqrt(2000)
    c = np.empty((40, 50))
    fill_normal(c, again)
    assert np.array_equal(a, c)


def test_a_part_that_is_not_contiguous_is_refused() -> None:
    with pytest.raises(ValueError, match="contiguous"):
        fill_normal(np.empty((4, 4))[:, :2], np.random.default_rng(0))
