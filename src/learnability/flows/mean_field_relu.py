"""The mean-field flow of a two-layer ReLU network at infinite input dimension, in closed form.

``f = int a max(w.x, 0) rho(da, dw)``, squared loss, target ``f* = h(z)`` on a hidden subspace of dimension p. At d =
infinity the parts of the weights outside the subspace are orthogonal, so a particle is ``(a, w_V, r)``, ``R^2 =
|w_V|^2 + r^2``, and

    E[h sigma(w.x)] = sum_k mu_k(R) H_k(w_V),  mu_k(R) = E sigma^{(k)}(R g) = c_k R^{1-k},
    c_0 = 1/sqrt(2 pi), c_1 = 1/2, c_k = He_{k-2}(0)/sqrt(2 pi) for k >= 2: zero for odd k >= 3,
    E[sigma(w.x) sigma(w'.x)] = R R' (sin t + (pi - t) cos t) / (2 pi),  cos t = w_V.w_V' / (R R')

(the arc-cosine kernel of degree 1: Cho and Saul 2009). Both are smooth in the particles as long as r > 0, although
sigma' jumps. Time is flow time, both layers at rate 1.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import hermite_e
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from learnability.hermite.expansion import HermiteExpansion

Array = NDArray[np.float64]


def relu_mean(k: int) -> float:
    """``c_k = E sigma^{(k)}(g)`` of the ReLU."""
    if k == 0:
        return 1 / math.sqrt(2 * math.pi)
    if k == 1:
        return 0.5
    return float(hermite_e.hermeval(0.0, [0.0] * (k - 2) + [1.0])) / math.sqrt(2 * math.pi)


@dataclass(frozen=True)
class ReluFlow:
    """The flow of one target; ``masses`` (n,) of the particles sum to 1. Packed states are (n, p + 2): a, r, w_V."""

    target: HermiteExpansion
    masses: Array

    def signal(self, w: Array, r: Array) -> tuple[Array, Array, Array]:
        """``E[h sigma]`` (n,) and its gradients in w_V (n, p) and r (n,)."""
        size = np.sqrt((w**2).sum(1) + r**2)
        value, inside, radial = np.zeros(len(w)), np.zeros_like(w), np.zeros(len(w))
        for index, c in self.target.unnormalised().items():
            k = sum(index)
            scale = c * relu_mean(k)
            if scale == 0.0:
                continue
            powers = w ** np.array(index)
            monomial = powers.prod(1)
            value += scale * size ** (1 - k) * monomial
            radial += scale * (1 - k) * size ** (-k) * monomial
            for j in np.flatnonzero(index):
                lowered = index[j] * w[:, j] ** (index[j] - 1) * np.delete(powers, j, axis=1).prod(1)
                inside[:, j] += scale * size ** (1 - k) * lowered
        return value, inside + (radial / size)[:, None] * w, radial / size * r

    def network(self, a: Array, w: Array, r: Array) -> tuple[Array, Array, Array]:
        """``E[f sigma]`` (n,) and its gradients in w_V (n, p) and r (n,)."""
        size = np.sqrt((w**2).sum(1) + r**2)
        overlap = w @ w.T
        # The outer parts of different particles are orthogonal; those of a particle with itself count with mass zero.
        cosine = np.clip(overlap / np.outer(size, size), -1, 1)
        angle = np.arccos(cosine)
        sine = np.sqrt(1 - cosine**2)
        mass = self.masses * a
        value = (np.outer(size, size) * (sine + (np.pi - angle) * cosine)) @ mass / (2 * np.pi)
        pull = sine @ (mass * size) / (2 * np.pi) / size
        inside = (np.pi - angle) @ (mass[:, None] * w) / (2 * np.pi) + pull[:, None] * w
        return value, inside, pull * r

    def slope(self, state: Array) -> tuple[Array, float]:
        """The slopes (n, p + 2) and the loss."""
        a, r, w = state[:, 0], state[:, 1], state[:, 2:]
        signal, signal_w, signal_r = self.signal(w, r)
        output, output_w, output_r = self.network(a, w, r)
        inside = a[:, None] * (signal_w - output_w)
        slope = np.column_stack([signal - output, a * (signal_r - output_r), inside])
        mass = self.masses * a
        loss = 0.5 * self.target.norm_squared - float(mass @ signal) + 0.5 * float(mass @ output)
        return slope, loss

    def solve(self, a: Array, times: Array, tolerance: float = 1e-8) -> tuple[Array, Array]:
        """States (time, n, p + 2) and losses (time,) from ``w_V = 0``, r = 1, the start at d = infinity."""
        p = self.target.variables
        start = np.column_stack([a, np.ones(len(a)), np.zeros((len(a), p))])

        def slope(_: float, flat: Array) -> Array:
            return self.slope(flat.reshape(start.shape))[0].ravel()

        solved = solve_ivp(
            slope, (0.0, float(times[-1])), start.ravel(), t_eval=times, rtol=tolerance, atol=1e-3 * tolerance
        )
        states = solved.y.T.reshape(len(times), *start.shape)
        return states, np.array([self.slope(state)[1] for state in states])
