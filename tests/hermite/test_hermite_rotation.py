"""Rotations in the Hermite basis against evaluation, and their algebra."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from learnability.hermite.basis import evaluate
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.rotation import multi_indices, plane_matrix, plane_rotations, rotate
from learnability.hermite.target_language import parse


def haar(p: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return np.linalg.qr(rng.standard_normal((p, p)))[0]


def random_polynomial(p: int, degree: int, rng: np.random.Generator) -> HermiteExpansion:
    indices = [tuple(b) for k in range(degree + 1) for b in multi_indices(p, k).tolist()]
    return HermiteExpansion(p, dict(zip(indices, rng.standard_normal(len(indices)).tolist(), strict=True)))


@pytest.mark.parametrize(("variables", "degree"), [(1, 4), (2, 3), (3, 5), (5, 2)])
def test_multi_indices_are_all_and_different(variables: int, degree: int) -> None:
    indices = multi_indices(variables, degree)
    assert (indices.sum(1) == degree).all()
    assert len({tuple(b) for b in indices.tolist()}) == len(indices) == math.comb(variables + degree - 1, degree)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("text", ["z1 + z1*z2*z3^3", "He2(z1)*z2 + h5(z3) - 2*z1^4", "h2(z1) - h6(z2)"])
def test_rotated_polynomial_has_the_values_of_the_polynomial_at_the_rotated_point(text: str, sign: int) -> None:
    rng = np.random.default_rng(5)
    h = parse(text, 3)
    turn = haar(3, rng)
    turn[:, 0] *= sign * np.sign(np.linalg.det(turn))
    z = rng.standard_normal((40, 3))
    np.testing.assert_allclose(evaluate(rotate(h, turn), z), evaluate(h, z @ turn), rtol=0, atol=1e-11)


def test_rotations_compose_and_keep_the_norm_of_each_degree() -> None:
    rng = np.random.default_rng(1)
    h = random_polynomial(3, 6, rng)
    first, second = haar(3, rng), haar(3, rng)
    once, twice = rotate(h, second @ first), rotate(rotate(h, first), second)
    for index, value in once.coefficients.items():
        assert twice.coefficients.get(index, 0.0) == pytest.approx(value, abs=1e-13)
    for k in range(7):
        assert once.homogeneous(k).norm == pytest.approx(h.homogeneous(k).norm, rel=1e-13)


@pytest.mark.parametrize("degree", [0, 1, 4, 12, 30])
def test_plane_matrices_are_orthogonal(degree: int) -> None:
    matrix = plane_matrix(degree, math.cos(0.7), math.sin(0.7))
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(degree + 1), rtol=0, atol=1e-9 if degree > 20 else 1e-12)


def test_plane_rotations_multiply_to_the_matrix() -> None:
    turn = haar(5, np.random.default_rng(3))
    product = np.eye(5)
    for i, j, c, s in plane_rotations(turn):
        step = np.eye(5)
        if i == j:
            step[i, i] = -1
        else:
            step[np.ix_([i, j], [i, j])] = [[c, -s], [s, c]]
        product = step @ product
    np.testing.assert_allclose(product, turn, rtol=0, atol=1e-14)


def test_what_is_not_orthogonal_is_refused() -> None:
    with pytest.raises(ValueError, match="not orthogonal"):
        rotate(parse("z1*z2"), np.array([[1.0, 0.1], [0.0, 1.0]]))
    with pytest.raises(ValueError, match="rotation of 2 variables"):
        rotate(parse("z1*z2"), np.eye(3))
