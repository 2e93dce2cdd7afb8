"""The errors in print of the study ``gradient_hardness``, derived again by other means than the study's.

Exact rational arithmetic over the whole cube, quadrature and high precision; nothing of the study is imported. Each
test is named after its page in ``docs/errors``.
"""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy

Vector = list[Fraction]


def points(dimension: int) -> list[tuple[int, ...]]:
    return list(itertools.product((0, 1), repeat=dimension))


def parity(v: tuple[int, ...], x: tuple[int, ...]) -> int:
    return -1 if sum(a * b for a, b in zip(v, x, strict=True)) % 2 else 1


def gradient_at(x: tuple[int, ...]) -> Vector:
    """Gradient in all parameters of three ReLU neurons with rational weights, on signs 1 - 2x."""
    signs = [Fraction(1 - 2 * bit) for bit in x]
    neurons = (
        ([Fraction(1, 2), Fraction(-1, 3), Fraction(2, 5), Fraction(1, 7)], Fraction(1, 10), Fraction(3, 4)),
        ([Fraction(1), Fraction(1), Fraction(-1), Fraction(1)], Fraction(1, 2), Fraction(-2, 3)),
        ([Fraction(-2, 3), Fraction(1, 5), Fraction(1, 4), Fraction(-1)], Fraction(-1, 5), Fraction(1)),
    )
    gradient: Vector = []
    for weights, bias, readout in neurons:
        z = sum((w * s for w, s in zip(weights, signs, strict=True)), bias)
        active = readout if z > 0 else Fraction(0)
        gradient += [max(z, Fraction(0)), active, *(active * s for s in signs)]
    return gradient


def dot(a: Vector, b: Vector) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def test_theorem_5() -> None:
    """All 16 parities in rationals: the variance is exactly ``4 2^-d (E|grad h|^2 - 2^-d |grad h(0)|^2)``."""
    cube = points(4)
    gradients = [gradient_at(x) for x in cube]
    mean_square = sum((dot(g, g) for g in gradients), Fraction(0)) / 16
    # grad R_f = const - 2 E[f grad h]: the constant drops out of the variance.
    risks = []
    for v in cube:
        terms = [[parity(v, x) * c for c in g] for x, g in zip(cube, gradients, strict=True)]
        risks.append([-2 * sum(column, Fraction(0)) / 16 for column in zip(*terms, strict=True)])
    centre = [sum(column, Fraction(0)) / 16 for column in zip(*risks, strict=True)]
    variance = sum((dot(r, r) for r in risks), Fraction(0)) / 16 - dot(centre, centre)
    printed = mean_square / 16
    assert variance == 4 * (printed - dot(gradients[0], gradients[0]) / 256)
    assert printed < variance <= 4 * printed


def cosine_gram(count: int) -> np.ndarray:
    """Gram matrix of sqrt(2) cos(2 pi w.x), |w|^2 = 2, lines at multiples of pi/count: trapezoidal sums."""
    nodes = np.linspace(-9, 9, 401)
    x, y = np.meshgrid(nodes, nodes, indexing="ij")
    # The square root of the Gaussian density times the area of a cell.
    mass = np.exp(-(x**2 + y**2) / 4) / math.sqrt(2 * math.pi) * (nodes[1] - nodes[0])
    length = 2 * math.pi * math.sqrt(2)
    angles = math.pi * np.arange(count) / count
    functions = np.array([math.sqrt(2) * np.cos(length * (np.cos(a) * x + np.sin(a) * y)) * mass for a in angles])
    return np.asarray(np.tensordot(functions, functions, ((1, 2), (1, 2))))


def test_nearly_orthonormal() -> None:
    """Nine cosines in the plane and the model h = theta f_1: the variance of grad R exceeds 2/n."""
    gram = cosine_gram(9)
    off = np.abs(gram - np.diag(np.diag(gram))).max()
    assert off <= 1 / 81
    variance = 4 * np.var(gram[0]) / gram[0, 0]
    assert 2 / 9 < variance <= 4 / 9 * (1 + 1 / 9)
    assert variance == pytest.approx(4 / 9 * (1 - 1 / 9), rel=0.02)
    # Without the absolute value: F = {+-e_1, ..., +-e_m}, n = 2m, h = theta e_1.
    m = 5
    signed = np.concatenate([np.eye(m), -np.eye(m)])
    assert (signed @ signed.T - np.eye(2 * m)).max() <= 0
    assert 4 * np.var(signed[:, 0]) == pytest.approx(8 / (2 * m))


def test_definition_4() -> None:
    """The norm of the cosine is 1/sqrt(2), and nine of them fit in the plane while ten do not."""
    assert cosine_gram(1)[0, 0] / 2 == pytest.approx(0.5, abs=1e-12)
    for count, fits in ((9, True), (10, False)):
        gram = cosine_gram(count)
        assert (np.abs(gram - np.diag(np.diag(gram))).max() <= count**-2) == fits


def lifted(dimension: int, v: int, moved: Fraction) -> tuple[list[Fraction], Fraction]:
    """The lifted model at ``theta = moved e_v``, d even: ``q'(theta)`` (2^d,) and ``sup |h|``, in rationals."""
    eps = Fraction(1, 2 ** (dimension // 2))
    slopes = [eps] * 2**dimension
    slopes[v] = eps + moved
    return slopes, eps * moved + moved**2 / 2


def lifted_supremum(theta: Vector, eps: Fraction) -> Fraction:
    """``sup |h|`` over the cube at any theta (2^d,), by every sign pattern of the parities."""
    values = [eps * u + u**2 / 2 for u in theta]
    cube = points((len(theta) - 1).bit_length())
    return max(abs(sum((parity(v, x) * q for v, q in zip(cube, values, strict=True)), Fraction(0))) for x in cube)


def test_the_domain_of_the_lifted_model() -> None:
    """On the ball |theta| <= 1/2 |h| is at most 5/8, attained on the diagonal; on the cube [0, 1/2]^{2^d} 2^d/8."""
    rng = np.random.default_rng(0)
    for dimension in (2, 4):
        size, eps = 2**dimension, Fraction(1, 2 ** (dimension // 2))
        assert lifted_supremum([eps / 2] * size, eps) == Fraction(5, 8)
        assert lifted_supremum([Fraction(1, 2)] * size, eps) > Fraction(size, 8)
        for _ in range(100):
            theta = [Fraction(int(u), 1000) for u in rng.integers(-1000, 1001, size)]
            norm = dot(theta, theta)
            # Scaled into the ball by a rational above the length.
            inside = [u / (2 * Fraction(math.isqrt(int(norm * 10**12)) + 1, 10**6)) for u in theta]
            length = dot(inside, inside)
            assert length <= Fraction(1, 4)
            assert lifted_supremum(inside, eps) <= Fraction(5, 8)
            # q'(a) - q'(b) = a - b: L = 1.
            other = [u / 3 for u in reversed(inside)]
            slopes = [(eps + a) - (eps + b) for a, b in zip(inside, other, strict=True)]
            distance = [a - b for a, b in zip(inside, other, strict=True)]
            assert dot(slopes, slopes) == dot(distance, distance)


def test_theorem_6() -> None:
    """The premises on the ball that holds the flows, in rationals, and the flow by mpmath: a drift of 1/2 under every
    parity at ``t = ln(2^{d/2-1} + 1)``."""
    start, sup = lifted(6, 5, Fraction(1, 2))
    assert sup <= Fraction(5, 8)
    origin, _ = lifted(6, 5, Fraction(0))
    assert sum(s**2 for s in origin) == 1  # G_0, by Parseval
    # |q'(a) - q'(b)| = |a - b|: L = 1.
    assert sum((a - b) ** 2 for a, b in zip(start, origin, strict=True)) == Fraction(1, 4)
    needed = []
    with mpmath.workdps(30):
        for dimension in (20, 40):
            eps = mpmath.mpf(2) ** (-dimension // 2)
            time = mpmath.log(mpmath.mpf(2) ** (dimension // 2 - 1) + 1)
            flow = mpmath.odefun(lambda _, u, eps=eps: eps + u, 0, mpmath.mpf(0))
            assert abs(flow(time) - mpmath.mpf(1) / 2) < mpmath.mpf(10) ** -12
            printed = mpmath.sqrt(mpmath.mpf(1) / 2) * mpmath.expm1(4 * eps * time)
            assert flow(time) > 2 ** (dimension / 2 - 4) / time * printed
            needed.append(flow(time) ** 2 / mpmath.expm1(eps * time))
    # The C_1 of (17) grows by 2^{1/2} a dimension, up to the factor of the time.
    assert needed[1] / needed[0] > 2**10 / 2.2


def test_corollary_7() -> None:
    """At t <= 0.35 d every drift is 1/2: drift times 2^{d/2} outgrows any power of d, here d^10 from d = 200 to 400."""
    for dimension in (200, 400):
        assert math.log(2) * (dimension / 2 - 1) + 1e-9 <= 0.35 * dimension
    assert Fraction(2 ** (400 // 2), 2 ** (200 // 2)) > Fraction(400, 200) ** 10


def test_equation_18() -> None:
    """All parameters of the lifted model moved by u = 2^-d/2 delta: G is ``(1 + delta)^2``, above ``1 + 2 delta^2``."""
    eps, delta = Fraction(1, 8), Fraction(1, 2)
    growth = 64 * (eps + eps * delta) ** 2
    assert growth == Fraction(9, 4)
    printed, corrected = 1 + 2 * delta**2, 2 + 2 * delta**2
    assert printed < growth <= corrected
    assert growth / printed == Fraction(3, 2)


def test_equation_20() -> None:
    """At the points of the flow, one for each parity: the left side of (20) over the right one grows as 2^{d/2}."""
    for dimension, least in ((6, 3.5), (10, 14.9), (20, 450)):
        eps, moved = Fraction(1, 2 ** (dimension // 2)), Fraction(1, 2)
        left = 2 * moved * (eps + moved)
        squared_norm = (eps + moved) ** 2 + (2**dimension - 1) * eps**2
        right = 2 * float(eps) * float(moved) * math.sqrt(squared_norm)
        assert float(left) / right > least


def test_gronwall() -> None:
    """The extremal solution of (22), by mpmath's Taylor series, exceeds the bound that is printed for it."""
    dimension, lipschitz, start = 10, mpmath.mpf(3), mpmath.mpf(2)
    rate = mpmath.mpf(2) ** (2 - dimension / 2)
    flow = mpmath.odefun(lambda _, x: rate * (mpmath.sqrt(2 * lipschitz) * x + mpmath.sqrt(start)), 0, mpmath.mpf(0))
    time = 1 / (rate * mpmath.sqrt(lipschitz))
    scale = mpmath.sqrt(start / (2 * lipschitz))
    assert flow(time) == pytest.approx(float(scale * mpmath.expm1(mpmath.sqrt(2))), rel=1e-10)
    assert flow(time) / (scale * mpmath.expm1(1)) == pytest.approx(1.8117, abs=1e-3)


def test_path_norm() -> None:
    """One halfspace x_1 >= 1/2 (w = 1, b = 0, k = 1), neuron by neuron."""
    # 2c = 2x - 1 and 2c - 1 = 2x - 2, the constant -k + 1/3 as a ReLU of bias one; all over 2k.
    exact = ((2 + 1) + (2 + 2) + (1 - Fraction(1, 3))) / 2
    printed = (1 + Fraction(1, 3) + (2 * (2 * 1 + 0 + Fraction(1, 2)) + 1)) / 2
    corrected = (1 + Fraction(1, 3) + (4 * (1 + 0 + Fraction(1, 2)) + 1)) / 2
    assert printed < exact < corrected
    assert corrected - exact == Fraction(2, 3) / 2


def test_step_limit() -> None:
    t = sympy.symbols("a", positive=True)
    relu = sympy.Max(t * 0, 0) - sympy.Max(t * 0 - 1, 0)
    assert sympy.limit(relu, t, sympy.oo) == 0


def test_sq_sign() -> None:
    """``2 n^2 e^{-C sqrt(d)} = 1/2`` has a solution that grows."""
    n, c, d = sympy.symbols("n C d", positive=True)
    (solution,) = sympy.solve(sympy.Eq(2 * n**2 * sympy.exp(-c * sympy.sqrt(d)), sympy.Rational(1, 2)), n)
    assert sympy.simplify(solution - sympy.exp(c * sympy.sqrt(d) / 2) / 2) == 0


def test_summary_path_norm() -> None:
    """No network is below the variation of its slope on the diagonal (1,000 random ones), and the cosine's is C d^3."""
    rng = np.random.default_rng(0)
    s = np.linspace(-1, 1, 4001)
    for _ in range(1000):
        dimension, width = rng.integers(1, 6), rng.integers(1, 8)
        weights, biases = rng.standard_normal((width, dimension)), rng.standard_normal(width)
        readout = rng.standard_normal(width)
        values = np.maximum(np.outer(s, weights.sum(1)) + biases, 0) @ readout
        variation = np.abs(np.diff(np.diff(values) / (s[1] - s[0]))).sum()
        norm = (np.abs(readout) * (np.abs(weights).sum(1) + np.abs(biases))).sum()
        assert variation <= norm * (1 + 1e-9)
    lower = []
    for dimension in (4, 8, 16):
        reach = 2 * math.pi * dimension**1.5
        grid = np.linspace(-1, 1, 400_001)
        lower.append(np.trapezoid(reach**2 * np.abs(np.cos(reach * grid)), grid))
    exponents = np.diff(np.log2(lower))
    assert exponents == pytest.approx(3, abs=0.02)
    assert lower[-1] == pytest.approx(16 * math.pi * 16**3, rel=0.01)


def test_figure_2_risk() -> None:
    x, w, length = sympy.symbols("x w L", real=True)
    printed = (sympy.sin(length * 2 * sympy.pi * w * x) - sympy.sin(length * 2 * sympy.pi * w * x)) ** 2
    assert sympy.simplify(printed) == 0
