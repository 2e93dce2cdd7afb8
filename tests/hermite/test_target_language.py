"""The parser of targets: values, errors with their columns, and bounds that hold before the work."""

import math
import re
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from learnability.diagnosis.cube import MOST_BITS
from learnability.hermite.basis import evaluate
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.function_target import FunctionTarget
from learnability.hermite.target_language import TargetError, parse, parse_target


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
        ("h1(z1)+", 8, "end of the text"),
        ("2 3", 3, "unexpected '3'"),
        ("2z1", 2, "2*z1"),
        ("z1 z2", 4, "unexpected 'z2'"),
        ("z1^^2", 4, "unexpected '^'"),
        ("z1 - -2", 6, "expected a term"),
        ("h2(z4)", 4, "z1 to z3"),
        ("h2(z0)", 4, "unknown variable"),
        ("", 1, "end of the text"),
        ("z1^-2", 4, "whole number"),
        ("z1^2.5", 4, "whole number"),
        ("h1(z1", 3, "expected ')'"),
        ("z1)", 3, "no '('"),
        ("1e999*z1", 1, "too large"),
        ("h400(z1)", 1, "exceeds 299"),
        ("z1^100*z1^100*z1^100", 1, "exceeds 299"),
        ("z1^101", 4, "exceeds 100"),
        ("1e300*h1(z1)*1e300", 1, "range of a float"),
        ("z1 $ z2", 4, "'$'"),
        ("h(z1)", 1, "unknown function"),
        ("(z1 + z2", 1, "never closed"),
        ("z1^2 + z1^z2", 11, "whole number"),
        ("z1/z2", 4, "division by a number"),
        ("z1/(2 - 2)", 5, "division by a number"),
        ("h2(z1 + z2)", 4, "expected a variable"),
        ("h1(z1, z2)", 1, "not part of the language"),
        ("z1(z2)", 1, "not part of the language"),
        ("z1, z2", 1, "not part of the language"),
        ("z1 if z2", 4, "unknown variable 'if'"),
        ("True", 1, "unknown variable"),
        ("0x10*z1", 2, "expected a sign"),
        ("1j*z1", 2, "expected a sign"),
        ("'z1'", 1, "unknown sign"),
        ("z1[0]", 3, "unknown sign"),
    ],
)
def test_errors_name_their_column(text: str, column: int, word: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse(text, variables=3)
    assert caught.value.column == column
    assert word in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("z1", ["unknown variable 'z1'", f"the variables are x1 to x{MOST_BITS},", "1(xI > NUMBER)"]),
        ("x1*", ["allowed are numbers, xI, hK(xI)", "re(xI, xJ, N)", "1(xI > NUMBER)"]),
        ("x1 $ x2", ["allowed are numbers, xI", "tanh", "1(xI > NUMBER)"]),
        ("2x1", ["as in 2*x1"]),
        ("x1^2.5", ["such as the 2 of x1^2"]),
        ("sign(x1 > 0)", ["a comparison such as x1 > 0.5"]),
        ("h1(x1, x2)", ["allowed are numbers, xI"]),
    ],
)
def test_a_message_about_bits_names_bits(text: str, words: list[str]) -> None:
    with pytest.raises(TargetError) as caught:
        parse_target(text, letter="x")
    assert [word for word in words if word not in caught.value.problem] == []
    assert not re.search(r"\bz[IJ1-9]", caught.value.problem.removeprefix("unknown variable 'z1'"))


def test_a_list_of_what_is_allowed_names_the_indicator_where_functions_are() -> None:
    for text in ("z1*", "z1 $ z2", "foo(z1)", "z1(z2)"):
        with pytest.raises(TargetError, match=r"1\(zI > NUMBER\)"):
            parse_target(text)
        with pytest.raises(TargetError) as caught:
            parse(text)
        assert "NUMBER" not in caught.value.problem
    assert parse_target("1(z1 > 0.5)").variables == 1


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("(z1 - 2*z2)^2", "z1^2 - 4*z1*z2 + 4*z2^2"),
        ("-(z1 + 1)*(z1 - 1)/4", "0.25 - 0.25*z1^2"),
        ("-z1^2", "0 - z1^2"),
        ("h2(z1)**2 - 1", "2.8284271247461903*h2(z1) + 2.449489742783178*h4(z1)"),
        ("re(z1, z2, 3)", "z1^3 - 3*z1*z2^2"),
        ("im(z1, z2, 4)/2", "2*z1^3*z2 - 2*z1*z2^3"),
        ("z1 *\n  +z2", "z1*z2"),
        ("((z1))^0", "1"),
    ],
)
def test_brackets_powers_quotients_and_harmonics(short: str, long: str) -> None:
    found, expected = parse(short, 2).coefficients, parse(long, 2).coefficients
    assert {b for b, a in found.items() if abs(a) > 1e-14} == {b for b, a in expected.items() if abs(a) > 1e-14}
    assert all(found[b] == pytest.approx(a, rel=1e-14) for b, a in expected.items())


def test_harmonics_of_high_degree_are_harmonic_exactly() -> None:
    f = parse("re(z1, z2, 60)")
    assert {sum(b) for b in f.coefficients} == {60}


@pytest.mark.parametrize(
    ("text", "coefficients"),
    [
        (
            "0.2041241452*z1^3 - 0.6123724357*z1*z2^2",
            ["-0x1.b7ce000000000p-34", "0x1.fffffffea800bp-2", "-0x1.bb67ae8591dedp-1"],
        ),
        (
            "He4(z1) + 2*He2(z1)*He2(z2) + He4(z2)",
            ["0x1.3988e1409212ep+2", "0x1.0000000000001p+2", "0x1.3988e1409212ep+2"],
        ),
        (
            "h1(z1) + 0.8*h1(z1)*h2(z2) + 0.6*h1(z2)*h3(z3)",
            ["0x1.0000000000000p+0", "0x1.999999999999ap-1", "0x1.3333333333333p-1"],
        ),
    ],
)
def test_coefficients_to_the_last_bit(text: str, coefficients: list[str]) -> None:
    """They enter artifacts: another order of the operations would be another target."""
    assert [a.hex() for a in parse(text).coefficients.values()] == coefficients


@pytest.mark.parametrize(
    "text",
    [
        "*".join(f"z{i}^20" for i in range(1, 15)),
        "*".join(f"z{i}^4" for i in range(1, 17)),
        "(z1 + z2 + z3 + z4)^40",
        "+".join(["(z1 + 1)^99"] * 150),
        "*".join(["h99(z1)"] * 4),
        "*".join(["z1"] * 600),
        "z1^" + "9" * 1000,
        "z1^" + "9" * 5000,
        "z" * 100_000,
        "z1*" + "9" * 400,
        "-" * 1999 + "1",
        "(" * 900 + "1" + ")" * 900,
        "1" + "^1" * 900,
        "((2^100)^100)^100",
    ],
)
def test_what_is_too_large_is_refused_at_once_in_few_words(text: str) -> None:
    began = time.process_time()
    with pytest.raises(TargetError) as caught:
        parse(text)
    assert time.process_time() - began < 2
    assert len(str(caught.value)) < 300


def test_a_long_sum_is_read() -> None:
    assert len(parse("+".join(f"z{i}*z{j}" for i in range(1, 17) for j in range(1, 17) if i < j)).coefficients) == 120
    assert parse("1" + "+1" * 999).mean == 1000


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="hHez123^*/+-(),. rim", max_size=12))
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


def test_roots_are_taken_of_what_is_nowhere_negative() -> None:
    z = np.random.default_rng(0).standard_normal((50, 2))
    found = parse_target("sqrt(z1^2 + 1)*z2 + sqrt(abs(z1))")
    assert isinstance(found, FunctionTarget)
    np.testing.assert_allclose(found(z), np.sqrt(z[:, 0] ** 2 + 1) * z[:, 1] + np.sqrt(np.abs(z[:, 0])))
    np.testing.assert_allclose(found(torch.from_numpy(z)).numpy(), found(z))
    with pytest.raises(TargetError, match=r"column 6 .*sqrt is negative at some points"):
        parse_target("z1 + sqrt(z2)")
    with pytest.raises(TargetError, match="infinite"):
        parse_target("sqrt(exp(0.6*z1^2))")
    parse_target("sqrt(exp(0.4*z1^2))")
