"""The first stage of two-stage training: the weights move, the second layer a is fixed, w starts at 0.

Where the network's own output is left out (equation (4.1) of Chen and Ge 2024) the weights obey
``dw/dt = a E[z h(z) sigma'(w.z)]``; they depend on a and t through tau = a t alone, so one trajectory in tau gives all
of them. The activation is sin(x + phase); time is flow time.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from learnability.hermite.expansion import HermiteExpansion

Array = NDArray[np.float64]


def _slope(target: HermiteExpansion, phase: float) -> Callable[[float, Array], Array]:
    """``w -> E[z h(z) sigma'(w.z)] = grad(e^{-|w|^2/2} G(w))`` for one w (p,)."""
    terms = [(np.array(b), c * math.sin(phase + sum(b) * math.pi / 2)) for b, c in target.unnormalised().items()]

    def slope(_: float, w: Array) -> Array:
        value, gradient = 0.0, np.zeros_like(w)
        for exponent, coefficient in terms:
            powers = w**exponent
            value += coefficient * powers.prod()
            for j in np.flatnonzero(exponent):
                others = np.delete(powers, j).prod()
                gradient[j] += coefficient * exponent[j] * w[j] ** (exponent[j] - 1) * others
        return np.asarray(math.exp(-0.5 * float(w @ w)) * (gradient - value * w))

    return slope


def simplified_weights(target: HermiteExpansion, tau: Array, phase: float = math.pi / 4) -> Array:
    """w at tau = a t (n,) of the flow (4.1), (n, p); relative accuracy 1e-12."""
    slope = _slope(target, phase)
    weights = np.zeros((len(tau), target.variables))
    for sign in (-1.0, 1.0):
        chosen = np.flatnonzero(sign * tau > 0)
        if not len(chosen):
            continue
        chosen = chosen[np.argsort(np.abs(tau[chosen]))]
        stops = sign * np.unique(np.abs(tau[chosen]))
        solved = solve_ivp(
            slope, (0.0, stops[-1]), weights[0] * 0, method="DOP853", t_eval=stops, rtol=1e-12, atol=1e-20
        )
        weights[chosen] = solved.y.T[np.searchsorted(np.abs(stops), np.abs(tau[chosen]))]
    return weights
