"""What a label does with a small probability counts: proofs of zeros, two values, directions, saturating functions."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import kve

from learnability.diagnosis.diagnose import diagnose, diagnose_function
from learnability.hermite.function_target import FunctionTarget, Link
from learnability.hermite.target_language import parse_target

Pairs = tuple[tuple[int, int], ...]


@pytest.mark.parametrize(
    ("text", "correlational", "generative", "argument"),
    [
        ("abs(z1) + indicator(z1 > 2.5)", ((1, 1),), ((1, 1),), "E[y z] = phi(2.5)"),
        ("abs(z1) + indicator(z1 > 7)", ((1, 1),), ((1, 1),), "E[y z] = phi(7)"),
        ("abs(z1) + relu(z1 - 2.5)", ((1, 1),), ((1, 1),), "E[y z] = P(z > 2.5)"),
        ("cos(z1) + indicator(z1 > 3)", ((1, 1),), ((1, 1),), "E[y z] = phi(3)"),
        ("abs(z1) + indicator(z1 > 2.5)*indicator(2.501 > z1)", ((1, 1),), ((1, 1),), "a narrow step on one side"),
        ("abs(z1) + indicator(0.0001 - (z1 - 2.505)^2)", ((1, 1),), ((1, 1),), "the same as one polynomial"),
        ("z1*z2 + relu(z1 - 3)", ((1, 1), (1, 1)), ((1, 2),), "E[y z1] > 0, and E[y^2 z2] = 2 E[z1 relu(z1 - 3)]"),
        (
            "sign(z1*z2*z3) + indicator(z1 > 2.6)",
            ((1, 1), (2, 2)),
            ((1, 1), (2, 2)),
            "given z1 the label is sign(z2 z3)",
        ),
        ("sign(z1*z2*z3) + indicator(z1^2 > 9)", ((2, 1), (2, 2)), ((2, 1), (2, 2)), "z1 -> -z1, z2 -> -z2; E[y h2]"),
        ("indicator(z1 > 3.9) + sign(z2)", ((1, 1), (1, 1)), ((1, 2),), "four values; E[y^2 z2] = 2 P E|z2|, E[y z2]"),
        ("z1 + indicator(z2 > 4.5)", ((1, 1), (1, 1)), ((1, 2),), "z2 is not without influence"),
        ("z1^2*exp(-z1^2) + indicator(z1 > 3)", ((1, 1),), ((1, 1),), "the level sets cancel no more"),
        ("z1^2*exp(-z1^2) + indicator(z1^2 > 9)", ((2, 1),), ((2, 1),), "nor here, where z -> -z is left"),
        (
            "0.000000000001*abs(z1)*indicator(z1^2 > 9)*relu(z1 + 4)",
            ((1, 1),),
            ((1, 1),),
            "0 at most points, and small",
        ),
        ("z1^2 + z2^2 + relu(z1 - 3)", ((1, 1), (2, 1)), ((1, 1), (2, 1)), "no rotation; z2 -> -z2"),
        # 1e-11 of the label at the points, and still a coefficient of it: the proof by z -> -z is dropped.
        ("z1^12 + 0.01*relu(z1 - 4)", ((1, 1),), ((1, 1),), "E[y z] = 0.01 P(z > 4)"),
    ],
)
def test_rare_values_are_seen(text: str, correlational: Pairs, generative: Pairs, argument: str) -> None:
    found = diagnose(text)
    assert found.intrinsic_dimension == sum(gained for _, gained in correlational)
    assert found.correlational.pairs == correlational, argument
    assert found.generative.pairs == generative, argument
    assert found.generative.exactness in ("exact", "quadrature")
    assert found.weak_recovery is not None
    assert (found.weak_recovery.alpha == 0) == (generative[0][0] == 1)


@pytest.mark.parametrize(
    "text",
    [
        "abs(z1*z2) + indicator(0.01 - (z1 - 2.5)^2 - (z2 - 1)^2)",
        "abs(z1) + abs(z2) + indicator(z1 > 3)*indicator(z2 < -3)*indicator(z2 > -3.01)",
        "cos(z1) + 0.001*relu(z1 - 3)",
        "abs(z1) + tanh(1000*(z1 - 3))",
        "abs(z1) + relu(tanh(z1) - 0.999)",
        "abs(z1*z2*z3) + indicator(z1 > 2)*indicator(z2 > 2)*indicator(z3 > 2)",
        "abs(z1) + abs(z2) + indicator(z1*z2 > 8)*indicator(z1 > 0)",
    ],
)
def test_no_label_is_called_even_for_what_it_is_elsewhere(text: str) -> None:
    """And no generative leap exceeds the correlational one."""
    found = diagnose(text)
    assert "z -> -z" not in found.symmetries.words
    assert (found.generative.exponent or 0) <= (found.information_exponent or 0)
    assert (found.generative.leap or 0) <= found.leap


def test_a_spike_of_a_link_is_seen() -> None:
    """A table that is even but for one point at z = 3."""
    z = np.linspace(-6, 6, 241)
    values = np.abs(z) + 5.0 * (np.abs(z - 3) < 1e-9)

    target = parse_target("g(z1)", links={"g": Link(tuple(z.tolist()), tuple(values.tolist()))})
    assert isinstance(target, FunctionTarget)
    found = diagnose_function(target)
    assert not found.symmetries.words
    # One point decides, so that half of them say nothing of it: degree one is open, and not zero.
    assert found.generative.steps[0].vanishing[0].exactness == "undecided"
    assert found.correlational.steps[0].vanishing[0].exactness == "undecided"


def test_the_threshold_of_a_rare_class() -> None:
    """y has four values, E[z1^2 - 1 | y] has two: with P = P(|z| > 3), m = 6 phi(3), ``1/alpha_c = m^2/(P (1-P))``."""
    found = diagnose("sign(z1*z2*z3) + indicator(z1^2 > 9)").weak_recovery
    assert found is not None
    share, moment = math.erfc(3 / math.sqrt(2)), 6 * math.exp(-4.5) / math.sqrt(2 * math.pi)
    assert found.alpha == pytest.approx(share * (1 - share) / moment**2, rel=0.02)


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("erf(z1^2)", "z1^2"),
        ("tanh(3*z1^2)", "z1^2"),
        ("1 - 2*exp(-z1^2)", "z1^2"),
        ("tanh(h4(z1))", "h4(z1)"),
        ("tanh(h6(z1))", "h6(z1)"),
        ("erf(5*z1*z2)", "z1*z2"),
    ],
)
def test_the_threshold_of_an_injective_function_is_that_of_its_argument(text: str, argument: str) -> None:
    """Where tanh or erf is 1 to the last digit, too."""
    one, other = diagnose(text).weak_recovery, diagnose(argument).weak_recovery
    assert one is not None
    assert other is not None
    assert one.alpha == pytest.approx(other.alpha, rel=1e-12)
    if argument == "z1^2":
        assert one.alpha == pytest.approx(0.5, rel=1e-9)


def test_with_noise_the_threshold_is_that_of_the_label() -> None:
    """Noise is added to tanh(P), not to P."""
    one, other = (diagnose(text, label_noise=0.3).weak_recovery for text in ("tanh(3*z1^2)", "z1^2"))
    assert one is not None
    assert other is not None
    assert one.alpha > 1.05 * other.alpha


def test_the_threshold_of_a_product_of_two() -> None:
    """``1/alpha_c = (2/pi) int_0^inf y^2 K_1(y)^2 / K_0(y) dy`` for y = z1 z2.

    The density of y is ``K_0(|y|)/pi`` and ``E[z_i^2 | y] = |y| K_1/K_0``, so that ``G = a I + y sigma_x`` with
    ``a = |y| K_1/K_0 - 1``. It commutes with I, the largest M, and ``E[G^2] = E[a^2 + y^2] I``, where ``E y^2 = 1`` and
    ``E[a + 1] = E z_i^2 = 1``: what is left is ``E[(y K_1/K_0)^2]``.
    """

    def part(y: float) -> float:
        return float(2 / math.pi * y * y * kve(1, y) ** 2 / kve(0, y) * math.exp(-y))

    inverse = quad(part, 0, 1, epsrel=1e-12)[0] + quad(part, 1, math.inf, epsrel=1e-12)[0]
    assert inverse == pytest.approx(1.68420741, abs=1e-8)
    assert 1 / inverse == pytest.approx(0.59375, abs=2e-6)
    assert abs(1 / inverse - 19 / 32) > 1e-6  # near it, but not that fraction
    found = diagnose("z1*z2").weak_recovery
    assert found is not None
    # Classes of y are an upper bound.
    assert 1 / inverse - 5 * found.evidence.precision < found.alpha < 1.02 / inverse
