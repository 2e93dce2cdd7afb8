"""Superorthogonal polynomials: least degrees, certificates, and conditions recomputed by other means."""

import math
from fractions import Fraction

import flint
import numpy as np
import pytest

from learnability.hermite.basis import gauss_hermite, hermite_basis
from learnability.results.claim import judge
from learnability.studies.ridge_combinations.superorthogonal import polynomials
from learnability.studies.ridge_combinations.superorthogonal.claims import CLAIMS, information_exponents
from learnability.studies.ridge_combinations.superorthogonal.polynomials import (
    Outcome,
    active_conditions,
    certify,
    decide,
    excluded,
    form,
    free_degrees,
    least_degree,
    pivots,
    quadratic_form,
    scaled_residual,
)
from tests.doubles import Context, Interrupted, MemoryCheckpoint
from tests.studies.ridge_combinations.cases import setting_of, trained


def test_least_degrees_by_exact_pivots():
    assert [least_degree(ell, parity) for ell in (2, 3) for parity in (0, 1)] == [20, 17, 20, 23]


@pytest.mark.parametrize(("degrees", "parity", "degree"), [(2, 1, 15), (2, 1, 17), (2, 0, 18), (2, 0, 20), (3, 1, 23)])
def test_pivots_are_those_of_the_exact_matrix(degrees, parity, degree):
    """E[He_i (x^2-1) He_j] from integer moments; the product of the pivots is its determinant over prod i!."""
    moments = [math.prod(range(1, n, 2)) if n % 2 == 0 else 0 for n in range(2 * degree + 4)]
    table = [flint.fmpz_poly([1]), flint.fmpz_poly([0, 1])]
    for k in range(1, degree):
        table.append(flint.fmpz_poly([0, 1]) * table[k] - k * table[k - 1])
    free = free_degrees(degrees, parity, degree)

    def mean(polynomial):
        return sum(int(c) * moments[n] for n, c in enumerate(polynomial.coeffs()))

    weight = flint.fmpz_poly([-1, 0, 1])
    matrix = flint.fmpz_mat([[mean(table[i] * weight * table[j]) for j in free] for i in free])
    expected = Fraction(int(matrix.det()), math.prod(math.factorial(i) for i in free))
    assert math.prod(pivots(degrees, parity, degree)) == expected


def test_the_tensors_are_those_of_the_quadrature():
    """E[f^2 h_2] is the form over sqrt 2, and the cubic tensor gives E[f^3 h_1]."""
    free = free_degrees(2, 1, 9)
    np.testing.assert_allclose(form(free, 2, 2) * math.sqrt(2), quadratic_form(2, 1, 9), rtol=1e-12)
    c = np.random.default_rng(0).standard_normal(len(free))
    x, weights = gauss_hermite(30)
    basis = hermite_basis(x, 9)
    f = basis[:, free] @ c
    cubic = np.einsum("ijk,i,j,k->", form(free, 3, 1), c, c, c)
    assert cubic == pytest.approx(weights @ (f**3 * basis[:, 1]), rel=1e-9)


@pytest.mark.parametrize("case", [(2, 2, 1, 17), (3, 2, 1, 19), (3, 2, 0, 22)])
def test_certified_polynomials_satisfy_their_conditions(case):
    """Recomputed from the decimals with rational moments: each condition is below the radius times its positive part,
    and a condition that was not asked for is not small."""
    powers, degrees, parity, degree = case
    decision = decide(*case, 40, np.random.default_rng(0))
    assert decision.outcome == Outcome.EXISTS
    assert decision.certificate.radius <= 1e-40
    free = free_degrees(degrees, parity, degree)
    with flint.ctx.workprec(900):
        c = [flint.arb(text) for text in decision.certificate.coefficients]
        table = [flint.arb_poly([1]), flint.arb_poly([0, 1])]
        for k in range(1, degree):  # another recurrence than the module's: h_k = He_k / sqrt(k!)
            table.append(flint.arb_poly([0, 1]) * table[k] - k * table[k - 1])
        f = sum((v / flint.arb.fac_ui(i).sqrt() * table[i] for v, i in zip(c, free, strict=True)), flint.arb_poly([]))
        moment = [math.prod(range(1, n, 2)) if n % 2 == 0 else 0 for n in range(4 * degree + 8)]

        def size(k, ell):
            product = f**k * table[ell]
            terms = [product[n] * moment[n] for n in range(product.degree() + 1)]
            return float(abs(sum(terms))), float(sum(abs(t) for t in terms))

        for k, ell in active_conditions(powers, degrees, parity):
            value, scale = size(k, ell)
            assert value < 1e-30 * scale
        assert size(2, 4)[0] > 1e-12 * size(2, 4)[1]


def test_the_scaled_residual_sees_a_condition_that_a_large_power_would_hide():
    """A random vector is no solution for K = 3, although E[f^3 h_1] is tiny beside |f^3|."""
    free = free_degrees(2, 1, 19)
    c = np.random.default_rng(1).standard_normal(len(free))
    tensors = [form(free, k, ell) for k, ell in active_conditions(3, 2, 1)]
    assert np.abs(scaled_residual(tensors, c)).max() > 1e-3
    assert certify(3, 2, 1, 19, c, 30) is None


def test_degrees_without_a_solution_are_never_accepted(monkeypatch):
    """Below the least degree none exists; without the cubic condition none is found at degree 17 with K = 3, and
    nothing is claimed."""
    monkeypatch.setattr(polynomials, "_STARTS", 1)
    assert decide(2, 2, 1, 15, 40, np.random.default_rng(0)).outcome == Outcome.IMPOSSIBLE
    assert decide(3, 2, 0, 18, 40, np.random.default_rng(0)).outcome == Outcome.IMPOSSIBLE
    assert decide(3, 2, 1, 17, 40, np.random.default_rng(0)).outcome == Outcome.IMPOSSIBLE
    monkeypatch.setattr(polynomials, "excluded", lambda *case: False)
    assert decide(3, 2, 1, 17, 40, np.random.default_rng(0)).outcome == Outcome.UNDECIDED


def _signs(case, ell):
    """Signs of E[f^3 h_l], by quadrature, at 4000 random zeros of E[f^2 h_2] on one side of its negative direction."""
    _, degrees, parity, degree = case
    free, rng = free_degrees(degrees, parity, degree), np.random.default_rng(0)
    x, weights = gauss_hermite(2 * degree + 4)
    basis = hermite_basis(x, degree)
    values, vectors = np.linalg.eigh((basis[:, free] * (weights * (x**2 - 1))[:, None]).T @ basis[:, free])
    assert values[0] < 0 < values[1]
    z = rng.standard_normal((4000, len(free) - 1))
    z *= np.sqrt(-values[0] / (z**2 @ values[1:]))[:, None]
    f = basis[:, free] @ (vectors[:, :1] + vectors[:, 1:] @ z.T)
    return np.sign(weights @ (f**3 * basis[:, [ell]]))


@pytest.mark.parametrize(
    ("case", "ell"),
    [((3, 2, 1, 17), 1), ((3, 2, 0, 20), 2), ((3, 3, 0, 20), 2), ((3, 2, 1, 19), 1), ((3, 2, 0, 22), 2)],
)
def test_a_degree_is_excluded_where_a_cubic_condition_has_one_sign(case, ell):
    """Recomputed by quadrature at zeros of the quadratic condition; where both signs occur a polynomial exists."""
    assert excluded(*case) == (abs(_signs(case, ell).sum()) == 4000)


def test_nothing_is_excluded_without_a_cubic_condition_or_beyond_the_sphere(monkeypatch):
    assert not excluded(2, 2, 1, 17)
    radius = polynomials._sphere_radius
    monkeypatch.setattr(polynomials, "_sphere_radius", lambda *system: 2 * radius(*system))
    assert not excluded(3, 2, 1, 17)


def test_an_undecided_degree_leaves_the_least_degree_open():
    setting = setting_of("superorthogonal", cases=[[3, 2, 1, 17], [3, 2, 1, 19], [3, 2, 0, 20], [3, 2, 0, 22]])
    claim = next(claim for claim in CLAIMS if claim.id == "superorthogonal.k3-l2")
    analysis = trained("superorthogonal", setting).isel(seed=0)
    assert judge(claim.rule, claim.measure({"superorthogonal": analysis}))[0] == "supported"
    status = analysis["status"].copy()
    status[0] = int(Outcome.UNDECIDED)
    assert judge(claim.rule, claim.measure({"superorthogonal": analysis.assign(status=status)}))[0] == "inconclusive"


def test_a_killed_run_resumes_with_the_cases_it_has():
    setting = setting_of("superorthogonal", cases=[[2, 2, 1, 17], [2, 2, 0, 20]])
    whole = trained("superorthogonal", setting)
    checkpoint = MemoryCheckpoint(stop_after=1)
    with pytest.raises(Interrupted):
        trained("superorthogonal", setting, Context(3, checkpoint))
    assert whole.identical(trained("superorthogonal", setting, Context(3, checkpoint)))


def test_active_conditions_are_those_that_parity_leaves():
    assert active_conditions(2, 2, 1) == [(2, 2)]
    assert active_conditions(3, 2, 1) == [(2, 2), (3, 1)]
    assert active_conditions(3, 2, 0) == [(2, 2), (3, 2)]


def test_moments_are_compared_with_the_samples_of_each_information_exponent():
    """p is the degree of the first coefficient, which is not zero; a kurtosis of 10^7 is above M d^2 = 10^4.5 and, for
    p = 5, below M d^4 = 10^8.1."""
    cases = [[2, 2, 1, 17], [2, 3, 1, 23]]
    setting = setting_of("superorthogonal", cases=cases)
    analysis = trained("superorthogonal", setting).isel(seed=0)
    assert list(information_exponents(np.array(cases))) == [3, 5]
    for text in analysis["coefficients"].values:
        assert abs(float(str(text).split()[0])) > 1e-6
    claim = next(claim for claim in CLAIMS if claim.id == "superorthogonal.moments")
    found = claim.measure({"superorthogonal": analysis})
    assert judge(claim.rule, found)[0] == "supported"
    least = np.log10(analysis["kurtosis"].values[:, 0]) - np.log10([8 * 64.0**2, 8 * 64.0**4])
    assert found.estimate == pytest.approx(least.min(), abs=1e-9)
    low = analysis.assign(kurtosis=(analysis["kurtosis"].dims, np.full((2, 2), 1e7)))
    assert judge(claim.rule, claim.measure({"superorthogonal": low}))[0] == "contradicted"


def test_a_mean_of_fourth_powers_is_at_most_the_size_times_the_squared_mean_of_squares():
    """What a sample can show of the fourth moment; equal where one input has all of the weight."""
    rng = np.random.default_rng(0)
    f = np.exp(3 * rng.standard_normal((200, 50)))
    assert ((f**4).mean(1) <= 50 * (f**2).mean(1) ** 2).all()
    one = np.eye(1, 50)
    np.testing.assert_allclose((one**4).mean(1), 50 * (one**2).mean(1) ** 2)
