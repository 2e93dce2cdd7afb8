"""The population flow: against Monte Carlo, its closed form for one task, and SGD in the limit of small steps."""

import math

import numpy as np
import torch
from scipy.integrate import solve_ivp

from learnability.flows.correlation import CorrelationFlow, trajectory
from learnability.hermite.activations import RELU, hermite_series, relu_expansion
from learnability.sgd.chain import decoupled_engine, random_chain
from learnability.sgd.loop import run
from learnability.sgd.problem import TwoLayerProblem

CUBIC = hermite_series([0, 0, 0, 1.0])


def flow_of(gram: np.ndarray, biases: list[float], link: tuple[float, ...]) -> CorrelationFlow:
    student = relu_expansion(np.array(biases), len(link) - 1)
    return CorrelationFlow(student, np.tile(link, (len(gram), 1)), gram)


def test_velocity_is_the_mean_spherical_gradient():
    """Monte Carlo with 4e5 samples; each entry within 5 standard errors (6 entries: false alarm below 1e-5)."""
    rng = np.random.default_rng(0)
    gram = np.array([[1.0, 0.4], [0.4, 1.0]])
    v = np.linalg.cholesky(gram)
    v = np.pad(v, ((0, 0), (0, 3)))
    w = rng.standard_normal((3, 5))
    w /= np.linalg.norm(w, axis=1, keepdims=True)
    biases = [-1.0, 0.2, 0.8]
    link = (0.0, 0.0, 0.0, 0.8, 0.6)
    velocity = flow_of(gram, biases, link).velocity(w @ v.T)
    x = rng.standard_normal((400_000, 5))
    t = torch.as_tensor(x @ v.T)
    y = hermite_series(link).value(t).sum(-1).numpy() / math.sqrt(2)
    s = x @ w.T
    c = y[:, None] * (s + biases > 0)
    for j in range(3):
        samples = c[:, j, None] * ((x - s[:, j, None] * w[j]) @ v.T)
        error = samples.std(0) / math.sqrt(len(x))
        assert (np.abs(samples.mean(0) - velocity[j]) < 5 * error).all()


def test_one_task_has_its_closed_form_and_the_solver_is_of_fourth_order():
    """d kappa / dt = c kappa^2 (1 - kappa^2): t = [1/k0 - 1/k + atanh k - atanh k0] / c."""
    flow = flow_of(np.eye(1), [-1.0], (0.0, 0.0, 0.0, 1.0))
    c = 3 * relu_expansion(np.array(-1.0), 3)[3]
    start, end = 0.05, 0.6
    time = (1 / start - 1 / end + math.atanh(end) - math.atanh(start)) / c
    errors = [abs(trajectory(flow, np.array([[start]]), np.array([time]), h)[0, 0, 0] - end) for h in (0.2, 0.1, 0.05)]
    assert errors[-1] < 1e-4
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(orders, 4, atol=0.6)


def test_trajectories_agree_with_scipy_on_coherent_tasks_of_two_degrees():
    """Written out in NumPy and solved by LSODA at 1e-10: three neurons, three unequal tasks, four saved times."""
    rng = np.random.default_rng(4)
    gram = np.array([[1.0, 0.2, 0.1], [0.2, 1.0, 0.0], [0.1, 0.0, 1.0]])
    teacher = np.array([[0, 0, 0, 1.0, 0], [0, 0, 0, 0.8, 0.6], [0, 0, 0, 0.6, -0.8]])
    student = relu_expansion(np.array([-1.0, -0.5, 0.3]), 4)
    start, times = 0.3 * rng.standard_normal((3, 3)), np.array([0.5, 4.0, 30.0, 200.0])
    found = trajectory(CorrelationFlow(student, teacher, gram), start, times, 0.01)
    degrees = np.arange(1, 5)
    for j in range(3):

        def velocity(t: float, kappa: np.ndarray, j: int = j) -> np.ndarray:
            g = (degrees * student[j, 1:] * teacher[:, 1:] * kappa[:, None] ** (degrees - 1)).sum(1) / math.sqrt(3)
            return gram @ g - kappa * (g @ kappa)

        expected = solve_ivp(velocity, (0, 200), start[j], "LSODA", times, rtol=1e-10, atol=1e-12).y.T
        np.testing.assert_allclose(found[:, j], expected, atol=2e-6)


def test_a_flow_that_blows_up_ends_and_is_nan():
    """kappa = 3 with the force turned round is driven outwards, in finite time."""
    flow = CorrelationFlow(np.array([[0, 0, 0, -1.0]]), np.array([[0, 0, 0, 1.0]]), np.eye(1))
    kappa = trajectory(flow, np.array([[3.0]]), np.array([1e-3, 1e3, 1e4]))[:, 0, 0]
    np.testing.assert_array_equal(np.isnan(kappa), [False, True, True])


def test_the_correlation_never_falls_along_the_flow():
    rng = np.random.default_rng(1)
    gram = np.full((4, 4), 0.1) + 0.9 * np.eye(4)
    flow = flow_of(gram, [-1.0] * 20, (0.0, 0.0, 0.0, 1.0))
    start = 0.2 * rng.standard_normal((20, 4))
    kappa = trajectory(flow, start, np.linspace(1, 60, 40))
    gain = (flow.student[0, 3] * kappa**3).sum(-1)
    assert (np.diff(gain, axis=0) > -1e-9).all()


def test_resting_neurons_end_on_a_task():
    rng = np.random.default_rng(2)
    flow = flow_of(np.eye(3), [-1.0] * 50, (0.0, 0.0, 0.0, 1.0))
    kappa = trajectory(flow, 0.1 * np.abs(rng.standard_normal((50, 3))), np.array([1e7]))[0]
    np.testing.assert_allclose(np.sort(kappa, axis=1)[:, -1], 1, atol=1e-6)


def test_sgd_tends_to_the_flow_as_the_step_falls():
    """Mean over runs of kappa at a fixed flow time: the bias against the flow falls like the step size (slope 1 +-
    0.25).

    Common random numbers are not possible across step sizes; 20000 runs keep the standard error below a tenth of the
    smallest bias. The root mean square fluctuation falls like the square root (slope 0.5 +- 0.1).
    """
    dimension, runs, time = 40, 20000, 1.0
    problem = TwoLayerProblem(lambda t: CUBIC.value(t).sum(-1), RELU)
    one = torch.ones(1, dtype=torch.float64)
    state = random_chain(1, one, -one, 1, dimension, torch.Generator().manual_seed(0))
    start = torch.full_like(state.frame, 0.3)
    state = state._replace(frame=start, rest=torch.full_like(state.rest, math.sqrt(1 - 0.09)))
    state = type(state)(*(t.expand(runs, *t.shape[1:]) for t in state))
    flow = flow_of(np.eye(1), [-1.0], (0.0, 0.0, 0.0, 1.0))
    limit = trajectory(flow, np.array([[0.3]]), np.array([time]), 0.02)[0, 0, 0]
    biases, fluctuations, sizes = [], [], (0.04, 0.02, 0.01)
    for k, size in enumerate(sizes):
        engine = decoupled_engine(problem, torch.eye(1), 16, dimension)
        steps = round(time / size)
        result = run(engine, state, [steps], lambda n, s=size: np.full(len(n), s), torch.Generator().manual_seed(k + 1))
        kappa = result.observed["alignment"][-1, :, 0, 0]
        biases.append(abs(kappa.mean() - limit))
        fluctuations.append(kappa.std())
    logs = np.log(sizes)
    assert abs(np.polyfit(logs, np.log(biases), 1)[0] - 1) < 0.25
    assert abs(np.polyfit(logs, np.log(fluctuations), 1)[0] - 0.5) < 0.1
