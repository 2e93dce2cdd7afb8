"""Censored medians against textbook values and by coverage."""

import math

import numpy as np
import pytest

from learnability.statistics.censoring import censored_median, kaplan_meier


def test_kaplan_meier_of_the_leukaemia_remissions() -> None:
    """Remission times under 6-MP (Freireich et al. 1963), the standard example: S(10) = 0.7529, S(23) = 0.4482."""
    times = np.array([6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35], float)
    observed = np.arange(21) < 9
    instants, survival = kaplan_meier(times, observed)
    found = dict(zip(instants.tolist(), survival.tolist(), strict=True))
    assert found[10] == pytest.approx(0.7529, abs=5e-5)
    assert found[23] == pytest.approx(0.4482, abs=5e-5)
    assert censored_median(times, observed).median == 23


def test_without_censoring_it_is_the_lower_median() -> None:
    times = np.array([5.0, 1.0, 4.0, 2.0])
    result = censored_median(times, np.ones(4, bool))
    assert (result.median, result.low, result.high) == (2.0, 1.0, 5.0)


@pytest.mark.parametrize(("seen", "median"), [(3, 30.0), (2, math.inf), (0, math.inf)])
def test_a_horizon_makes_the_median_infinite_once_half_is_censored(seen: int, median: float) -> None:
    times = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    observed = np.arange(5) < seen
    result = censored_median(np.where(observed, times, 100.0), observed)
    assert (result.median, result.high, result.observed, result.total) == (median, math.inf, seen, 5)


def test_no_runs_give_nothing() -> None:
    assert math.isnan(censored_median(np.array([]), np.array([], bool)).median)


def test_the_interval_covers_the_median_as_often_as_it_says() -> None:
    """1,000 samples of 25 exponentials censored at 2: coverage at least 0.95; 0.935 lies 2.2 standard deviations below
    0.95 (false alarm at most 2%, and the seed is fixed)."""
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(1000):
        times = rng.exponential(size=25)
        result = censored_median(np.minimum(times, 2.0), times < 2.0)
        covered += result.low <= math.log(2) <= result.high
    assert covered >= 935
