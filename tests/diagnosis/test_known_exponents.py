"""Exponents of targets whose answers are known, each with the argument that fixes it.

The sequences are ((exponent, directions gained), ...). Arguments that recur:

parity      f(-z) = f(z) kills every odd conditional moment; a sign change of one variable kills odd moments in it.
power       ``E[f^m h]`` is not zero, so that some transform of the label sees h (2403.05529, Definition 2.4).
even/odd    one variable, polynomial: the level sets of large |y| are z and (if f is even) -z alone, so that the
            exponent is 1, or 2 for an even f (2403.05529: at most 2 for polynomials).
two values  a label with two values has only affine transforms: both notions agree.
injective   tanh, erf and exp of P carry as much as P.
level sets  f depends on z_i through ``u = h_{j-1}(z_i) phi(z_i)``: ``E[T(f) h_j]`` is the integral of a derivative.
lifts       transforms may depend on z_S once S is known.
"""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from learnability.diagnosis.diagnose import diagnose, diagnose_polynomial
from learnability.hermite.rotation import rotate
from learnability.hermite.target_language import parse

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Known:
    """A target with its two sequences and the argument."""

    text: str
    correlational: Pairs
    generative: Pairs
    argument: str


KNOWN = [
    Known("h1(z1)", ((1, 1),), ((1, 1),), "linear"),
    Known("h2(z1)", ((2, 1),), ((2, 1),), "parity; phase retrieval, 2003.10409"),
    Known("h3(z1)", ((3, 1),), ((1, 1),), "even/odd: y -> large y has one root, E[z | y] > 0"),
    Known("h4(z1)", ((4, 1),), ((2, 1),), "even/odd: even, power E[f^2 h2] != 0; 2403.05529"),
    Known("h5(z1)", ((5, 1),), ((1, 1),), "even/odd"),
    Known("h6(z1)", ((6, 1),), ((2, 1),), "even/odd"),
    Known("h2(z1) + h3(z1)", ((2, 1),), ((1, 1),), "power: E[f^2 z] = 2 E[h2 h3 z] = 2 sqrt 3"),
    Known("h4(z1) + h6(z1)", ((4, 1),), ((2, 1),), "even/odd"),
    Known("h3(z1) - z1", ((1, 1),), ((1, 1),), "a coefficient of degree one"),
    Known("z1^2*exp(-z1^2)", ((4, 1),), ((4, 1),), "2403.05529: the level sets cancel"),
    Known("abs(z1)", ((2, 1),), ((2, 1),), "parity; E[|z| h2] = phi(0) sqrt 2"),
    Known("relu(z1)", ((1, 1),), ((1, 1),), "E[relu z] = 1/2"),
    Known("sign(z1)", ((1, 1),), ((1, 1),), "E|z|"),
    Known("cos(2*z1)", ((2, 1),), ((2, 1),), "parity; E[cos(2z) h2] = -4 exp(-2)/sqrt 2"),
    Known("sin(3*z1)", ((1, 1),), ((1, 1),), "E[sin(3z) z] = 3 exp(-9/2)"),
    Known("tanh(h3(z1))", ((1, 1),), ((1, 1),), "injective for T; E[tanh(h3) z] > 0 by quadrature"),
    Known("exp(z1)", ((1, 1),), ((1, 1),), "injective"),
    Known("sign(z1^2 - 1)", ((2, 1),), ((2, 1),), "two values; parity; E[f h2] = 2 sqrt 2 phi(1)"),
    Known("1(z1 > 0.5)", ((1, 1),), ((1, 1),), "two values; phi(1/2)"),
    Known("z1*z2", ((2, 2),), ((2, 2),), "parity; the swap and the matrix of f have full rank"),
    Known("h2(z1) + h2(z2)", ((2, 2),), ((2, 2),), "rotations; parity"),
    Known("h2(z1) - h2(z2)", ((2, 2),), ((2, 2),), "z1 z2 turned by 45 degrees"),
    Known("z1*z2*z3", ((3, 3),), ((2, 3),), "pairs of sign changes kill degree 1; power E[f^2 h2(z1)] = sqrt 2"),
    Known("z1*z2*z3*z4", ((4, 4),), ((2, 4),), "the same"),
    Known("sign(z1*z2)", ((2, 2),), ((2, 2),), "two values"),
    Known("sign(z1*z2*z3)", ((3, 3),), ((3, 3),), "two values: no transform helps"),
    Known("sign(z1*z2*z3*z4)", ((4, 4),), ((4, 4),), "two values"),
    Known(
        "z1 + z1*z2 + z1*z2*z3",
        ((1, 1), (1, 1), (1, 1)),
        ((1, 3),),
        "staircase, 2302.11055; powers 1, 2, 3 see z1, z2, z3",
    ),
    Known("z1 + z1*z2", ((1, 1), (1, 1)), ((1, 2),), "power: E[f^2 z2] = 2"),
    Known("h3(z1) + h3(z2)", ((3, 2),), ((1, 1), (2, 1)), "the swap leaves (1, 1) at degree 1, then kills degree 1"),
    Known("h3(z1) + h3(z2) + h3(z3)", ((3, 3),), ((1, 1), (2, 2)), "permutations fix (1, 1, 1) alone"),
    Known("z1 + h4(z2)", ((1, 1), (4, 1)), ((1, 1), (2, 1)), "given z1 the label is h4(z2)"),
    Known("z1*h3(z2)", ((4, 2),), ((2, 2),), "z -> -z kills degree 1; power E[f^2 h2(zi)] != 0 for both"),
    Known("re(z1, z2, 4)", ((4, 2),), ((2, 2),), "power: E[f^2 |z|^2] > E f^2 E|z|^2"),
    Known("re(z1, z2, 3)", ((3, 2),), ((2, 2),), "a rotation by 120 degrees fixes f, so E[z | y] = 0"),
    Known("im(z1, z2, 3)", ((3, 2),), ((2, 2),), "Re z^3 turned"),
    Known("re(z1, z2, 5)", ((5, 2),), ((2, 2),), "a rotation by 72 degrees"),
    Known("h2(z1) + h3(z2)", ((2, 1), (3, 1)), ((1, 1), (2, 1)), "z1 -> -z1; h3 shows z2 first, then z1 is even"),
    Known("h1(z1) + h1(z1)*h2(z2)", ((1, 1), (2, 1)), ((1, 1), (2, 1)), "z2 -> -z2; 2402.08948, the example of a trap"),
    Known("h2(z1)*h2(z2)", ((4, 2),), ((2, 2),), "sign changes; power E[f^2 h2] != 0"),
    Known("z1 + h2(z2) + h3(z3)", ((1, 1), (2, 1), (3, 1)), ((1, 2), (2, 1)), "z2 -> -z2; powers see z1 and z3 apart"),
    Known("z1 + z2*z3", ((1, 1), (2, 2)), ((1, 1), (2, 2)), "given z1 the label is z2 z3"),
    Known("h2(z1) + z1*z2", ((2, 2),), ((2, 2),), "a quadratic form of full rank; z -> -z"),
    Known("z1*z2 + z3*z4", ((2, 4),), ((2, 4),), "a quadratic form of full rank"),
    Known(
        "relu(z1) + relu(z2)",
        ((1, 1), (2, 1)),
        ((1, 1), (2, 1)),
        "the swap; E[(relu z1 + relu z2) h2] > 0 across (1, -1)",
    ),
    Known("abs(z1) - abs(z2)", ((2, 2),), ((2, 2),), "sign changes; 2506.05500: piecewise linear targets, at most 2"),
    Known("tanh(z1*z2)", ((2, 2),), ((2, 2),), "injective: z1 z2"),
    Known("exp(-z1^2 - z2^2)", ((2, 2),), ((2, 2),), "injective: |z|^2, isotropic"),
    Known("tanh(z1)*z2", ((2, 2),), ((2, 2),), "z -> -z kills degree 1; E[tanh(z1) z1] != 0"),
    Known("sign(z1) + z2", ((1, 1), (1, 1)), ((1, 2),), "E[z | y]: z2 = y -+ 1 with the weights of the two signs"),
    Known("z1^2*exp(-z1^2) + z2", ((1, 1), (4, 1)), ((1, 1), (4, 1)), "given z2 the label is the link of exponent 4"),
    Known(
        "z1^2*exp(-z1^2)*z2^2*exp(-z2^2)",
        ((4, 2),),
        ((4, 2),),
        "level sets in each variable kill h2(zi), sign changes z1 z2 and odd degrees; E[f h4] != 0",
    ),
    Known("sign(z1*z2*z3) + z1", ((1, 1), (2, 2)), ((1, 1), (2, 2)), "given z1 the label is sign(z2 z3)"),
    Known("erf(3*z1*z2*z3)", ((3, 3),), ((2, 3),), "injective: z1 z2 z3; the label is odd in each variable"),
    Known("1(z1 > 0.5)*1(z2 > 0.5)", ((1, 1), (2, 1)), ((1, 1), (2, 1)), "two values; the swap; E[f h2] != 0 across"),
    Known("(z1 + z2)^3", ((1, 1),), ((1, 1),), "one direction in two variables"),
    Known("(z1 - 2*z2)^2 + z3 - z3", ((2, 1),), ((2, 1),), "one direction in three variables"),
]


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.text)
def test_sequences(known: Known) -> None:
    found = diagnose(known.text)
    assert found.correlational.pairs == known.correlational, known.argument
    assert found.generative.pairs == known.generative, known.argument
    assert found.correlational.complete
    assert found.generative.complete
    for step in (*found.correlational.steps, *found.generative.steps):
        assert step.exactness != "undecided", [str(e) for e in (*step.vanishing, step.seen, step.span)]
    # A transform of the label sees whatever the label sees.
    assert (found.generative.leap or 0) <= found.leap


def test_there_are_enough_of_them() -> None:
    assert len({known.text for known in KNOWN}) >= 40


POLYNOMIALS = [
    k for k in KNOWN if not any(name in k.text for name in ("exp", "abs", "sign", "tanh", "relu", "cos", "sin", ">"))
]
TURNED = [
    "z1*z2*z3",
    "re(z1, z2, 3)",
    "re(z1, z2, 4)",
    "h3(z1) + h3(z2)",
    "z1*h3(z2)",
    "z1 + h4(z2)",
    "z1 + z1*z2",
    "h2(z1)*h2(z2)",
]


@pytest.mark.parametrize("text", TURNED)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_random_rotation_and_a_redundant_variable_change_nothing(text: str, seed: int) -> None:
    """The directions turn with the target, and the arguments stay proofs."""
    known = next(k for k in KNOWN if k.text == text)
    plain = diagnose(text)
    wide = parse(text).in_variables(parse(text).variables + 1)
    turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((wide.variables,) * 2))[0]
    found = diagnose_polynomial(rotate(wide, turn))
    assert found.intrinsic_dimension == plain.intrinsic_dimension
    assert found.correlational.pairs == known.correlational
    assert found.generative.pairs == known.generative
    assert found.generative.exactness == "exact"
    for one, other in zip(plain.generative.steps, found.generative.steps, strict=True):
        embedded = np.vstack([one.directions, np.zeros((1, one.gained))])
        expected = turn @ embedded @ embedded.T @ turn.T
        np.testing.assert_allclose(other.directions @ other.directions.T, expected, atol=1e-6)


def test_thresholds_of_weak_recovery() -> None:
    """Closed forms; 2405.15480: 1/2 for z^2, pi^2/4 for sign(z1 z2). That of z1 z2 is in ``test_rare_values``."""

    def alpha(text: str) -> float:
        found = diagnose(text).weak_recovery
        assert found is not None
        return found.alpha

    assert alpha("z1^2") == pytest.approx(0.5, rel=1e-9)
    assert alpha("abs(z1)") == pytest.approx(0.5, rel=1e-9)  # the same level sets
    assert alpha("h1(z1) + h3(z1)") == 0
    assert math.isinf(alpha("sign(z1*z2*z3)"))
    assert math.isinf(alpha("z1^2*exp(-z1^2)"))
    assert alpha("sign(z1*z2)") == pytest.approx(math.pi**2 / 4, rel=1e-9)
    # E[z^2 - 1 | sign(z^2 - 1)] takes two values +-2 phi(1) / P: sum of their squares by weight.
    inside = math.erf(1 / math.sqrt(2))
    moment = 2 * math.exp(-0.5) / math.sqrt(2 * math.pi)
    assert alpha("sign(z1^2 - 1)") == pytest.approx(1 / (moment**2 * (1 / inside + 1 / (1 - inside))), rel=1e-6)
    # |z|^2 for two variables: G = (|z|^2/2 - 1) I, E[G M G] = E[(|z|^2/2 - 1)^2] M = M.
    assert alpha("h2(z1) + h2(z2)") == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("text", "correlational", "generative"),
    [
        ("x1*x2*x3", ((3, 3),), ((3, 3),)),  # two values
        ("x1 + x1*x2 + x1*x2*x3", ((1, 1), (1, 1), (1, 1)), ((1, 3),)),  # 2202.08658; indicators see every bit
        ("x1*x2 + x3*x4*x5", ((2, 2), (3, 3)), ((2, 2), (3, 3))),
        ("sign(x1 + x2 + x3)", ((1, 3),), ((1, 3),)),  # majority
        ("x1 + x2*x3*x4", ((1, 1), (3, 3)), ((1, 1), (3, 3))),  # 1(f = 2) has x1, the triple and their product
        ("x1*x2 + x2*x3", ((2, 3),), ((2, 3),)),
        ("x1 + x1*x2*x3", ((1, 1), (2, 2)), ((1, 1), (2, 2))),  # leap 2 of 2302.11055
    ],
)
def test_leaps_on_the_cube(text: str, correlational: Pairs, generative: Pairs) -> None:
    found = diagnose(text, inputs="cube")
    assert found.correlational.pairs == correlational
    assert found.generative.pairs == generative
    assert found.generative.exactness == "exact"


def test_noise_sensitivity_of_a_parity() -> None:
    """(1 - (1 - 2 delta)^k) / 2 for a parity of k bits (O'Donnell, section 2.4)."""
    found = diagnose("x1*x2*x3*x4", inputs="cube")
    for flip, value in found.noise_sensitivity.items():
        assert value == pytest.approx((1 - (1 - 2 * flip) ** 4) / 2)


@pytest.mark.parametrize(
    ("text", "correlational", "generative"),
    [
        # z2 is seen by E[y h2(z2) | z3]; sin(3 z1) has E[y z1 h2(u)] of 6e-4 beside the direction u found first.
        ("sin(3*z1) + abs(z2)*z3", ((1, 1), (1, 1), (2, 1)), ((1, 1), (1, 1), (2, 1))),
        ("tanh(z1)*abs(z2)", ((1, 1), (2, 1)), ((1, 1), (2, 1))),
    ],
)
def test_what_the_label_shows_its_transforms_show(
    text: str, correlational: tuple[tuple[int, int], ...], generative: tuple[tuple[int, int], ...]
) -> None:
    """The identity is a transform: a generative leap never exceeds the correlational one (2506.05500)."""
    found = diagnose(text)
    assert found.correlational.pairs == correlational
    assert found.generative.pairs == generative
    assert found.generative_leap is not None
    assert found.generative_leap <= found.leap
