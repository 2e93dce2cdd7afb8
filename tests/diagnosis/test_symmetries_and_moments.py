"""Symmetries that are known groups, invariant tensors that are counted by hand, moments against closed forms."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from learnability.diagnosis import symmetries
from learnability.diagnosis.exponents import GenerativeSearch, correlational
from learnability.diagnosis.moments import (
    Coefficients,
    Panels,
    PolynomialPowers,
    PolynomialValues,
    RandomPoints,
    Square,
)
from learnability.diagnosis.probe import Probe
from learnability.diagnosis.result import Symmetries
from learnability.hermite.basis import evaluate
from learnability.hermite.function_target import FunctionTarget
from learnability.hermite.rotation import multi_indices, rotate
from learnability.hermite.target_language import parse, parse_target


def _values(text: str) -> PolynomialValues:
    return PolynomialValues(parse(text))


def _probe(text: str, variables: int) -> Probe:
    return Probe.of(_values(text), variables)


def _swap(variables: int, i: int, j: int) -> NDArray[np.float64]:
    swap = np.eye(variables)
    swap[[i, j]] = swap[[j, i]]
    return swap


def _flip(variables: int, i: int) -> NDArray[np.float64]:
    return np.diag([-1.0 if k == i else 1.0 for k in range(variables)])


def _turn(variables: int, share: float) -> NDArray[np.float64]:
    """The first plane turned by a share of a whole turn."""
    generator = np.zeros((variables, variables))
    generator[0, 1], generator[1, 0] = 1.0, -1.0
    return symmetries.rotation_by(generator, 2 * math.pi * share)


def test_maps_that_change_nothing_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same invariants, entry by entry, as with every map applied; and few of them are."""
    group = symmetries.closure(symmetries.find(_probe("(z1*z2 + z3*z4)^2", 4)).elements)
    applied: list[int] = []
    representation = symmetries.representation

    def counted(g: NDArray[np.float64], k: int) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        applied.append(k)
        return representation(g, k)

    monkeypatch.setattr(symmetries, "representation", counted)
    some = [symmetries.invariants(group, 4, k) for k in range(1, 7)]
    few = len(applied)
    monkeypatch.setattr(symmetries, "UNCHANGED", 0.0)
    for k, found in enumerate(some, 1):
        assert np.array_equal(found, symmetries.invariants(group, 4, k))
    assert 4 * few < len(applied) - few


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("z1*z2*z3", 24),  # even sign changes times permutations: the tetrahedral group with reflections
        ("re(z1, z2, 3)", 6),  # the dihedral group of the triangle
        ("re(z1, z2, 4)", 8),
        ("z1*h3(z2)", 2),
        ("h3(z1) + h3(z2)", 2),
        ("h4(z1) + h4(z2)", 8),
        ("z1 + z1*z2", 1),
    ],
)
def test_groups_have_their_order(text: str, order: int) -> None:
    """The closure of what is found, with the identity; and what a search finds for a rotated target."""
    target = parse(text)
    found = symmetries.find(_probe(text, target.variables))
    group = symmetries.closure([*found.elements, np.eye(target.variables)])
    assert len(group) == order
    for g in group:
        np.testing.assert_allclose(g @ g.T, np.eye(len(g)), atol=1e-10)
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((target.variables,) * 2))[0]
    probe = Probe.of(PolynomialValues(rotate(target, turn)), target.variables)
    turned = symmetries.search(probe, symmetries.find(probe))
    for g in turned.elements:
        back = turn.T @ g @ turn
        assert min(np.abs(back - h).max() for h in group) < 1e-6
    assert order == 1 or turned.elements


LARGE = [
    ("h12(z1) + h12(z2) + h12(z3)", [_swap(3, 0, 2), _flip(3, 1)]),
    ("(z1 - z2)^12 + (z1 - z3)^12 + (z2 - z3)^12", [_swap(3, 0, 1), -np.eye(3)]),
    ("re(z1, z2, 12)", [_turn(2, 1 / 3)]),
    ("(z1^2 + z2^2 + z3^2)^6", [_turn(3, 1 / 7)]),
    ("cos(h6(z1)*h6(z2))", [_swap(2, 0, 1), _flip(2, 0)]),
    ("sin(z1^11)*sin(z2^11)", [_swap(2, 0, 1), -np.eye(2)]),
    ("cos(re(z1, z2, 8))", [_turn(2, 1 / 8)]),
    ("sign(re(z1, z2, 6))*abs(re(z1, z2, 3))", [_turn(2, 1 / 3)]),
    ("tanh(5*(z1^2 + z2^2 - 3)) - erf(40*(z1^2 + z2^2 - 1))", [_turn(2, 1 / 5)]),
    ("sqrt(abs(h4(z1)))*sqrt(abs(h4(z2)))", [_swap(2, 0, 1), _flip(2, 1)]),
    ("sign((z1 - z2)^3)*z3", [_swap(3, 0, 1) @ _flip(3, 2)]),
    ("exp(0.2*z1^2)*cos(z2)", [_flip(2, 0), _flip(2, 1)]),
    ("exp(3*z1) + exp(-3*z1)", [-np.eye(1)]),
]


@pytest.mark.parametrize(("text", "maps"), LARGE, ids=[text for text, _ in LARGE])
def test_rounding_at_large_radii_loses_no_symmetry(text: str, maps: list[NDArray[np.float64]]) -> None:
    """Polynomials of degree 12 and functions of large arguments, at points as far as eight deviations and more."""
    target = parse_target(text)
    values = target if isinstance(target, FunctionTarget) else PolynomialValues(target)
    probe = Probe.of(values, target.variables)
    assert symmetries.find(probe).residual < 0.1 * symmetries.SAME
    assert (probe.misses(np.array(maps), symmetries.SAME) < symmetries.SAME).all()


def test_continuous_rotations() -> None:
    assert len(symmetries.find(_probe("(z1^2 + z2^2)^2", 2)).rotations) == 1
    assert len(symmetries.find(_probe("z1^2 + z2^2 + z3^2", 3)).rotations) == 3
    assert not symmetries.find(_probe("z1*z2", 2)).rotations
    # (z1 z2 + z3 z4)^2 is a form with two signs of each kind: a plane turns for either.
    assert len(symmetries.find(_probe("(z1*z2 + z3*z4)^2", 4)).rotations) == 2


def test_the_points_of_a_probe_lie_on_both_sides_of_every_kink() -> None:
    """Also where two of them enclose little, or meet in a corner."""
    target = parse_target("indicator(z1*z2 > 8)*indicator(8.001 > z1*z2) + relu(z1 + z2 - 6)*indicator(z1 - z2 > 0.01)")
    assert isinstance(target, FunctionTarget)
    z = Probe.of(target, 2).points
    product, total, apart = z[:, 0] * z[:, 1], z.sum(axis=1), z[:, 0] - z[:, 1]
    assert ((product > 8) & (product < 8.001)).any()
    for kink, at in ((product, 8), (product, 8.001), (total, 6), (apart, 0.01)):
        assert ((kink > at - 0.05) & (kink < at)).any()
        assert ((kink > at) & (kink < at + 0.05)).any()
    assert ((total > 6) & (apart > 0.01)).any()
    assert ((total > 6) & (apart < 0.01)).any()


def test_points_that_rounding_decides_are_left_out() -> None:
    """The sign of (z1 - z2)^4 is that of rounding near the diagonal; cos of 1e5 has lost eleven digits, of 1e12 all."""

    def points(text: str) -> NDArray[np.float64]:
        target = parse_target(text)
        assert isinstance(target, FunctionTarget)
        return Probe.of(target, 2).points

    diagonal, large, noise = map(points, ("sign((z1 - z2)^4)", "cos(1000*z1*z2)", "cos(1000000000*z1*z2)"))
    assert np.abs(diagonal[:, 0] - diagonal[:, 1]).min() > 1e-3
    assert np.abs(large[:, 0] * large[:, 1]).max() < 7
    assert len(noise) >= 48


def test_a_false_symmetry_does_not_outweigh_the_label() -> None:
    """z -> -z given for ``z1^2 z2 + ...``: degree one of the label shows z2, so that it is dropped, others stay."""
    target = parse("z1^2*z2 + z2^2 + z3^2")
    values, label = PolynomialValues(target), correlational(target)
    right, wrong = _flip(3, 0), -np.eye(3)
    group = Symmetries((right, wrong), (), 0.0, ("z -> -z",))
    sources = (Coefficients(target), PolynomialPowers(target))
    found, left = GenerativeSearch(Probe.of(values, 3), sources, group, label=label).run()
    assert label.steps[0].exponent == 1
    assert found.steps[0].exponent == 1
    assert len(left.elements) == 1
    assert np.array_equal(left.elements[0], right)


def test_invariant_tensors_are_counted_by_hand() -> None:
    """Swap: (k + 2) // 2 symmetric functions of degree k. Sign changes: even powers alone. -I: none for odd k."""
    swap, minus = np.array([[0.0, 1.0], [1.0, 0.0]]), -np.eye(2)
    turn = symmetries.rotation_by(np.array([[0.0, -1.0], [1.0, 0.0]]), 2 * math.pi / 3)
    for k in range(1, 7):
        assert symmetries.invariants([swap], 2, k).shape[1] == (k + 2) // 2
        assert symmetries.invariants([minus], 2, k).shape[1] == (0 if k % 2 else k + 1)
        flips = [np.diag([1.0, -1.0]), np.diag([-1.0, 1.0])]
        assert symmetries.invariants(flips, 2, k).shape[1] == (0 if k % 2 else k // 2 + 1)
        # Rotation by a third of a turn: z^a zbar^b with a - b divisible by 3.
        expected = sum((2 * a - k) % 3 == 0 for a in range(k + 1))
        assert symmetries.invariants([turn], 2, k).shape[1] == expected
        # The swap with a sign: what it changes the sign of.
        assert symmetries.invariants([], 2, k, opposite=[swap]).shape[1] == k + 1 - (k + 2) // 2


def test_representations_are_orthogonal_and_turn_the_basis() -> None:
    """``c -> D c`` for f(z) -> f(g^T z), against values."""
    rng = np.random.default_rng(2)
    g = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    indices = multi_indices(3, 4)
    c = rng.standard_normal((len(indices), 1))
    moved = symmetries.representation(g, 4)(c)
    assert np.linalg.norm(moved) == pytest.approx(np.linalg.norm(c))
    z = rng.standard_normal((20, 3))
    from learnability.hermite.expansion import HermiteExpansion

    before = HermiteExpansion(3, {tuple(b): v for b, v in zip(indices.tolist(), c[:, 0].tolist(), strict=True)})
    after = HermiteExpansion(3, {tuple(b): v for b, v in zip(indices.tolist(), moved[:, 0].tolist(), strict=True)})
    np.testing.assert_allclose(evaluate(after, z), evaluate(before, z @ g), atol=1e-10)


def test_values_of_polynomials() -> None:
    target = parse("z1*z2^3 - 2*h3(z3)*z5 + 1 + z4")
    z = np.random.default_rng(0).standard_normal((7, 11, 5))
    np.testing.assert_allclose(PolynomialValues(target)(z), evaluate(target, z), rtol=1e-12, atol=1e-12)


def test_moments_of_powers_are_exact() -> None:
    """For z1 z2 the second transform is ``(y^2 - 1)/sqrt 8``, and ``E[y^2 h2(z1)] = sqrt 2``: a half."""
    first, second, *_ = PolynomialPowers(parse("z1*z2")).batches(np.eye(2), 0, 2, 0)
    place = {tuple(b): i for i, b in enumerate(multi_indices(2, 2).tolist())}
    assert first.values[place[(1, 1)], 0] == pytest.approx(1)
    assert abs(second.values[place[(1, 1)], 0]) < 1e-12
    # The rule has fewer nodes than the square of the transform needs: its norm is that of the rule.
    assert second.values[place[(2, 0)], 0] == pytest.approx(second.values[place[(0, 2)], 0])
    assert second.values[place[(2, 0)], 0] > 0.4


def test_a_table_of_coefficients_that_no_memory_holds_is_left_out() -> None:
    """41^6 coefficients are 38 GB; other sources decide then."""
    target = parse(" + ".join(f"h40(z{i})" for i in range(1, 7)))
    assert list(PolynomialPowers(target).batches(np.eye(6), 0, 2, 0)) == []


def test_moments_of_the_square() -> None:
    """``f = z1 z2 + relu(z1)``: ``E[f^2 z2] = 2 E[z1 relu(z1)] = 1``, ``E[f^2 z1] = E[relu^3] = 2 phi(0)``."""
    target = parse_target("z1*z2 + relu(z1)")
    assert isinstance(target, FunctionTarget)
    (batch,) = Square(target).batches(np.eye(2), 0, 1, 0)
    place = {tuple(b): i for i, b in enumerate(multi_indices(2, 1).tolist())}
    ratio = batch.values[place[(1, 0)], 0] / batch.values[place[(0, 1)], 0]
    assert ratio == pytest.approx(2 / math.sqrt(2 * math.pi), rel=1e-9)


def test_random_moments_have_honest_errors() -> None:
    """Moments that vanish by the swap: six standard errors are exceeded with probability below 1e-4."""
    values = _values("h3(z1) + h3(z2)")
    (batch,) = RandomPoints(values, 2).batches(np.eye(2), 0, 1, 0)
    difference = batch.values[0] - batch.values[1]
    assert (np.abs(difference) < 6 * np.hypot(batch.error[0], batch.error[1])).all()
    assert np.abs(batch.values).max() > 0.1


def test_panels_of_a_known_link() -> None:
    """``E[T(z^2) h_3(z)] = 0`` and ``E[E[h_2 | y]^2] = 1``, of which eight transforms hold most."""
    panels = Panels(lambda z: z[..., 0] ** 2)
    (odd,) = panels.batches(np.eye(1), 0, 3, 0)
    assert np.abs(odd.values).max() < 1e-12
    (even,) = panels.batches(np.eye(1), 0, 2, 0)
    assert 0.9 < float((even.values**2).sum()) < 1 + 1e-6
