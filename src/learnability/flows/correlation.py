"""Population gradient flow of correlation-loss networks by Hermite expansion: the limit of SGD at small step size.

For y = M^{-1/2} sum_m f_m(<v_m, x>), f_m = sum_i beta_mi h_i, and a neuron a sigma(<w, x> + b) with
sigma(. + b) = sum_i alpha_i h_i, E[h_i(<v,x>) h_k(<w,x>)] = delta_ik <v,w>^i on unit vectors gives

    E[y a sigma(<w,x> + b)] = M^{-1/2} sum_m sum_i a alpha_i beta_mi kappa_m^i,    kappa = V w,

and spherical gradient flow closes on kappa: with g_m = M^{-1/2} sum_i i a alpha_i beta_mi kappa_m^{i-1} and the
tasks' Gram matrix P,

    d kappa / dt = P g - kappa <g, kappa>.

SGD time is t = step_size x steps. Neurons do not interact, so each is integrated by itself in compiled code.
"""

from dataclasses import dataclass

import numpy as np

from learnability.compiled.loops import assign, compiled

_REST = 1e-10


@compiled
def _force(student: np.ndarray, teacher: np.ndarray, alignment: np.ndarray, force: np.ndarray) -> None:
    """g (task,) of one neuron by Horner's rule; ``teacher`` (degree + 1, task) holds M^{-1/2} beta."""
    force[:] = 0.0
    for i in range(len(student) - 1, 0, -1):
        coefficient = i * student[i]
        for m in range(len(alignment)):
            force[m] = force[m] * alignment[m] + coefficient * teacher[i, m]


@compiled
def _velocity(
    student: np.ndarray,
    teacher: np.ndarray,
    gram: np.ndarray,
    alignment: np.ndarray,
    force: np.ndarray,
    velocity: np.ndarray,
) -> float:
    """d kappa / dt (task,) of one neuron, and <g, kappa>. An empty ``gram`` stands for the identity."""
    _force(student, teacher, alignment, force)
    radial = 0.0
    for m in range(len(alignment)):
        radial += force[m] * alignment[m]
    for m in range(len(alignment)):
        pull = force[m]
        if len(gram):
            pull = 0.0
            for n in range(len(alignment)):
                pull += gram[m, n] * force[n]
        velocity[m] = pull - radial * alignment[m]
    return radial


@compiled
def _velocities(
    student: np.ndarray, teacher: np.ndarray, gram: np.ndarray, alignment: np.ndarray, velocity: np.ndarray
) -> None:
    force = np.empty(alignment.shape[1])
    for j in range(len(alignment)):
        _velocity(student[j], teacher, gram, alignment[j], force, velocity[j])


@compiled
def _rest_of_step(
    student: np.ndarray,
    teacher: np.ndarray,
    gram: np.ndarray,
    dt: float,
    state: np.ndarray,
    k: np.ndarray,
    work: np.ndarray,
) -> None:
    """A step of the classical Runge-Kutta method whose first slope is in ``k[0]``; ``state`` (task,) in place."""
    point, force = work[0], work[1]
    for stage in range(1, 4):
        fraction = dt if stage == 3 else dt / 2
        for m in range(len(state)):
            point[m] = state[m] + fraction * k[stage - 1, m]
        _velocity(student, teacher, gram, point, force, k[stage])
    for m in range(len(state)):
        state[m] += dt / 6 * (k[0, m] + 2 * (k[1, m] + k[2, m]) + k[3, m])


@compiled
def _integrate(
    student: np.ndarray,
    teacher: np.ndarray,
    gram: np.ndarray,
    start: np.ndarray,
    times: np.ndarray,
    relative_step: float,
    saved: np.ndarray,
) -> None:
    """Fills ``saved`` (time, neuron, task).

    The step is ``relative_step`` over the rate of change of kappa relative to its size and over <g, kappa>, of which
    the flow's linear rates at a fixed point are multiples. A neuron whose velocity is 1e-10 of what its forces could
    give is at rest, which happens at a fixed point and nowhere on a plateau. A neuron whose steps no longer move the
    clock has blown up, as only alignments of no unit vector can: it is NaN from then on.
    """
    tasks = start.shape[1]
    state, k, work = np.empty(tasks), np.empty((4, tasks)), np.empty((2, tasks))
    for j in range(len(start)):
        assign(state, start[j])
        clock = 0.0
        for i in range(len(times)):
            while clock < times[i]:
                radial = _velocity(student[j], teacher, gram, state, work[1], k[0])
                size, speed, largest = 0.0, 0.0, 0.0
                for m in range(tasks):
                    size += state[m] ** 2
                    speed += k[0, m] ** 2
                    largest = max(largest, abs(work[1, m]))
                size, speed = max(np.sqrt(size), 1e-12), np.sqrt(speed)
                left = times[i] - clock
                dt = relative_step / (speed / size + abs(radial) + 1e-12)
                resting = speed < _REST * largest
                if resting or dt >= left:
                    dt = left
                if not clock + dt > clock:
                    state[:] = np.nan
                    dt = left
                elif not resting:
                    _rest_of_step(student[j], teacher, gram, dt, state, k, work)
                clock = times[i] if dt >= left else clock + dt
            assign(saved[i, j], state)


@dataclass(frozen=True)
class CorrelationFlow:
    """The flow of many neurons. ``student`` (neuron, degree + 1) holds a alpha_i, ``teacher`` (task, degree + 1)
    beta_mi, ``gram`` (task, task) is V V^T."""

    student: np.ndarray
    teacher: np.ndarray
    gram: np.ndarray

    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Student, teacher and Gram matrix as the compiled loops take them."""
        tasks = len(self.teacher)
        orthonormal = np.array_equal(self.gram, np.eye(tasks))
        gram = np.empty((0, 0)) if orthonormal else np.ascontiguousarray(self.gram, dtype=float)
        teacher = np.ascontiguousarray(self.teacher.T / np.sqrt(tasks))
        return np.ascontiguousarray(self.student, dtype=float), teacher, gram

    def velocity(self, alignment: np.ndarray) -> np.ndarray:
        """d kappa / dt (neuron, task) at alignments kappa (neuron, task)."""
        velocity = np.empty(alignment.shape)
        _velocities(*self._arrays(), np.ascontiguousarray(alignment, dtype=float), velocity)
        return velocity


def trajectory(flow: CorrelationFlow, start: np.ndarray, times: np.ndarray, relative_step: float = 0.05) -> np.ndarray:
    """kappa (time, neuron, task) at increasing ``times`` from ``start`` (neuron, task) at time 0.

    Fourth-order Runge-Kutta with a step per neuron, ``relative_step`` over the largest entry of its force and of the
    flow's linear rate: neurons near a saddle take long steps, and none waits for another. Its error is of order
    relative_step^4.
    """
    saved = np.empty((len(times), *start.shape))
    first, instants = np.ascontiguousarray(start, dtype=float), np.asarray(times, dtype=float)
    _integrate(*flow._arrays(), first, instants, relative_step, saved)
    return saved
