"""Bounds of the Kolmogorov distance: SciPy's statistic, coverage and power by simulation."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, norm

from learnability.statistics.equivalence import equivalence_power, kolmogorov_distance


def test_the_distance_is_scipys() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(50), rng.normal(0.3, 1, 80)
    assert kolmogorov_distance(a, b).distance == pytest.approx(ks_2samp(a, b).statistic)
    tied = np.repeat([1.0, 2.0, np.inf], 4)
    assert kolmogorov_distance(tied, tied).distance == 0


def test_the_interval_covers_the_distance_of_the_laws() -> None:
    """2,000 pairs of samples at distance 2 Phi(0.25) - 1 = 0.1974: the bound is valid at 95% (93.5% lies 3.1 standard
    deviations below; false alarm 0.1%)."""
    rng = np.random.default_rng(1)
    truth = 2 * norm.cdf(0.25) - 1
    covered = 0
    for _ in range(2000):
        found = kolmogorov_distance(rng.standard_normal(200), rng.normal(0.5, 1, 100))
        covered += found.low <= truth <= found.high
    assert covered >= 1870


def test_the_power_is_what_simulation_finds() -> None:
    """1,000 pairs of equal laws: the share within the margin against the stated power, to four standard errors and the
    error of the limit law at these sizes (false alarm below 1e-4; the seed is fixed)."""
    rng = np.random.default_rng(2)
    n, m, margin = 400, 600, 0.2
    stated = equivalence_power(n, m, margin)
    found = np.mean([kolmogorov_distance(rng.random(n), rng.random(m)).high <= margin for _ in range(1000)])
    assert 0.3 < stated < 0.99
    assert found == pytest.approx(stated, abs=4 * np.sqrt(stated * (1 - stated) / 1000) + 0.03)
    assert equivalence_power(20, 20, 0.1) == 0
