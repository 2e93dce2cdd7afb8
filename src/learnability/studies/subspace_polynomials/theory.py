"""Predictions of the study that need no run."""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ESCAPE_FRACTION = 0.9
"""A run has left the floor once its loss is below this fraction of it."""

DEFICIT_TIME = 5.0
"""The fixed time of the deficit, before any of the dimensions has escaped."""

NECESSARY_EXPONENT = -0.5
"""Power of d in the bound of the necessary condition, floor - inf L <= C(T) d^{-1/2}."""

OBSERVED_EXPONENT = -1.0
"""Power of d of the deficit itself: to first order it is linear in |w_S(0)|^2 = O(1/d)."""


def escape_growth(leap: int) -> tuple[str, float]:
    """How the escape time grows with d: ``("log", 0)`` for leap 2, ``("power", leap / 2 - 1)`` above."""
    return ("log", 0.0) if leap == 2 else ("power", leap / 2 - 1)


def linear_escape_rate(phase: float = math.pi / 4) -> float:
    """Growth rate of |w| at w = 0 for h = z1 z2 and a = 1: ``|mu_2| e^{-1/2}`` with mu_2 = -sin(phase)."""
    return abs(math.sin(phase + math.pi)) * math.exp(-0.5)


def kernel_exponent(order: int, degree: int) -> int:
    """The power ``2 s n`` of T in lambda_min for small T, with p-fold averaging."""
    return 2 * order * degree


def anchored(x: Array, exponent: float, value: float) -> Array:
    """A power law through ``value`` at the first x."""
    return np.asarray(value * (x / x[0]) ** exponent)
