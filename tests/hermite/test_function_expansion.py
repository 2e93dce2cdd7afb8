"""Expansions of functions: closed forms against quadrature, identities of products, errors that cover the truth."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate

from learnability.hermite.basis import hermite_basis
from learnability.hermite.function_expansion import closed_form, expand, norm_squared
from learnability.hermite.function_target import FUNCTIONS, FunctionTarget
from learnability.hermite.target_language import parse, parse_target


def _target(text: str) -> FunctionTarget:
    target = parse_target(text)
    assert isinstance(target, FunctionTarget)
    return target


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"tanh", "sqrt"}))
@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (-0.7, 0.4), (1.6, 1.1)])
def test_closed_forms(name: str, slope: float, shift: float) -> None:
    """Against SciPy's adaptive quadrature on both sides of the kink."""
    found = closed_form(name, slope, shift, 6)
    assert found is not None
    target = _target(f"{name}({slope}*z1 + {shift})" if shift else f"{name}({slope}*z1)")
    kink = -shift / slope
    for k in range(7):

        def integrand(t: float, k: int = k) -> float:
            weight = math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
            return float(target(np.array([t])) * hermite_basis(np.array(t), k)[k]) * weight

        reference = (
            integrate.quad(integrand, -11, kink, epsabs=1e-12)[0] + integrate.quad(integrand, kink, 13, epsabs=1e-12)[0]
        )
        assert found[k] == pytest.approx(reference, abs=1e-9)


def test_a_function_of_a_polynomial_that_is_one() -> None:
    """``relu(u) - relu(-u)`` is u, ``abs(u)^2`` is u^2, ``sin^2 + cos^2`` is 1: truncation alone is left."""
    whole = expand(_target("relu(z1 + z2) - relu(-z1 - z2)"), 8).expansion
    expected = parse("z1 + z2")
    assert dict(whole.coefficients) == pytest.approx(dict(expected.coefficients), abs=1e-12)
    square = expand(_target("abs(z1)^2"), 8).expansion
    assert dict(square.coefficients) == pytest.approx(dict(parse("z1^2").coefficients), abs=1e-12)
    one = expand(_target("sin(z1)^2 + cos(z1)^2"), 8).expansion
    assert dict(one.coefficients) == pytest.approx({(0,): 1.0}, abs=1e-12)


def test_a_ridge_has_the_norm_of_its_link() -> None:
    """Coefficients of degree k of g(u.z) have the norm |g_k| for a unit u, in any direction."""
    one = closed_form("relu", 1.0, 0.0, 8)
    assert one is not None
    found = expand(_target("relu(0.6*z1 - 0.8*z2)"), 8)
    assert found.closed
    for k in range(9):
        assert found.expansion.homogeneous(k).norm == pytest.approx(abs(one[k]), abs=1e-14)


def test_signs_of_products_factorise() -> None:
    """``E[sign(z1 z2 z3) z1 z2 z3] = (2/pi)^(3/2)``."""
    found = expand(_target("-2*sign(-z1*z2*z3)"))
    assert found.expansion.coefficients[(1, 1, 1)] == pytest.approx(2 * (2 / math.pi) ** 1.5)
    assert found.error == 0
    assert found.norm_squared == pytest.approx(4)


def test_random_points_cover_the_truth() -> None:
    """``E[exp(-z1^2 z2^2 / 2)]`` is ``E (1 + z^2)^(-1/2)``; five standard errors (false alarm 1e-4)."""
    found = expand(_target("exp(-z1^2*z2^2/2)"))
    assert found.random
    reference = integrate.quad(lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi * (1 + z * z)), -12, 12)[0]
    assert abs(found.expansion.mean - reference) < 5e-4
    assert found.expansion.coefficients.get((1, 1)) is None


@pytest.mark.parametrize(
    "text", ["relu(z1)*1(z2 > 0.1) + erf(z1)*sign(z3)", "abs(z1) + sin(z2)^3 - cos(z1*z2)", "exp(z1)*tanh(z2)"]
)
def test_numpy_and_torch_agree(text: str) -> None:
    target = _target(text)
    z = np.random.default_rng(0).standard_normal((50, target.variables))
    np.testing.assert_allclose(target(torch.from_numpy(z)).numpy(), target(z), rtol=1e-13, atol=1e-14)


def test_norms_of_products_and_sums() -> None:
    """``E[relu(z1 + z2)^2 z3^2] = 1``, ``E[(relu(z1) + relu(z2))^2] = 1 + 1/pi``, without random points."""
    assert norm_squared(_target("relu(z1 + z2)*z3"))[0] == pytest.approx(1, abs=1e-12)
    assert norm_squared(_target("relu(z1) + relu(z2)"))[0] == pytest.approx(1 + 1 / math.pi, abs=1e-12)
    assert norm_squared(_target("3*sign(z1*z2*z3*z4)"))[0] == pytest.approx(9, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "logarithm"),
    [("exp(6*z1)", 72.0), ("exp(10*z1)", 200.0), ("exp(0.24*z1^2)", math.log(5)), ("exp(-8*z1)*sign(z1)", 128.0)],
)
def test_the_second_moment_of_an_exponential_lies_where_the_law_does_not(text: str, logarithm: float) -> None:
    """``E exp(2 a z) = exp(2 a^2)`` and ``E exp(2 c z^2) = (1 - 4 c)^(-1/2)``."""
    found, error = norm_squared(_target(text))
    assert math.log(found) == pytest.approx(logarithm, abs=1e-10)
    assert error <= 1e-8 * found
