"""Population gradient flow of correlation-loss networks by Hermite expansion: the limit of SGD at small step size.

For y = M^{-1/2} sum_m f_m(<v_m, x>), f_m = sum_i beta_mi h_i, and a neuron a sigma(<w, x> + b) with
sigma(. + b) = sum_i alpha_i h_i, E[h_i(<v,x>) h_k(<w,x>)] = delta_ik <v,w>^i on unit vectors gives

    E[y a sigma(<w,x> + b)] = M^{-1/2} sum_m sum_i a alpha_i beta_mi kappa_m^i,    kappa = V w,

and spherical gradient flow closes on kappa: with g_m = M^{-1/2} sum_i i a alpha_i beta_mi kappa_m^{i-1} and the
tasks' Gram matrix P,

    d kappa / dt = P g - kappa <g, kappa>.

SGD time is t = step_size x steps. NumPy only: neurons of all replicas are the rows of one array.
"""

from dataclasses import dataclass

import numpy as np

_REST = 1e-10


@dataclass(frozen=True)
class CorrelationFlow:
    """The flow of many neurons. ``student`` (neuron, degree + 1) holds a alpha_i, ``teacher`` (task, degree + 1)
    beta_mi, ``gram`` (task, task) is V V^T."""

    student: np.ndarray
    teacher: np.ndarray
    gram: np.ndarray

    def force(self, alignment: np.ndarray) -> np.ndarray:
        """g (neuron, task) at alignments kappa (neuron, task), by Horner's rule in kappa."""
        tasks, degrees = self.teacher.shape
        total = np.zeros_like(alignment)
        for i in range(degrees - 1, 0, -1):
            total = total * alignment
            total += i * self.student[:, i, None] * self.teacher[:, i]
        return total / np.sqrt(tasks)

    def velocity(self, alignment: np.ndarray) -> np.ndarray:
        """d kappa / dt (neuron, task)."""
        g = self.force(alignment)
        return g @ self.gram - alignment * np.vecdot(g, alignment)[:, None]


def _rk4(flow: CorrelationFlow, y: np.ndarray, dt: np.ndarray) -> np.ndarray:
    h = dt[:, None]
    k1 = flow.velocity(y)
    k2 = flow.velocity(y + h / 2 * k1)
    k3 = flow.velocity(y + h / 2 * k2)
    k4 = flow.velocity(y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def trajectory(flow: CorrelationFlow, start: np.ndarray, times: np.ndarray, relative_step: float = 0.05) -> np.ndarray:
    """kappa (time, neuron, task) at increasing ``times`` from ``start`` (neuron, task) at time 0.

    Fourth-order Runge-Kutta with a step per neuron, ``relative_step`` over the largest entry of its force and of the
    flow's linear rate: neurons near a saddle take long steps, and none waits for another. Its error is of order
    relative_step^4.
    """
    state, clock = start.copy(), np.zeros(len(start))
    saved = np.empty((len(times), *start.shape))
    for i, target in enumerate(times):
        active = np.flatnonzero(clock < target)
        while active.size:
            part = CorrelationFlow(flow.student[active], flow.teacher, flow.gram)
            here = state[active]
            left = target - clock[active]
            rate, resting = _rate(part, here)
            dt = np.where(resting, left, np.minimum(relative_step / rate, left))
            state[active] = np.where(resting[:, None], here, _rk4(part, here, np.where(resting, 0.0, dt)))
            clock[active] = np.where(dt >= left, target, clock[active] + dt)
            active = active[clock[active] < target]
        saved[i] = state
    return saved


def _rate(flow: CorrelationFlow, alignment: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rate of change of kappa relative to its size, per neuron, and whether the neuron is at rest.

    At rest: its velocity is 1e-10 of what its forces could give, which happens at a fixed point and nowhere on a
    plateau.
    """
    velocity, force = flow.velocity(alignment), flow.force(alignment)
    size = np.maximum(np.sqrt(np.vecdot(alignment, alignment)), 1e-12)
    speed = np.sqrt(np.vecdot(velocity, velocity))
    # Near a fixed point the velocity vanishes and the linear rates are multiples of <g, kappa>.
    return speed / size + np.abs(np.vecdot(force, alignment)) + 1e-12, speed < _REST * np.abs(force).max(axis=1)
