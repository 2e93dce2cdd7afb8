"""The simulated error rates against those that are known."""

import math

import numpy as np
import pytest
from scipy.stats import binom, norm

from learnability.statistics.false_alarms import estimator, false_alarms
from learnability.statistics.intervals import clopper_pearson, wilson

DRAWS = 40_000
"""Four standard errors of a rate of 2.5% are 0.0031 at this number of draws: a false alarm of 6e-5, and fixed seeds."""


def test_a_share_is_known_by_its_interval() -> None:
    assert estimator(0.75, *clopper_pearson(12, 16), 16).model == "binomial"
    assert estimator(0.75, *clopper_pearson(12, 16), 16).exact
    assert not estimator(0.75, *wilson(12, 16), 16).exact
    assert estimator(0.75, 0.6, 0.9, 16).model == "normal"
    assert estimator(2.0, 1.9, 2.1, 16).model == "normal"


def test_a_normal_estimate_at_the_edge_errs_in_one_tail() -> None:
    rates = false_alarms(estimator(1.0, 0.8, 1.2, 20), (-math.inf, 1.5), np.random.default_rng(0), DRAWS)
    assert rates.edge == pytest.approx(0.025, abs=0.0031)
    # Truth 1: contradicted needs an estimate above 1.7, which is 0.7 / (0.2 / 1.96) standard deviations away.
    assert rates.at_estimate == pytest.approx(norm.sf(0.7 * 1.96 / 0.2), abs=1e-4)
    assert rates.centre == rates.at_estimate
    assert rates.undecided == pytest.approx(norm.sf(0.3 * 1.96 / 0.2), abs=0.001)


def test_a_window_narrower_than_the_interval_is_never_supported() -> None:
    rates = false_alarms(estimator(1.0, 0.8, 1.2, 20), (0.9, 1.1), np.random.default_rng(1), DRAWS)
    assert rates.edge == pytest.approx(0.025, abs=0.0031)
    assert rates.centre == pytest.approx(2 * norm.sf(0.3 * 1.96 / 0.2), abs=0.001)
    assert rates.undecided == pytest.approx(1 - rates.centre)


def test_an_interval_that_is_not_symmetric_misses_on_its_own_sides() -> None:
    rates = false_alarms(estimator(1.0, 0.9, 1.6, 20), (1.0, math.inf), np.random.default_rng(2), DRAWS)
    assert rates.edge == pytest.approx(0.025, abs=0.0031)


def test_a_binomial_share_errs_as_the_binomial_law_says() -> None:
    n, edge = 16, 0.6
    found = estimator(0.75, *clopper_pearson(12, n), n)
    rates = false_alarms(found, (edge, 1.0), np.random.default_rng(3), DRAWS)
    k = np.arange(n + 1)
    low, high = clopper_pearson(k, n)
    law = binom.pmf(k, n, edge)
    assert rates.edge == pytest.approx(max(law[low >= edge].sum(), law[high < edge].sum()), abs=0.0031)
    assert rates.at_estimate == pytest.approx(binom.pmf(k, n, 0.75)[high < edge].sum(), abs=0.002)


def test_the_truth_outside_makes_supported_the_error() -> None:
    rates = false_alarms(estimator(1.0, 0.8, 1.2, 20), (1.05, math.inf), np.random.default_rng(4), DRAWS)
    assert rates.at_estimate == pytest.approx(norm.sf(0.25 * 1.96 / 0.2), abs=0.002)
