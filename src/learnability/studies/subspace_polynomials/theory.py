"""Predictions of the study that need no run, the targets that they are about, and where they come from."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

PAPER = "Chen, Ge 2024 (arXiv 2402.08948)"
OURS = f"this study, on the definitions of {PAPER}"

SUMMARY = "a circulating summary of arXiv 2402.08948"

STAIRCASES = {2: "z1 + z1*z2", 3: "z1 + z1*z2 + z1*z2*z3"}
"""The staircases in two and three variables."""

SPANNING_ORDERS = {2: 2, 3: 4}
"""The order s at which the Taylor coefficients of flow (4.1) for these staircases span the subspace."""

GAP = "7*z1 - 7*z1*z2 + 0.5*He3(z1) - 1.5*He3(z1)*z2 + 0.75*He5(z1) - z2*z3 + 0.5*He2(z1)*z3"
"""Nothing reflective, and yet (4.1) with sin(x + pi/4) stays on w2 = w1^2 / 2, w3 = 0 for all times."""

PARABOLA = "14*z1 - 14*z1*z2 + He3(z1) + 6*z1*He2(z2) + 3*He3(z1)*z2"
"""(4.1) with sin(x + pi/4) stays on w2 = w1^2 / 2 for all times, on which polynomials of degree 2 vanish."""

FIRST_STAGE = 2.0
"""Length T of the first stage behind all decays of the second (flow time)."""

ESCAPE_FRACTION = 0.9
"""A run has left the floor once its loss is below this fraction of it."""

NECESSARY_EXPONENT = -0.5
"""Power of d in the bound of the necessary condition, floor - inf L <= C(T) d^{-1/2}."""

OBSERVED_EXPONENT = -1.0
"""Power of d of the deficit itself: to first order it is linear in |w_S(0)|^2 = O(1/d)."""


def escape_exponent(leap: int) -> float:
    """Power of d of the time to leave the floor, ``leap / 2 - 1``; at leap 2 the time grows like log d."""
    return leap / 2 - 1


def kernel_exponent(order: int, degree: int) -> int:
    """The power ``2 s n`` of T in lambda_min for small T, with p-fold averaging."""
    return 2 * order * degree


def anchored(x: Array, exponent: float, value: float) -> Array:
    """A power law through ``value`` at the first x."""
    return np.asarray(value * (x / x[0]) ** exponent)


def coefficient_of(polynomial: str) -> float:
    """c in ``z1 + z2 + z1*z3 + c*z2*z4``."""
    return float(polynomial.rsplit("+", 1)[1].split("*")[0])


def unlearned_loss(coefficient: ArrayLike) -> Array:
    """The loss that is left when everything but span{e1 - e2, e3 - e4} is learned, for each c.

    In u = (z1 + z2)/sqrt(2), v = (z1 - z2)/sqrt(2) and likewise u', v': z1 z3 + c z2 z4 =
    (1 + c)/2 (u u' + v v') + (1 - c)/2 (u v' + v u'), of which u u' alone is free of v, v'.
    """
    c = np.asarray(coefficient)
    return np.asarray(0.5 * (((1 + c) / 2) ** 2 + 2 * ((1 - c) / 2) ** 2))
