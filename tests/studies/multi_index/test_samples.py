"""Finite samples."""

import math

import numpy as np
import pytest

from learnability.studies.multi_index.samples.analyse import crossing_half, isotonic, logistic_half


def test_half_success_estimators_recover_a_logistic_curve() -> None:
    log_counts = np.log([8.0, 16, 32, 64, 128, 256])
    curve = 1 / (1 + np.exp(-2.0 * (log_counts - math.log(40))))
    assert math.exp(float(logistic_half(curve, log_counts))) == pytest.approx(40, rel=0.02)
    assert math.exp(float(crossing_half(curve, log_counts))) == pytest.approx(40, rel=0.05)
    assert np.isnan(logistic_half(np.zeros(6), log_counts))
    assert np.isnan(crossing_half(np.ones(6), log_counts))


def test_isotonic_pools_violators() -> None:
    np.testing.assert_allclose(isotonic(np.array([0.1, 0.5, 0.3, 0.9])), [0.1, 0.4, 0.4, 0.9])
