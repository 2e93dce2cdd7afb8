"""How far gradient flow travels from its start, on average over all parities: two models that can be solved.

**Lifted model.** theta in R^{2^d}, ``h = sum_v q(theta_v) chi_v``, ``q(0) = 0``, ``q'(u) = eps + u``, ``eps =
2^{-d/2}``, on the ball ``|theta| <= 1/2``, started at 0, so that G_0 = L = 1 and ``|h| <= sum_v (eps |theta_v| +
theta_v^2/2) <= |theta| + |theta|^2/2 <= 5/8``, the first term by Cauchy and Schwarz (on the cube [0, 1/2]^{2^d} |h|
would reach 2^d/8). Under the parity v only theta_v moves: ``theta_v(t) = eps (e^t - 1)``, which stays in the ball until
the drift is 1/2.

**Sine committee.** One neuron ``h = sin(w.s + b)`` in mean-field time (|h| <= 1: the hinge loss is the
correlation). Its correlation with chi_v is ``Phi = sin(b + pi |v|/2) prod_{i in v} sin w_i prod_{i not in v}
cos w_i = prod_i sin(phi_i)`` in the d+1 angles ``phi_i = w_i`` (i in v), ``w_i + pi/2`` (i not in v), ``b +
pi |v|/2``. Along gradient ascent all ``cos phi_i`` keep their ratios, so one scalar ODE describes all angles,
at O(d) a step for any d. The scalar is the angle with the largest ``|cos phi|``, the only one that can cross
a multiple of pi: in ``S = -log(cos phi_i / cos phi_i(0))`` the ODE has a turning point there, in the angle it
is smooth.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from learnability.studies.gradient_hardness.representations import cube


@dataclass(frozen=True)
class SineNeurons:
    """Initial angles (n, d+1) and what the scalar ODE needs of them; rows are neurons, each with its own parity."""

    angles: np.ndarray
    pivot: np.ndarray
    ratios: np.ndarray
    signs: np.ndarray

    @classmethod
    def from_angles(cls, angles: np.ndarray) -> "SineNeurons":
        cosines = np.cos(angles)
        pivot = np.abs(cosines).argmax(1)
        rows = np.arange(len(angles))
        ratios = cosines / cosines[rows, pivot][:, None]
        return cls(angles, pivot, ratios, np.sign(np.sin(angles)))


def phase_angles(weights: np.ndarray, biases: np.ndarray, parities: np.ndarray) -> np.ndarray:
    """The angles phi (n, d+1) of neurons (n, d), (n,) with the parities v (n, d), boolean."""
    degrees = parities.sum(1)
    return np.concatenate((weights + np.pi / 2 * ~parities, (biases + np.pi / 2 * degrees)[:, None]), 1)


def runge_kutta(velocity: Callable[[np.ndarray], np.ndarray], state: np.ndarray, span: float, steps: int) -> np.ndarray:
    """The state after the time ``span`` in classical Runge-Kutta steps."""
    h = span / steps
    for _ in range(steps):
        k1 = velocity(state)
        k2 = velocity(state + h / 2 * k1)
        k3 = velocity(state + h / 2 * k2)
        state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + velocity(state + h * k3))
    return state


def pivot_trajectory(neurons: SineNeurons, times: np.ndarray, time_step: float) -> np.ndarray:
    """The pivot angle at ``times`` (increasing), shape (times, n); classical Runge-Kutta with steps of at
    most ``time_step``."""
    rows = np.arange(len(neurons.angles))
    others = neurons.ratios**2
    others[rows, neurons.pivot] = 0
    sign = np.prod(neurons.signs, 1) * neurons.signs[rows, neurons.pivot]
    angle, now, saved = neurons.angles[rows, neurons.pivot], 0.0, []

    def velocity(pivot_angle: np.ndarray) -> np.ndarray:
        """``cos phi prod_{i != pivot} sin phi_i`` with ``sin^2 phi_i = 1 - ratio_i^2 cos^2 phi``."""
        cosine = np.cos(pivot_angle)
        return cosine * sign * np.sqrt(np.multiply.reduce(1 - others * cosine[:, None] ** 2, axis=1))

    for end in times:
        steps = max(1, int(np.ceil((end - now) / time_step - 1e-9)))
        angle, now = runge_kutta(velocity, angle, end - now, steps), float(end)
        saved.append(angle)
    return np.array(saved)


def displacements(neurons: SineNeurons, pivot_angle: np.ndarray) -> np.ndarray:
    """``theta_t - theta_0`` (n, d+1) from the pivot angle (n,)."""
    rows = np.arange(len(neurons.angles))
    start = neurons.angles[rows, neurons.pivot]
    # Rounding may push |cos| of a ratio of one above one.
    now = np.arccos(np.clip(neurons.ratios * np.cos(pivot_angle)[:, None], -1, 1))
    before = np.arccos(np.clip(neurons.ratios * np.cos(start)[:, None], -1, 1))
    moved = neurons.signs * (now - before)
    moved[rows, neurons.pivot] = pivot_angle - start
    return moved


def draw_parities(weights: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Parities (n, d) for importance sampling, one for each neuron (n, d), and ``2^-d / q(v)`` (n,).

    At the start ``Phi^2`` is proportional to ``p(v) = prod_{i in v} sin^2 w_i prod_{i not in v} cos^2
    w_i``, a product measure that sums to one: its few large parities carry the mean, and uniform parities
    would hardly ever show them. q is half that measure, with each probability kept away from 0 and 1 by
    1/(2(d+1)), and half uniform, so that no weight exceeds 2.
    """
    count, dimension = weights.shape
    keep = 1 / (dimension + 1)
    inside = (1 - keep) * np.sin(weights) ** 2 + keep / 2
    from_product = rng.random((count, 1)) < 0.5
    parities = rng.random((count, dimension)) < np.where(from_product, inside, 0.5)
    log_ratio = np.log(np.where(parities, inside, 1 - inside)).sum(1) + dimension * np.log(2)
    return parities, np.exp(np.log(2) - np.logaddexp(0, log_ratio))


def mean_squared_drift(
    dimension: int, times: np.ndarray, neurons: int, weight_scale: float, time_step: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """``E_v |theta_t - theta_0|^2`` and ``E_v min(|theta_t - theta_0|, r)^2`` with ``r = 1/sqrt(d+1)``, each (times,).

    Weights N(0, weight_scale^2), biases uniform on the circle; v uniform over the parities, by importance
    sampling.
    """
    weights = weight_scale * rng.standard_normal((neurons, dimension))
    parities, importance = draw_parities(weights, rng)
    state = SineNeurons.from_angles(phase_angles(weights, rng.uniform(-np.pi, np.pi, neurons), parities))
    full, truncated = [], []
    for pivot_angle in pivot_trajectory(state, times, time_step):
        squared = (displacements(state, pivot_angle) ** 2).sum(1)
        full.append((importance * squared).mean())
        truncated.append((importance * np.minimum(squared, 1 / (dimension + 1))).mean())
    return np.array(full), np.array(truncated)


def lifted_time(dimension: float) -> float:
    """The time ``log(1/(2 eps) + 1)`` at which the drift of the lifted model reaches 1/2, under every parity."""
    return float(np.logaddexp(dimension / 2 * np.log(2) - np.log(2), 0))


def simulate_lifted(dimension: int, times: np.ndarray, steps: int) -> tuple[np.ndarray, float]:
    """Drifts (times, 2^d) under every parity, and the largest |h| on the cube at the last time.

    All 2^d parameters of all 2^d flows, ``theta' = <f, grad h(theta)>``, the inner products by enumeration of the
    cube; classical Runge-Kutta with ``steps`` steps from one of the ``times`` to the next. Nothing of the closed form
    is used.
    """
    bits = cube(dimension)
    characters = (-1.0) ** (bits @ bits.T)
    correlations = characters @ characters / len(bits)
    eps, theta, now, saved = 2.0 ** (-dimension / 2), np.zeros_like(correlations), 0.0, []

    def velocity(state: np.ndarray) -> np.ndarray:
        return (eps + state) * correlations

    for end in times:
        theta, now = runge_kutta(velocity, theta, end - now, steps), float(end)
        saved.append(np.linalg.norm(theta, axis=1))
    return np.array(saved), float(np.abs((eps * theta + theta**2 / 2) @ characters).max())


def lifted_supremum(dimension: int) -> float:
    """max |h| on the cube at ``theta_v = 2^{-d/2}/2`` for every v, a point on the edge of the ball |theta| <= 1/2.

    There both inequalities of the bound 5/8 are equalities, at the point s = (1, ..., 1).
    """
    bits = cube(dimension)
    eps = 2.0 ** (-dimension / 2)
    theta = np.full(len(bits), eps / 2)
    return float(np.abs((-1.0) ** (bits @ bits.T) @ (eps * theta + theta**2 / 2)).max())
