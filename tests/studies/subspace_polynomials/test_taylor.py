"""The kind ``taylor``: activations with rational derivatives."""

from fractions import Fraction
from math import log

import mpmath
import numpy as np
import pytest

from learnability.hermite.target_language import parse
from learnability.hermite.taylor_rank import taylor_ranks
from learnability.studies.subspace_polynomials.taylor.activations import (
    ACTIVATIONS,
    DESCRIPTIONS,
    exact_ranks,
    logistic_derivatives,
)


def test_derivatives_of_the_logistic_function_at_minus_log_2() -> None:
    values = logistic_derivatives(12)
    assert values[:3] == [Fraction(1, 3), Fraction(2, 9), Fraction(2, 27)]
    expected = [float(mpmath.diff(lambda x: 1 / (1 + mpmath.exp(-x)), -log(2), n)) for n in range(12)]
    np.testing.assert_allclose([float(value) for value in values], expected, rtol=1e-6)


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_every_activation_has_rational_derivatives_and_a_name(name: str) -> None:
    assert all(isinstance(value, Fraction) for value in ACTIVATIONS[name](20))
    assert DESCRIPTIONS[name]


@pytest.mark.parametrize("text", ["z1 + z1*z2", "z1 + z1*z2 + z2*z3 + 0.5*He2(z1)*z3", "z1 + z1*z2*z3"])
def test_ranks_are_those_of_the_package_where_it_has_the_activation(text: str) -> None:
    h = parse(text)
    for name in ("sine", "exponential", "tanh"):
        assert exact_ranks(h, name, 8) == taylor_ranks(h, name, 8)
    logistic = exact_ranks(h, "logistic", 8)
    assert logistic.exact
    assert logistic.ranks == taylor_ranks(h, "sigmoid", 8).ranks  # another shift, in floating point


def test_a_target_without_rational_coefficients_is_refused() -> None:
    with pytest.raises(ValueError, match="fractions"):
        exact_ranks(parse("z1 + 0.123456789*z1*z2"), "logistic", 4)
