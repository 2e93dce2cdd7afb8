"""The ReLU flow at infinite dimension against Monte Carlo, finite differences and a network in many dimensions."""

import numpy as np
import pytest

from learnability.flows.mean_field_relu import ReluFlow, relu_mean
from learnability.hermite.basis import evaluate
from learnability.hermite.quadrature import uniform_nodes
from learnability.hermite.target_language import parse

TARGET = parse("z1 + z1*z2 - 0.5*z1*z2*z3 + He2(z2)*z1*z3")


def test_means_of_derivatives() -> None:
    """Orthonormal coefficients of the ReLU, and no odd degree above one."""
    from learnability.hermite.activations import relu_expansion

    expected = relu_expansion(np.array(0.0), 7)
    factorials = np.sqrt(np.cumprod([1.0, *range(1, 8)]))
    np.testing.assert_allclose([relu_mean(k) for k in range(8)], expected * factorials, atol=1e-15)
    assert [relu_mean(k) for k in (3, 5, 7)] == [0, 0, 0]


def test_signal_and_network_by_sampling() -> None:
    """E[h sigma] and E[sigma sigma'] over four million samples; five standard errors."""
    rng = np.random.default_rng(0)
    w, r, a = rng.standard_normal((3, 3)), np.array([0.4, 1.0, 1.7]), np.array([1.0, -0.5, 0.3])
    x = rng.standard_normal((1_000_000, 6))
    outer = np.concatenate([w, np.diag(r)], axis=1)
    activation = np.maximum(x @ outer.T, 0)
    h = evaluate(TARGET, x[:, :3])
    flow = ReluFlow(TARGET, np.full(3, 1 / 3))
    value = flow.signal(w, r)[0]
    samples = h[:, None] * activation
    error = samples.std(0) / 1000
    assert (np.abs(samples.mean(0) - value) < 5 * error).all()
    size = np.sqrt((w**2).sum(1) + r**2)
    products = activation[:, :1] * activation[:, 1:]
    expected = products.mean(0)
    overlap = w[0] @ w[1:].T / (size[0] * size[1:])
    angle = np.arccos(overlap)
    kernel = size[0] * size[1:] * (np.sin(angle) + (np.pi - angle) * overlap) / (2 * np.pi)
    assert (np.abs(kernel - expected) < 5 * products.std(0) / 1000).all()
    assert flow.network(a, w, r)[0].shape == (3,)


def test_slopes_are_gradients_of_the_loss() -> None:
    """-dL/d(state) over the mass, by central differences."""
    rng = np.random.default_rng(1)
    state = np.column_stack([rng.uniform(-1, 1, 5), rng.uniform(0.5, 1.5, 5), rng.standard_normal((5, 3))])
    masses = np.full(5, 0.2)
    flow = ReluFlow(TARGET, masses)
    slope, _ = flow.slope(state)
    numeric = np.zeros_like(state)
    for i, j in np.ndindex(state.shape):
        step = np.zeros_like(state)
        step[i, j] = 1e-5
        numeric[i, j] = -(flow.slope(state + step)[1] - flow.slope(state - step)[1]) / 2e-5 / masses[i]
    # The kernel of a particle with itself holds r^2 where the flow has orthogonal outer parts: its share is 1/n.
    np.testing.assert_allclose(slope[:, [0, 2, 3, 4]], numeric[:, [0, 2, 3, 4]], rtol=1e-6, atol=1e-8)


def test_loss_falls_and_an_odd_degree_stays_hidden() -> None:
    a, masses = uniform_nodes(24)
    states, loss = ReluFlow(parse("z1 + z1*z2 + z1*z2*z3"), masses).solve(a, np.linspace(0, 6, 7))
    assert (np.diff(loss) < 0).all()
    assert np.abs(states[-1, :, 4]).max() == 0
    assert np.abs(states[-1, :, 3]).max() > 0.05


def test_network_in_many_dimensions() -> None:
    """Euler steps of a network with 96 neurons in 400 dimensions, population gradients, against the flow at t = 2."""
    h, d, steps = parse("z1 + z1*z2"), 4000, 80
    a, masses = uniform_nodes(48)
    states, loss = ReluFlow(h, masses).solve(a, np.array([0.0, 2.0]))
    rng = np.random.default_rng(2)
    outer = rng.standard_normal((48, d - 2)) / np.sqrt(d)
    w, b = np.concatenate([np.zeros((48, 2)), outer], axis=1), a.copy()
    flow = ReluFlow(h, masses)
    for _ in range(steps):
        r = np.linalg.norm(w[:, 2:], axis=1)
        signal, signal_w, signal_r = flow.signal(w[:, :2], r)
        size = np.linalg.norm(w, axis=1)
        cosine = np.clip(w @ w.T / np.outer(size, size), -1, 1)
        angle, sine = np.arccos(cosine), np.sqrt(1 - cosine**2)
        output = (np.outer(size, size) * (sine + (np.pi - angle) * cosine)) @ (masses * b) / (2 * np.pi)
        pull = (np.pi - angle) @ ((masses * b)[:, None] * w) / (2 * np.pi)
        pull += (sine @ (masses * b * size) / (2 * np.pi) / size)[:, None] * w
        toward = np.concatenate([signal_w, (signal_r / r)[:, None] * w[:, 2:]], axis=1)
        w, b = w + 2 / steps * b[:, None] * (toward - pull), b + 2 / steps * (signal - output)
    np.testing.assert_allclose(w[:, :2], states[-1, :, 2:], atol=0.05)
    assert loss[-1] < loss[0]


@pytest.mark.parametrize("text", ["z1 + z1*z2*z3", "z1*z2"])
def test_reflective_targets_trap_exactly(text: str) -> None:
    h = parse(text)
    a, masses = uniform_nodes(16)
    states, _ = ReluFlow(h, masses).solve(a, np.array([0.0, 4.0]))
    free = 1 if text.startswith("z1 +") else 0
    assert np.abs(states[-1, :, 2 + free :]).max() == 0
