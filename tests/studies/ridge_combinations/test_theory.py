"""Predictions of the study against simulation, quadrature and known values."""

import json
import math

import numpy as np
import pytest

from learnability.studies.ridge_combinations import theory
from learnability.studies.ridge_combinations.settings import RidgeTarget
from learnability.studies.ridge_combinations.superorthogonal import (
    active_conditions,
    least_eigenvalue,
    minimal_degree,
    solve,
)
from learnability.studies.ridge_combinations.targets import build, links


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


def test_links_have_unit_norm_and_the_stated_strengths():
    target = RidgeTarget(tasks=4, strength_ratio=2.0)
    beta = links(target)
    np.testing.assert_allclose((beta**2).sum(1), 1, rtol=1e-14)
    np.testing.assert_allclose(beta[:, 3], [1, 0.5, 1, 0.5])
    dataset = build(target, np.random.default_rng(0))
    assert float(dataset["strength_exponent"]) == pytest.approx(4.0)
    assert int(dataset["information_exponent"]) == 3


def test_unnormalised_links_are_he_p():
    beta = links(RidgeTarget(tasks=2, unnormalised=True))
    assert beta[0, 3] == pytest.approx(math.sqrt(6))


@pytest.mark.parametrize(
    "bad", [{"link": [0.0, 1.0]}, {"link": [0.0, 1.0, 0.0, 1.0]}, {"coherences": [1.0]}, {"tasks": 0}]
)
def test_impossible_targets_are_refused(bad):
    with pytest.raises(ValueError, match=r"link|coherences|greater"):
        RidgeTarget.model_validate_json(json.dumps({"tasks": 3, **bad}))


def test_superorthogonal_degrees():
    assert minimal_degree(1) == 17
    assert minimal_degree(0) == 20
    assert minimal_degree(1, 3) == 23
    assert least_eigenvalue(15, 1) > 0 > least_eigenvalue(17, 1)


def test_superorthogonal_solution_satisfies_its_conditions_exactly():
    """E f^2 h_2 = 0 recomputed by quadrature with the rounded coefficients, beside a condition that must not hold."""
    from learnability.hermite.basis import gauss_hermite, hermite_basis

    solution = solve(2, 2, 1, 17, 60, np.random.default_rng(0))
    assert solution.residual < 1e-60
    c = np.array([float(v) for v in solution.coefficients])
    assert np.linalg.norm(c) == pytest.approx(1)
    x, weights = gauss_hermite(60)
    basis = hermite_basis(x, 17)
    f = basis[:, 3::2] @ c
    size = math.sqrt(weights @ f**4)
    for k, ell in ((1, 1), (1, 2), (2, 1), (2, 2)):
        assert abs(weights @ (f**k * basis[:, ell])) < 1e-9 * size
    assert abs(weights @ (f**2 * basis[:, 4])) > 1e-6 * size
    assert solution.fourth_moment > 1e9
    assert size**2 == pytest.approx(solution.fourth_moment, rel=1e-6)


def test_active_conditions_are_those_that_parity_leaves():
    assert active_conditions(2, 2, 1) == [(2, 2)]
    assert active_conditions(3, 2, 1) == [(2, 2), (3, 1)]
    assert active_conditions(3, 2, 0) == [(2, 2), (3, 2)]


def test_cost_of_a_step_does_not_depend_on_the_dimension_for_the_overlap_engine():
    small, large = (theory.step_cost(np.array(64.0), 16, d, 4) for d in (10, 10**6))
    assert small["overlap"] == large["overlap"]
    assert large["full"] > 1000 * small["full"]


def test_random_directions_are_a_gram_matrix_of_the_right_spread():
    """Unit diagonal, rank d, and inner products of variance 1/d: 8128 of them, so 6% is four standard errors."""
    target = RidgeTarget(tasks=128, random_dimension=128)
    gram = build(target, np.random.default_rng(0))["gram"].values[0]
    np.testing.assert_allclose(np.diag(gram), 1, rtol=1e-12)
    assert np.linalg.eigvalsh(gram)[0] > 0
    assert 128 * gram[np.triu_indices(128, 1)].var() == pytest.approx(1, abs=0.07)
    with pytest.raises(ValueError, match="random_dimension"):
        RidgeTarget(tasks=8, random_dimension=4)
