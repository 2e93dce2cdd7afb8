"""The parser of targets: values, and errors with their columns."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnability.hermite.basis import evaluate
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.target_language import TargetError, parse


def test_hermite_terms() -> None:
    f = parse("h1(z1) + 0.8*h1(z1)*h2(z2)")
    assert f == HermiteExpansion(2, {(1, 0): 1.0, (1, 2): 0.8})


def test_unnormalised_and_signs() -> None:
    f = parse("-He3(z1) + He3(z1)*2")
    assert f.coefficients[(3,)] == pytest.approx(math.sqrt(6))
    assert parse("He299(z1)").coefficients[(299,)] == pytest.approx(math.exp(math.lgamma(300) / 2), rel=1e-10)


def test_monomials_and_mixed_products_expand_exactly() -> None:
    z = np.random.default_rng(0).standard_normal((7, 3))
    f = parse("2*z1^2*z3 - 0.5*h2(z1)*z1*h1(z2) + z2 - 3")
    x, y, w = z.T
    expected = 2 * x**2 * w - 0.5 * (x**2 - 1) / math.sqrt(2) * x * y + y - 3
    np.testing.assert_allclose(evaluate(f, z), expected, rtol=1e-12, atol=1e-12)


def test_number_of_variables() -> None:
    assert parse("h1(z2)").variables == 2
    assert parse("h1(z1)", variables=3).variables == 3


@pytest.mark.parametrize(
    ("text", "column", "word"),
    [
        ("h1(x1)", 4, "unknown variable 'x1'"),
        ("h1(z1)+", 8, "the end"),
        ("2 3", 3, "expected"),
        ("h2(z4)", 4, "z1 to z3"),
        ("h2(z0)", 4, "unknown variable"),
        ("", 1, "the end"),
        ("z1^-2", 4, "whole number"),
        ("z1^2.5", 4, "whole number"),
        ("h1(z1", 6, "expected ')'"),
        ("1e999*z1", 1, "too large"),
        ("h400(z1)", 1, "exceeds 299"),
        ("z1^100*z1^100*z1^100", 1, "exceeds 299"),
        ("z1^101", 4, "exceeds 100"),
        ("1e300*h1(z1)*1e300", 1, "range of a float"),
        ("z1 $ z2", 4, "'$'"),
        ("h(z1)", 1, "unknown variable"),
        ("(z1)", 1, "expected a number"),
    ],
)
def test_errors_name_their_column(text: str, column: int, word: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse(text, variables=3)
    assert caught.value.column == column
    assert word in str(caught.value)
    assert isinstance(caught.value, ValueError)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="hHez123^*+-(). ", max_size=12))
def test_any_text_gives_an_expansion_or_a_target_error(text: str) -> None:
    try:
        column = parse(text).variables
    except TargetError as error:
        column = error.column
    assert 1 <= column <= max(len(text) + 1, 64)


def test_text_of_an_expansion_parses_back() -> None:
    f = HermiteExpansion(3, {(0, 0, 0): -1.0, (1, 0, 2): 0.25, (0, 3, 0): 1.0})
    assert parse(str(f)) == f


def test_parser_does_not_import_numpy() -> None:
    code = "import learnability.hermite.target_language, sys; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
