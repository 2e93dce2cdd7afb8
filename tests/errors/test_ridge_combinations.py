"""Errors in print that the study establishes, re-derived by other means than the study's."""

import mpmath
import numpy as np


def _violating_pairs(tasks, dimension):
    """Expected number of pairs of M uniform directions in R^d with |<v, v'>| > 1/M: <v, v'>^2 ~ Beta(1/2, (d-1)/2)."""
    inside = mpmath.betainc(
        mpmath.mpf(1) / 2, mpmath.mpf(dimension - 1) / 2, 0, mpmath.mpf(tasks) ** -2, regularized=True
    )
    return tasks * (tasks - 1) / 2 * (1 - inside)


def test_directions_are_diverse_below_the_root_of_the_dimension_and_not_above():
    """M = d^0.4 leaves no pair above 1/M as d grows, M = d^0.6 ever more: the condition bounds M from above."""
    with mpmath.workdps(40):
        few = [_violating_pairs(round(d**0.4), d) for d in (10**2, 10**4, 10**6, 10**8)]
        many = [_violating_pairs(round(d**0.6), d) / (round(d**0.6) ** 2 / 2) for d in (10**2, 10**4, 10**6, 10**8)]
    assert few[-1] < 1e-3
    assert few[-2] < few[-3]
    assert many == sorted(many)
    assert many[-1] > 0.8


def test_drawn_directions_have_as_many_violations():
    """100 draws of 40 directions in R^50: the mean number within five standard errors (false alarm 6e-7)."""
    rng = np.random.default_rng(0)
    counts = []
    for _ in range(100):
        v = rng.standard_normal((40, 50))
        v /= np.linalg.norm(v, axis=1, keepdims=True)
        counts.append((np.abs(np.triu(v @ v.T, 1)) > 1 / 40).sum())
    error = np.std(counts, ddof=1) / 10
    assert abs(np.mean(counts) - float(_violating_pairs(40, 50))) < 5 * error
