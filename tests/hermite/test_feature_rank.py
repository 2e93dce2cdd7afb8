"""Exact ranks of the second stage's features: against fractions, Gram determinants and the flow itself."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb
from scipy.integrate import solve_ivp

from learnability.flows.simplified import simplified_weights
from learnability.flows.simplified_exact import exact_trajectory
from learnability.hermite.feature_rank import (
    PRIME,
    ROOT_OF_TWO,
    exact_taylor_ranks,
    exact_terms,
    feature_rank,
    feature_series,
    modular,
    rational,
    symmetric_lines,
    weight_series,
)
from learnability.hermite.invariant_curve import InvariantCurve, field_on, invariant_curve, is_invariant
from learnability.hermite.kept_output import kept_feature_rank, kept_output_series, reached_dimension
from learnability.hermite.polynomial_kernel import features
from learnability.hermite.reflective_exact import row_echelon
from learnability.hermite.target_language import parse
from learnability.hermite.taylor_rank import DERIVATIVES, taylor_coefficients, taylor_ranks

GAP = "7*z1 - 7*z1*z2 + 0.5*He3(z1) - 1.5*He3(z1)*z2 + 0.75*He5(z1) - z2*z3 + 0.5*He2(z1)*z3"
PARABOLA = "14*z1 - 14*z1*z2 + He3(z1) + 6*z1*He2(z2) + 3*He3(z1)*z2"


def test_root_of_two() -> None:
    assert pow(ROOT_OF_TWO, 2, PRIME) == 2


@pytest.mark.parametrize("activation", ["sine", "exponential", "tanh"])
def test_series_of_the_weights_against_fractions(activation: str) -> None:
    """The recursion over polynomials of flint against the one over Python's fractions."""
    h = parse("z1 + 0.5*z1*z2 + z1*z2*z3")
    expected = taylor_coefficients(dict(exact_terms(h)), 3, DERIVATIVES[activation](20), 9)
    found = weight_series(h, activation, 9, rational)
    for j in range(3):
        assert [Fraction(int(found[j][k].p), int(found[j][k].q)) for k in range(1, 10)] == list(expected[:, j])
    reduced = weight_series(h, activation, 9, modular)
    for j in range(3):
        values = [x.numerator * pow(x.denominator, -1, PRIME) % PRIME for x in expected[:, j]]
        assert [int(reduced[j][k]) for k in range(1, 10)] == values


@pytest.mark.parametrize("activation", ["sine", "exponential", "tanh"])
@pytest.mark.parametrize("text", [GAP, PARABOLA, "z1*z2", "z1 + z1*z2 + z2*z3 + 0.5*He2(z1)*z3", "z3 + (z1*z2)^3"])
def test_taylor_ranks_against_fractions(text: str, activation: str) -> None:
    """Pivots of flint's series against the echelon form of the recursion in Python's fractions, order by order."""
    assert exact_taylor_ranks(parse(text), activation, 8) == taylor_ranks(parse(text), activation, 8)


def test_feature_series_against_the_features() -> None:
    """At a small tau, from the series of the weights, times sqrt(b!)."""
    h, tau = parse("z1 + z1*z2"), 0.05
    series = feature_series(weight_series(h, "sine", 30, rational), 2, 31, rational)
    root = np.sqrt([1, 1, 1, 2, 1, 2])
    found = np.array([sum(float(c.p) / float(c.q) * tau**k for k, c in enumerate(f.coeffs())) for f in series]) / root
    # The series leave out the factor 1/sqrt(2) of sin(x + pi/4).
    np.testing.assert_allclose(found, features(simplified_weights(h, np.array([tau * np.sqrt(2)])), 2)[0], rtol=1e-11)


def test_rank_against_row_echelon_in_fractions() -> None:
    """The pivots of one copy, against Gaussian elimination of the same table in Python's fractions."""
    h = parse("z1 + He2(z1)*z2")
    series = feature_series(weight_series(h, "sine", 14, rational), 3, 15, rational)
    columns = [[Fraction(int(f[k].p), int(f[k].q)) for f in series] for k in range(15)]
    orders = [k for k in range(15) if len(row_echelon(columns[: k + 1])) > len(row_echelon(columns[:k]))]
    for ring in (modular, rational):
        assert feature_rank(h, 14, ring=ring).orders == tuple(orders)


@pytest.mark.parametrize(
    ("text", "copies", "order", "power"),
    [
        ("z1 + z1*z2", 1, 8, 12),
        ("z1 + z1*z2", 2, 4, 8),
        ("z1 + z1*z2 + z1*z2*z3", 1, 24, 48),
        ("z1 + z1*z2 + z1*z2*z3", 3, 12, 24),
        (PARABOLA, 2, 8, 16),
    ],
)
def test_full_ranks_and_the_power_of_time(text: str, copies: int, order: int, power: int) -> None:
    """Both rings; one order less is not enough, and p copies have the paper's 2 s n."""
    h = parse(text)
    for ring in (modular, rational):
        found = feature_rank(h, order, copies, ring=ring)
        assert found.full
        assert found.time_power == power
        assert not feature_rank(h, power // 2 - 1, copies, ring=ring).full


def test_rank_does_not_grow_where_polynomials_vanish_on_the_curve() -> None:
    """Of 15 polynomials of degree 4, 9 are independent on a parabola: its coordinate to the powers 0 .. 8."""
    for order in (12, 40):
        assert feature_rank(parse(PARABOLA), order).orders == tuple(range(9))


def test_lines_determine_symmetric_forms() -> None:
    """All symmetric polynomials of degree up to 6 in three variables: as many independent values as monomials."""
    lines = symmetric_lines(3, 6)
    for degree in range(7):
        partitions = symmetric_lines(3, degree)
        values = [
            [
                sum(np.prod([float(line[i]) ** k for i, k in enumerate(order)]) for order in _orders(c))
                for c in partitions
            ]
            for line in lines
        ]
        assert np.linalg.matrix_rank(np.array(values)) == len(partitions)


def _orders(c: tuple[int, ...]) -> set[tuple[int, ...]]:
    import itertools

    return set(itertools.permutations(c))


def test_irrational_coefficients_are_refused() -> None:
    with pytest.raises(ValueError, match="fractions with denominators"):
        feature_rank(parse("z1 + 0.12345678912*z1*z2"), 4)
    with pytest.raises(ValueError, match="not rational; allowed are"):
        weight_series(parse("z1 + z1*z2"), "sigmoid", 4)


@pytest.mark.parametrize(
    ("text", "equations", "spanned"), [(GAP, "w2 = 1/2 w1^2, w3 = 0", 2), (PARABOLA, "w2 = 1/2 w1^2", 2)]
)
def test_invariant_parabolas(text: str, equations: str, spanned: int) -> None:
    """Proved as identities; the flow in multiprecision confirms them."""
    h = parse(text)
    found = invariant_curve(h)
    assert found is not None
    assert found.describe() == equations
    assert found.spanned == spanned
    trajectory = exact_trajectory(h, 0.4, 256)
    for tau in ("-0.4", "-0.1", "0.3"):
        w = trajectory(arb(tau))
        assert abs(float(w[1] - w[0] ** 2 / 2)) < 1e-14
        assert abs(float(w[0])) > 0.1


def test_a_curve_that_is_not_invariant_is_refused() -> None:
    h = parse(GAP)
    curve = (rational([0, 1]), rational([0, 0, Fraction(1, 3)]), rational([]))
    assert not is_invariant(h, curve)
    assert invariant_curve(parse("z1 + z1*z2")) is None
    with pytest.raises(ValueError, match="coordinate that is the parameter"):
        is_invariant(h, (rational([0, 2]), rational([0, 0, 1]), rational([])))


def test_field_against_the_definition() -> None:
    """``X`` is parallel to ``E[z h(z) cos(w.z + pi/4)]``, the slope of (4.1), at points of a curve."""
    h = parse(GAP)
    curve = (rational([0, 1]), rational([0, 1]), rational([0, 0, 1]))
    x = 0.7
    exact = np.array(
        [sum(float(c.p) / float(c.q) * x**k for k, c in enumerate(f.coeffs())) for f in field_on(h, curve)]
    )
    w = np.array([x, x, x * x])
    points, masses = np.polynomial.hermite_e.hermegauss(24)
    grid = np.stack(np.meshgrid(points, points, points, indexing="ij"), axis=-1).reshape(-1, 3)
    mass = np.prod(np.stack(np.meshgrid(masses, masses, masses, indexing="ij"), axis=-1).reshape(-1, 3), axis=1)
    he3, he5 = (np.polynomial.hermite_e.HermiteE.basis(k) for k in (3, 5))
    z1, z2, z3 = grid.T
    values = 7 * z1 - 7 * z1 * z2 + 0.5 * he3(z1) - 1.5 * he3(z1) * z2 + 0.75 * he5(z1) - z2 * z3
    values = (values + 0.5 * (z1**2 - 1) * z3) * mass / mass.sum()
    slope = (values * np.cos(grid @ w + np.pi / 4)) @ grid
    np.testing.assert_allclose(slope * np.exp(w @ w / 2) * np.sqrt(2), exact, rtol=1e-8)


def test_loss_that_one_copy_cannot_reach() -> None:
    """Against least squares in float64 on many points of the parabola, and against a reflective target's floor."""
    h = parse(PARABOLA)
    curve = invariant_curve(h)
    assert isinstance(curve, InvariantCurve)
    x = np.linspace(-1.5, 1.5, 40)
    table = features(np.stack([x, x**2 / 2], axis=1), 4)
    from learnability.hermite.polynomial_kernel import feature_indices

    c = np.array([h.coefficients.get(tuple(b), 0.0) for b in feature_indices(2, 4).tolist()])
    rows = np.linalg.svd(table)[2][:9]
    left = 0.5 * (c @ c - np.square(rows @ c).sum())
    assert float(curve.unreachable_loss(h)) == pytest.approx(left, rel=1e-6)
    assert curve.unreachable_loss(h) == Fraction(994, 11)
    line = invariant_curve(parse("z1 + z1*z2*z3"))
    assert line is not None
    assert line.unreachable_loss(parse("z1 + z1*z2*z3")) == Fraction(1, 2)


def test_kept_output_against_particles() -> None:
    """The series at a small time against the flow of 12 Gauss-Legendre particles that see each other, by SciPy."""
    h, order, time = parse("z1 + z1*z2"), 12, 0.15
    space, w = kept_output_series(h, order)
    nodes, masses = np.polynomial.legendre.leggauss(12)
    masses = masses / 2

    def slope(_: float, flat: np.ndarray) -> np.ndarray:
        v = flat.reshape(12, 2)
        decay = np.exp(-0.5 * (v**2).sum(1))
        g = v[:, 0] - v[:, 0] * v[:, 1]
        gradient = np.stack([1 - v[:, 1], -v[:, 0]], axis=1)
        own = decay[:, None] * (gradient - g[:, None] * v)
        away = v[:, None] - v[None]
        pair = np.exp(-0.5 * (away**2).sum(-1)) * masses * nodes
        return np.asarray(nodes[:, None] * (own + (pair[..., None] * away).sum(1) / np.sqrt(2))).ravel()

    solved = solve_ivp(slope, (0, time), np.zeros(24), rtol=1e-12, atol=1e-15).y[:, -1].reshape(12, 2)
    # Coefficients in Q(sqrt 2) come back from residues of small fractions: first orders by hand.
    rows = [space.unpacked(series) for series in w]
    assert rows[0][1][1] == 1  # w_1 = a t + ...
    assert rows[1][2][2] == -pow(2, -1, PRIME) % PRIME  # w_2 = -a^2 t^2 / 2 + ...
    # w_1 at t^2: the output pushes back by a / (6 sqrt 2) t^2.
    assert rows[0][2][1] == -pow(6, -1, PRIME) * pow(ROOT_OF_TWO, -1, PRIME) % PRIME
    first = nodes * time - nodes * time**2 / (6 * np.sqrt(2))
    np.testing.assert_allclose(solved[:, 0], first, atol=2 * time**3)
    halved = solve_ivp(slope, (0, time / 2), np.zeros(24), rtol=1e-12, atol=1e-15).y[:, -1].reshape(12, 2)
    rest = np.abs(solved[:, 0] - first).max()
    rest_halved = np.abs(halved[:, 0] - (nodes * time / 2 - nodes * (time / 2) ** 2 / (6 * np.sqrt(2)))).max()
    assert rest / rest_halved == pytest.approx(8, rel=0.15)


def test_the_output_leaves_the_parabola() -> None:
    h = parse(GAP)
    assert reached_dimension(h, 3) == 2
    assert reached_dimension(h, 4) == 3
    assert reached_dimension(parse("z1 + z1*z2*z3"), 10) == 1  # reflective: not even then


def test_one_copy_with_the_output_kept() -> None:
    assert kept_feature_rank(parse("z1 + z1*z2"), 10) == (6, 6)
    assert kept_feature_rank(parse("z1 + z1*z2*z3"), 10)[0] < 20
    assert kept_feature_rank(parse(PARABOLA), 18) == (15, 15)


def test_gram_determinant_confirms_a_full_rank() -> None:
    """The 6 x 6 Gram matrix of the features at T = 0.3 is positive definite in 30 digits of mpmath."""
    with mpmath.workdps(30):
        h = parse("z1 + z1*z2")
        series = weight_series(h, "sine", 24, rational)
        nodes, masses = np.polynomial.legendre.leggauss(16)
        tau = [mpmath.mpf(x) * mpmath.mpf("0.3") for x in nodes]
        rows = feature_series(series, 2, 25, rational)
        table = mpmath.matrix(16, 6)
        for i, t in enumerate(tau):
            for j, f in enumerate(rows):
                table[i, j] = mpmath.sqrt(masses[i] / 2) * sum(
                    mpmath.mpf(int(c.p)) / int(c.q) * t**k for k, c in enumerate(f.coeffs())
                )
        eigenvalues = mpmath.eigsy(table.T * table, eigvals_only=True)
        assert min(eigenvalues) > mpmath.mpf(10) ** -18
