"""The largest reflective subspace: reference values, invariance, and two checks that share no code with the closure."""

import time

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm

from learnability.hermite.activation_class import ACTIVATION_CLASSES, ODD, QUADRATIC, SMOOTH, ActivationClass
from learnability.hermite.basis import evaluate
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.reflective import diagnose, leaps
from learnability.hermite.reflective_exact import as_rational, exact_closure
from learnability.hermite.reflective_search import (
    SmoothedParts,
    defect,
    definition_residual,
    gauss_grid,
    grassmann_search,
    subspace_defect,
)
from learnability.hermite.rotation import multi_indices, rotate
from learnability.hermite.target_language import parse

Array = NDArray[np.float64]

#: target, class, dimension of S*, spanning vectors of S* (rows)
REFERENCE = [
    ("z1 + z1*z2*z3", SMOOTH, [[0, 1, 0], [0, 0, 1]]),
    ("z1 + z1*z2 + z1*z2*z3", SMOOTH, []),
    ("z1 + z1*z2 + z1*z2*z3", QUADRATIC, [[0, 0, 1]]),
    ("z1*z2", SMOOTH, [[1, 0], [0, 1]]),
    ("He2(z1)", SMOOTH, [[1]]),
    ("He3(z1)", SMOOTH, [[1]]),
    ("z1 + He3(z2)", SMOOTH, [[0, 1]]),
    ("z1 + z1*z2", SMOOTH, []),
    ("z1 + z1*z2", ODD, [[0, 1]]),
    ("z1 + z2 + z1*z3 + z2*z4", SMOOTH, [[1, -1, 0, 0], [0, 0, 1, -1]]),
    ("z1 + z2 + z1*z3 + 0.5*z2*z4", SMOOTH, []),
    ("z1 + He2(z1)*z2", SMOOTH, []),
    ("z1 + He2(z1)*z2", QUADRATIC, [[0, 1]]),
    ("z1 + z1*z2 + z2*z3 + 0.5*He2(z1)*z3", SMOOTH, []),
]
SLOPES = {
    "smooth": lambda x: np.cos(x + np.pi / 4),
    "quadratic": lambda x: 1 + x,
    "odd": np.cos,
}


def haar(p: int, rng: np.random.Generator) -> Array:
    return np.linalg.qr(rng.standard_normal((p, p)))[0]


def projector(rows: list[list[float]], p: int) -> Array:
    if not rows:
        return np.zeros((p, p))
    q = np.linalg.qr(np.array(rows, dtype=float).T)[0]
    return q @ q.T


def planted(rng: np.random.Generator, p: int, trapped: int) -> tuple[HermiteExpansion, Array]:
    """A random target whose terms never have degree one in the last ``trapped`` of rotated coordinates."""
    free = p - trapped
    terms = {}
    for degree in range(1, 5):
        for index in multi_indices(p, degree).tolist():
            if sum(index[free:]) != 1 and rng.random() < 0.4:
                terms[tuple(index)] = float(rng.uniform(0.5, 1.5))
    for i in range(free):
        terms[tuple(int(j <= i) if i else int(j == 0) for j in range(p))] = 1.0
    for i in range(free, p):
        terms[tuple(2 * int(i == j) for j in range(p))] = 1.0
    turn = haar(p, rng)
    return rotate(HermiteExpansion(p, terms), turn), turn[:, free:] @ turn[:, free:].T


@pytest.mark.parametrize(("text", "activation", "rows"), REFERENCE)
def test_reference_subspaces_and_their_rotations(
    text: str, activation: ActivationClass, rows: list[list[float]]
) -> None:
    h = parse(text)
    expected = projector(rows, h.variables)
    found = diagnose(h, activation)
    np.testing.assert_allclose(found.trapped_projector, expected, rtol=0, atol=1e-14)
    assert found.exact
    turn = haar(h.variables, np.random.default_rng(2))
    turned = diagnose(rotate(h, turn), activation)
    np.testing.assert_allclose(turned.trapped_projector, turn @ expected @ turn.T, rtol=0, atol=1e-12)
    assert turned.growth == found.growth
    assert turned.leaps == found.leaps
    assert turned.loss_floor == pytest.approx(found.loss_floor, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("z1 + z1*z2", (1, 1)),
        ("He3(z1)", (3,)),
        ("z1 + He3(z2)", (1, 3)),
        ("z1*z2*z3", (3,)),
        ("z1*z2 + z1*z3*z4", (2, 2)),
    ],
)
def test_leaps(text: str, expected: tuple[int, ...]) -> None:
    assert leaps(parse(text)) == expected


@pytest.mark.parametrize("text", ["z1 + z1*z2*z3", "z1 + z2 + z1*z3 + z2*z4", "z1*z2", "z1 + He3(z2) + 0.3*z1^2*z2^2"])
def test_loss_floor_is_half_the_variance_inside_the_trapped_subspace(text: str) -> None:
    """E|h - E_{z_S} h|^2 by Gauss-Hermite, with the conditional mean integrated numerically."""
    h = parse(text)
    found = diagnose(h)
    points, weights = gauss_grid(h.variables, 7)
    inside = found.trapped
    outer = points - points @ inside @ inside.T
    inner, inner_weights = gauss_grid(inside.shape[1], 7)
    mean = sum(w * evaluate(h, outer + s @ inside.T) for s, w in zip(inner, inner_weights, strict=True))
    expected = 0.5 * float(weights @ np.square(evaluate(h, points) - mean))
    assert found.loss_floor == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("seed", range(8))
def test_planted_subspaces_are_found_and_satisfy_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = int(rng.integers(2, 4))
    h, expected = planted(rng, p, int(rng.integers(1, p)))
    found = diagnose(h)
    assert np.linalg.norm(found.trapped_projector - expected) < 1e-10
    shifts = rng.standard_normal(10)
    directions = rng.uniform(-0.8, 0.8, (10, p))
    residual = definition_residual(h, found.trapped, SLOPES["smooth"], shifts, directions, nodes=18)
    assert residual < 1e-11 * h.norm
    extra = found.learnable @ rng.standard_normal((found.learnable.shape[1], 1))
    larger = np.hstack([found.trapped, extra / np.linalg.norm(extra)])
    assert definition_residual(h, larger, SLOPES["smooth"], shifts, directions, nodes=18) > 1e-2


@pytest.mark.parametrize("name", list(ACTIVATION_CLASSES))
@pytest.mark.parametrize("text", ["z1 + z1*z2*z3", "z1 + z1*z2 + z1*z2*z3", "z1 + He2(z1)*z2"])
def test_the_search_finds_what_the_closure_finds_and_nothing_larger(text: str, name: str) -> None:
    """Multi-start minimisation over the Grassmannian: zero at dim S*, inside S*, and bounded away from zero above."""
    rng = np.random.default_rng(4)
    h = parse(text)
    h = rotate(h, haar(h.variables, rng))
    activation = ACTIVATION_CLASSES[name]
    found = diagnose(h, activation)
    size = found.trapped.shape[1]
    for dimension in range(max(size, 1), h.variables + 1):
        starts = rng.standard_normal((8, h.variables, dimension))
        values, projectors = grassmann_search(h, dimension, starts, activation)
        best = int(values.argmin())
        if dimension == size:
            assert values[best] < 1e-12
            assert np.linalg.norm(projectors[best] - found.trapped_projector) < 1e-5
        else:
            assert values[best] > 1e-2


def test_the_target_that_no_coordinate_search_sees() -> None:
    h = parse("z1 + z2 + z1*z3 + z2*z4")
    axes = np.eye(4)
    single = min(subspace_defect(h, axes[:, [i]]) for i in range(4))
    assert single > 1e-2
    diagonal = np.array([[1, -1, 0, 0], [0, 0, 1, -1]]).T / np.sqrt(2)
    assert subspace_defect(h, diagonal) < 1e-30


def test_gradient_of_the_defect_along_a_rotation() -> None:
    """Central differences of R(e^{t A} P e^{-t A}) with A skew: only directions within the Grassmannian count."""
    rng = np.random.default_rng(0)
    parts = SmoothedParts.of(parse("z1 + z1*z2*z3 + He2(z2)"))
    q = haar(3, rng)[:, :2]
    base, skew = q @ q.T, rng.standard_normal((3, 3))
    skew = skew - skew.T
    value, slope = defect(parts, base)
    step = 1e-5
    ahead, behind = (expm(t * skew) @ base @ expm(-t * skew) for t in (step, -step))
    change = (defect(parts, ahead)[0] - defect(parts, behind)[0]) / (2 * step)
    assert change == pytest.approx(float((slope * (skew @ base - base @ skew)).sum()), rel=1e-7)
    assert value > 0


def test_exact_dimensions_where_the_coefficients_are_rational() -> None:
    assert exact_closure(parse("z1 + z2 + z1*z3 + z2*z4"), SMOOTH) == (0, 1, 2)
    assert exact_closure(parse("z1 + z2 + z1*z3 + 0.9999*z2*z4"), SMOOTH) == (0, 1, 2, 3, 4)
    assert as_rational(0.1) is not None
    assert as_rational(float(np.pi)) is None
    assert exact_closure(rotate(parse("z1 + z1*z2"), haar(2, np.random.default_rng(0))), SMOOTH) is None


def test_eight_variables_of_degree_eight_in_well_under_a_second() -> None:
    """The densest target allowed: 12,870 coefficients, a planted subspace of dimension 4, rotated."""
    rng = np.random.default_rng(0)
    terms = {
        tuple(index): float(rng.standard_normal())
        for k in range(9)
        for index in multi_indices(8, k).tolist()
        if sum(index[4:]) != 1
    }
    turn = haar(8, rng)
    h = rotate(HermiteExpansion(8, terms), turn)
    start = time.process_time()
    found = diagnose(h)
    assert time.process_time() - start < 2.0  # 0.2 s on an idle core
    assert found.growth == (0, 1, 4)
    assert np.abs(found.trapped_projector - turn[:, 4:] @ turn[:, 4:].T).max() < 1e-12
    assert found.smallest_kept > 1e-3
    assert found.largest_dropped < 1e-12
