"""Leaps that rest on a tiny share of the variance, what is above the degree of an expansion, and bounds of a floor."""

import math

import numpy as np
import pytest

from learnability.diagnosis.diagnose import diagnose
from learnability.diagnosis.words import fewest


def told(text: str) -> dict[str, tuple[str, str]]:
    return {name: (said, known) for name, said, known, _ in diagnose(text).rows()}


def test_shares_are_those_of_the_components_that_make_the_leaps() -> None:
    """``2 h2(z1) + h3(z2)`` has 4 and 1 of its variance, 5, in the two; of directions that join, the least counts."""
    step, after = diagnose("2*h2(z1) + h3(z2)").correlational.steps
    assert (step.share, step.weakest, after.share) == pytest.approx((0.8, 0.8, 0.2))
    (both,) = diagnose("2*h2(z1) + 1e-5*h2(z2)").correlational.steps
    assert both.share == pytest.approx(1)
    assert both.weakest == pytest.approx(1e-10 / 4)
    (bits,) = diagnose("x1*x2 + 1e-4*x2*x3", inputs="cube").correlational.steps
    assert bits.weakest == pytest.approx(1e-8 / 2)


@pytest.mark.parametrize("text", ["z1*z2*z3", "re(z1, z2, 3)", "h2(z1)*h1(z2) + h3(z3)"])
def test_shares_of_one_step_add_up_to_its_component(text: str) -> None:
    (step,) = diagnose(text).correlational.steps
    assert step.share == pytest.approx(1)
    assert 0 < step.weakest <= 1 / step.gained + 1e-12


def test_the_share_of_a_function_is_that_of_the_whole_function() -> None:
    """``E[sin(8 z) z] = 8 exp(-32)``, and the variance is ``(1 - exp(-128)) / 2``."""
    (step,) = diagnose("sin(8*z1)").correlational.steps
    assert step.share == pytest.approx(2 * 64 * math.exp(-64), rel=1e-9)


@pytest.mark.parametrize("text", ["cos(6.283*z1)", "sin(8*z1)", "cos(5*z1)", "sin(6*z1) + z2"])
def test_a_tiny_share_is_told_beside_the_law(text: str) -> None:
    said = told(text)
    assert "of the variance" in said["leaps"][0]
    assert "no realistic n sees it" in said["online SGD"][0]


@pytest.mark.parametrize("text", ["relu(z1)", "h2(z1) + h3(z2)", "sign(z1*z2*z3)", "abs(z1) + 1(z1 > 2.5)"])
def test_a_leap_that_can_be_seen_has_no_caveat(text: str) -> None:
    assert told(text)["online SGD"][0].endswith(")")
    assert "no realistic n" not in told(text)["online SGD"][0]


def test_what_a_tolerance_decides_is_not_exact() -> None:
    """The degree-one tensor of ``sin(6 z1) + z2`` is tilted by 6 exp(-18): by the definition the second leap is 1."""
    said = told("sin(6*z1) + z2")
    assert said["information exponent"][1] == "exact"
    assert said["leaps"][1].startswith("undecided")
    assert said["reflective subspace"][1].startswith("undecided")
    for text in ("sin(z1) + z2", "(z1 + z2) + (z1 - z2)^2", "z1 + h2(z2)"):
        assert told(text)["leaps"][1].startswith("exact")


def test_a_threshold_below_its_error_is_not_told() -> None:
    answer, known = told("cos(5*z1)")["weak recovery at n = alpha d"]
    assert answer.startswith("undecided: alpha_c is at least")
    assert known.startswith("undecided")
    assert told("z1^2")["weak recovery at n = alpha d"][0] == "alpha_c = 0.5"


def test_the_spectrum_says_what_is_above() -> None:
    assert told("sin(8*z1)")["Hermite spectrum"][0].endswith("all but 1.1e-06 above degree 30")
    assert told("sin(30*z1)")["Hermite spectrum"][0].endswith("all above degree 30")
    assert told("sign(z1)")["Hermite spectrum"][0].endswith("0.093 above degree 30")
    assert "above" not in told("h2(z1) + h3(z2)")["Hermite spectrum"][0]


def test_it_is_said_that_no_exponent_was_found() -> None:
    answer, known = told("sin(30*z1)")["information exponent"]
    assert answer.startswith("none was found up to degree 30")
    assert known.startswith("undecided")


@pytest.mark.parametrize(
    ("text", "floor"), [("relu(z1) - z2^2", 1.0), ("relu(z1) + h2(z2)", 0.5), ("relu(z1)*relu(z2 + 0.5) + h3(z3)", 0.5)]
)
def test_the_loss_floor_of_separate_terms_has_no_remainder(text: str, floor: float) -> None:
    found = diagnose(text)
    assert found.loss_floor == pytest.approx(floor, rel=1e-12)
    assert found.least_loss_floor == found.loss_floor
    assert "at most" not in told(text)["loss floor"][0]


def test_a_floor_that_is_an_upper_bound_says_so() -> None:
    """``relu(u) + h2(v)``, u and v the diagonals of the plane: no term has its variables on one side."""
    text = "relu(z1 + z2) + (z1 - z2)^2"
    found = diagnose(text)
    assert found.least_loss_floor is not None
    assert found.least_loss_floor - 1e-9 <= 4 <= found.loss_floor
    assert told(text)["loss floor"][0].startswith("at most")


def test_steep_exponentials_are_diagnosed_where_their_moments_are_finite() -> None:
    """``E exp(-a (z - m)^2) = exp(-a m^2 / (1 + 2 a)) / sqrt(1 + 2 a)``."""
    for a, m in ((20, 3), (200, 3), (200, -1), (50, 5)):
        expected = math.exp(-a * m * m / (1 + 2 * a)) / math.sqrt(1 + 2 * a)
        found = diagnose(f"exp(-{a}*(z1 - {m})^2)".replace("- -", "+ "))
        assert found.mean == pytest.approx(expected, rel=1e-9)
        assert np.isfinite(found.norm)
    for text in ("exp(16*z1)", "exp(0.2*z1^2 + 14*z1)", "exp(-20*(z1 - 20)^2)", "exp(-1000000*(z1 - 3)^2)"):
        with pytest.raises(ValueError, match="too steep"):
            diagnose(text)


@pytest.mark.parametrize(
    ("share", "said"), [(3.7e-42, "2e+41"), (1.1e-14, "9e+13"), (3e-7, "3e+06"), (9.99e-7, "1e+06"), (1.3e-55, "7e+54")]
)
def test_at_least_is_rounded_down(share: float, said: str) -> None:
    assert fewest(share) == said
    assert float(said) <= 1 / share < float(said) + 10 ** math.floor(math.log10(float(said)))
