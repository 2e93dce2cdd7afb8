"""Taylor coefficients of the simplified flow against an ODE solver, and the reference orders."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from learnability.hermite.basis import evaluate
from learnability.hermite.reflective_search import gauss_grid
from learnability.hermite.rotation import rotate
from learnability.hermite.target_language import parse
from learnability.hermite.taylor_rank import DERIVATIVES, taylor_coefficients, taylor_ranks

ORDERS = [
    ("z1 + z1*z2", "sine", 2),
    ("z1 + z1*z2", "exponential", 2),
    ("z1 + z1*z2", "sigmoid", 2),
    ("z1 + z1*z2", "tanh", None),
    ("z1 + z1*z2 + z1*z2*z3", "sine", 4),
    ("z1 + z1*z2 + z1*z2*z3", "sigmoid", 4),
    ("z1 + z1*z2 + z2*z3 + 0.5*He2(z1)*z3", "sine", 7),
    ("z1 + z1*z2 + z2*z3 + 0.4*He2(z1)*z3", "sine", 3),
    ("z1 + z1*z2*z3", "exponential", None),
]


@pytest.mark.parametrize(("text", "activation", "order"), ORDERS)
def test_spanning_orders_in_coordinates_and_rotated(text: str, activation: str, order: int | None) -> None:
    h = parse(text)
    plain = taylor_ranks(h, activation)
    assert plain.spanning_order == order
    assert plain.exact == (activation != "sigmoid")
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((h.variables, h.variables)))[0]
    turned = taylor_ranks(rotate(h, turn), activation)
    assert turned.ranks == plain.ranks
    assert not turned.exact


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "sine"])
def test_derivatives_at_zero_against_a_contour_integral(name: str) -> None:
    """sigma^{(n)}(0) / n! by Cauchy's formula on a circle inside the strip of analyticity."""
    functions = {
        "tanh": np.tanh,
        "sigmoid": lambda x: 1 / (1 + np.exp(0.5 - x)),
        "sine": lambda x: np.sqrt(2) * np.sin(x + np.pi / 4),
    }
    circle = np.exp(2j * np.pi * np.arange(64) / 64)
    series = np.fft.fft(functions[name](circle)).real / 64
    factorials = np.cumprod([1.0, *range(1, 9)])
    expected = series[:9] * factorials
    np.testing.assert_allclose([float(x) for x in DERIVATIVES[name](9)], expected, rtol=1e-9, atol=1e-9)


def test_series_against_the_flow_by_quadrature() -> None:
    """w(t) = sum q_j t^j at small t against dw/dt = E[z h(z) sigma'(w.z)] with the expectation by Gauss-Hermite."""
    h = parse("z1 + z1*z2 - 0.5*He2(z1)*z2")
    points, weights = gauss_grid(2, 24)
    values = weights * evaluate(h, points)

    def slope(_: float, w: np.ndarray) -> np.ndarray:
        return np.sqrt(2) * (values * np.cos(points @ w + np.pi / 4)) @ points

    t = 0.08
    solved = solve_ivp(slope, (0, t), np.zeros(2), method="DOP853", rtol=1e-12, atol=1e-14).y[:, -1]
    terms = {b: Fraction(c).limit_denominator(1000) for b, c in h.unnormalised().items()}
    q = taylor_coefficients(dict(terms), 2, DERIVATIVES["sine"](24), 12).astype(float)
    np.testing.assert_allclose(t ** np.arange(1, 13) @ q, solved, rtol=1e-9, atol=1e-11)


def test_fractions_and_floats_give_the_same_coefficients() -> None:
    h = parse("z1 + 0.5*z1*z2 + z1*z2*z3")
    terms = {b: Fraction(c).limit_denominator(1000) for b, c in h.unnormalised().items()}
    s = DERIVATIVES["tanh"](20)
    exact = taylor_coefficients(dict(terms), 3, s, 8).astype(float)
    rounded = taylor_coefficients(dict(h.unnormalised()), 3, [float(x) for x in s], 8)
    np.testing.assert_allclose(rounded, exact, rtol=1e-12, atol=1e-14)
