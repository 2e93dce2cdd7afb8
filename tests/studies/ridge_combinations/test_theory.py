"""Predictions of the study against simulation, quadrature and known values."""

import math

import numpy as np
import pytest

from learnability.studies.ridge_combinations import theory


def test_escape_constants_of_the_paper_setting():
    """p = 3, bias -1, delta = 1: 6.19, 3.38, 2.44, 1.96 for M = 2, 4, 8, 16."""
    alpha = theory.relu_coefficient(-1.0, 3)
    found = [theory.escape_constant(3, m, alpha, 1.0, 1.0) for m in (2, 4, 8, 16)]
    np.testing.assert_allclose(found, [6.19, 3.38, 2.44, 1.96], atol=0.006)


def test_hitting_constants_are_the_closed_form_and_tend_to_the_escape_constants():
    """p = 3: the integral is 1/k0 - 1/theta + atanh theta - atanh k0. Both exponents have the limit of large d."""
    alpha = theory.relu_coefficient(-1.0, 3)
    k0 = theory.best_start(8, False) / 10
    expected = (1 / k0 - 2 + math.atanh(0.5) - math.atanh(k0)) / (3 * alpha * 10)
    assert theory.hitting_constant(3, 8, alpha, 1.0, 100.0, 0.5) == pytest.approx(expected, rel=1e-4)
    for exponent, tasks in ((3, 8), (4, 4)):
        limit = theory.escape_constant(exponent, tasks, 0.1, 1.0, 0.5)
        found = [theory.hitting_constant(exponent, tasks, 0.1, 0.5, d, 0.5) / limit for d in (64.0, 1e10)]
        assert found[0] < 0.96
        assert found[1] == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("two_sided", [False, True])
def test_best_start_is_the_median_of_the_largest_overlap(two_sided):
    """2e5 draws: the standard error of the median is below 0.003; tolerance five of them."""
    draws = np.random.default_rng(0).standard_normal((200_000, 8))
    largest = (np.abs(draws) if two_sided else draws).max(1)
    assert abs(np.median(largest) - theory.best_start(8, two_sided)) < 0.015


def test_weak_share_is_the_winning_frequency():
    """Frequency over 4e5 draws within five standard errors; equal strengths give 1/M."""
    draws = np.random.default_rng(1).standard_normal((400_000, 6))
    ratio = 1.5
    scaled = draws / np.where(np.arange(6) % 2 == 1, ratio, 1.0)
    frequency = (scaled.argmax(1) % 2 == 1).mean() / 3
    expected = theory.weak_share(6, ratio, 3)
    assert abs(frequency - expected) < 5 * math.sqrt(expected / len(draws))
    assert theory.weak_share(10, 1.0, 3) == pytest.approx(0.1, rel=1e-6)


def test_weak_share_decays_like_its_exponent():
    """C_p = 2 at p = 3 and ratio sqrt 2: the local slope tends to -2 from above as M grows."""
    slopes = [
        math.log(theory.weak_share(2 * m, math.sqrt(2), 3) / theory.weak_share(m, math.sqrt(2), 3)) / math.log(2)
        for m in (10, 1000, 100_000)
    ]
    assert slopes == sorted(slopes, reverse=True)
    assert -2 < slopes[-1] < -1.7


def test_the_logarithm_of_the_weak_share_is_that_of_the_share():
    for tasks in (4, 64):
        expected = math.log(theory.weak_share(tasks, math.sqrt(2), 3))
        assert theory.log_weak_share(tasks, math.sqrt(2), 3) == pytest.approx(expected, abs=1e-9)


def test_cost_of_a_step_does_not_depend_on_the_dimension_for_the_overlap_engine():
    small, large = (theory.step_cost(np.array(64.0), 16, d, 4) for d in (10, 10**6))
    assert small["overlap"] == large["overlap"]
    assert large["full"] > 1000 * small["full"]
