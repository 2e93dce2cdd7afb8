"""Gaussian polynomials against numpy.polynomial and quadrature."""

import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import hermite_e

from learnability.hermite.basis import evaluate, gauss_hermite
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.function_target import FunctionTarget, Polynomial
from learnability.hermite.target_language import parse

COEFFICIENTS = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 4)), st.floats(-3, 3, allow_subnormal=False), min_size=1, max_size=5
)


def test_one_variable_agrees_with_numpy() -> None:
    expansion = HermiteExpansion(1, {(0,): 0.5, (3,): -1.2, (7,): 0.3})
    series = np.zeros(8)
    for (k,), c in expansion.unnormalised().items():
        series[k] = c
    x = np.linspace(-3, 3, 11)
    np.testing.assert_allclose(evaluate(expansion, x[:, None]), hermite_e.hermeval(x, series), rtol=1e-12, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(COEFFICIENTS)
def test_monomials_and_back(coefficients: dict[tuple[int, ...], float]) -> None:
    expansion = HermiteExpansion(2, coefficients)
    back = HermiteExpansion.from_monomials(2, expansion.monomials())
    for index in set(expansion.coefficients) | set(back.coefficients):
        wanted = expansion.coefficients.get(index, 0.0)
        assert back.coefficients.get(index, 0.0) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(COEFFICIENTS, COEFFICIENTS)
def test_product_is_the_product_of_values(
    first: dict[tuple[int, ...], float], second: dict[tuple[int, ...], float]
) -> None:
    f, g = HermiteExpansion(2, first), HermiteExpansion(2, second)
    z = np.random.default_rng(0).standard_normal((5, 2))
    np.testing.assert_allclose(evaluate(f * g, z), evaluate(f, z) * evaluate(g, z), rtol=1e-8, atol=1e-8)


def test_norm_is_the_gaussian_second_moment() -> None:
    f = HermiteExpansion(2, {(1, 2): 0.7, (0, 3): -0.4, (0, 0): 0.2})
    x, w = gauss_hermite(12)
    grid = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1)
    second = (w[:, None] * w * evaluate(f, grid) ** 2).sum()
    assert f.norm_squared == pytest.approx(second, rel=1e-12)
    assert f.centred().mean == 0
    assert f.information_exponent == 3
    assert f.normalised().norm == pytest.approx(1.0)


def test_derivative_against_differences() -> None:
    f = HermiteExpansion(2, {(1, 2): 0.7, (0, 3): -0.4})
    z, h = np.array([0.3, -0.8]), 1e-6
    step = np.array([0.0, h])
    numeric = (evaluate(f, z + step) - evaluate(f, z - step)) / (2 * h)
    assert evaluate(f.derivative(1), z) == pytest.approx(numeric, rel=1e-8)


def test_smoothing_has_the_unnormalised_coefficients() -> None:
    f = HermiteExpansion(1, {(2,): 1.5, (5,): -0.2})
    x, w = gauss_hermite(20)
    v = 0.7
    smoothed = (w * evaluate(f, (x + v)[:, None])).sum()
    assert smoothed == pytest.approx(sum(c * v**k for (k,), c in f.unnormalised().items()))


def test_equality_hash_pickle_and_order() -> None:
    f = HermiteExpansion(2, {(0, 2): 1.0, (1, 0): 0.5, (2, 0): 0.0})
    g = HermiteExpansion(2, {(1, 0): 0.5, (0, 2): 1.0})
    assert f == g
    assert hash(f) == hash(g)
    assert pickle.loads(pickle.dumps(f)) == f
    assert list(f.coefficients) == [(1, 0), (0, 2)]
    assert str(f) == "0.5*h1(z1) + h2(z2)"
    assert f != "f"


@pytest.mark.parametrize(
    ("variables", "coefficients"),
    [(0, {(): 1.0}), (1, {(1, 0): 1.0}), (1, {(-1,): 1.0}), (1, {(1,): math.inf})],
)
def test_bad_expansions_are_refused(variables: int, coefficients: dict[tuple[int, ...], float]) -> None:
    with pytest.raises(ValueError, match=r"variable|multi-index|finite"):
        HermiteExpansion(variables, coefficients)


def test_values_are_those_of_the_array_type_that_is_given() -> None:
    """The same function for numpy, torch, and the trees of targets that are not polynomials, to the last digit."""
    f, z = parse("h2(z1)*h1(z3) - 0.3*h5(z2) + 2"), np.random.default_rng(0).standard_normal((7, 5, 3))
    values = evaluate(f, z)
    assert values.shape == (7, 5)
    in_torch = evaluate(f, torch.from_numpy(z))
    assert isinstance(in_torch, torch.Tensor)
    np.testing.assert_array_equal(in_torch.numpy(), values)
    np.testing.assert_array_equal(FunctionTarget("f", 3, Polynomial(f))(z), values)
