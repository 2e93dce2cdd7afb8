"""The mean-field flow: closed form against quadrature and autograd, the series engine, symmetries."""

import math

import numpy as np
import pytest
import torch
from scipy.special import hyp0f1

from learnability.flows.mean_field import (
    MeanFieldFlow,
    MeanFieldProblem,
    Particles,
    SmoothedTargets,
    full_weights,
    radial_coefficients,
)
from learnability.flows.simplified import simplified_weights
from learnability.flows.solver import Controls, integrate
from learnability.hermite.activations import TANH, smooth
from learnability.hermite.basis import evaluate
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.quadrature import uniform_nodes
from learnability.hermite.reflective_search import gauss_grid
from learnability.hermite.rotation import rotate
from learnability.hermite.target_language import parse
from tests.flows.mean_field_series import SeriesFlow, cosine_moments

H = parse("z1 + z1*z2 - 0.5*He2(z1)*z2")


def random_state(count: int, variables: int, batch: int, seed: int = 0) -> Particles:
    g = torch.Generator().manual_seed(seed)
    kind = {"generator": g, "dtype": torch.float64}
    weights = torch.rand(count, **kind)
    return Particles(
        torch.randn(batch, count, **kind),
        0.4 * torch.randn(batch, count, variables, **kind),
        0.5 + 0.5 * torch.rand(batch, count, **kind),
        weights / weights.sum(),
    )


def direct_loss(h: HermiteExpansion, d: float, phase: float, a, w, r, mass) -> torch.Tensor:
    """The loss pair by pair, with the average over directions summed as a power series."""
    decay = torch.exp(-0.5 * (w.square().sum(-1) + r.square()))
    signal = torch.zeros_like(a)
    for index, c in h.unnormalised().items():
        signal = signal + c * math.sin(phase + sum(index) * math.pi / 2) * (w ** torch.tensor(index)).prod(-1)
    x = torch.outer(r, r) ** 2 / 4
    average, term = torch.ones_like(x), torch.ones_like(x)
    if math.isfinite(d):
        for level in range(1, 40):
            term = term * x / (level * ((d - h.variables) / 2 + level - 1))
            average = average + term
    pairs = 0.5 * average * (torch.exp(w @ w.T) - math.cos(2 * phase) * torch.exp(-w @ w.T))
    b = mass * a * decay
    return 0.5 * h.norm_squared - (b * signal).sum() + 0.5 * b @ pairs @ b


@pytest.mark.parametrize("phase", [math.pi / 4, 0.0, 0.3])
@pytest.mark.parametrize("dimension", [8.0, 60.0, math.inf])
def test_slopes_are_the_gradient_of_the_loss(phase: float, dimension: float) -> None:
    state = random_state(15, 2, 1)
    leaves = [x[0].clone().requires_grad_() for x in (state.second_layer, state.inside, state.radius)]
    loss = direct_loss(H, dimension, phase, *leaves, state.weights)
    gradients = torch.autograd.grad(loss, leaves)
    flow = MeanFieldFlow(MeanFieldProblem([H], np.array([dimension]), phase, rate_a=0.7, rate_w=1.3), state.weights)
    slope, found = flow(state.packed(), torch.tensor([0]))
    assert float(found) == pytest.approx(float(loss.detach()), abs=1e-14)
    a, w, r = (-g / state.weights.reshape(-1, *[1] * (g.dim() - 1)) for g in gradients)
    expected = torch.cat([0.7 * a[:, None], 1.3 * r[:, None], 1.3 * w], dim=1)
    torch.testing.assert_close(slope[0], expected, rtol=0, atol=1e-13)


def test_the_average_over_directions_is_a_confluent_hypergeometric_limit() -> None:
    k = 1.7
    for m in (3.0, 30.0, 1e4):
        coefficients = radial_coefficients(np.array([m]), k)[0]
        series = sum(c * k ** (2 * level) for level, c in enumerate(coefficients))
        assert series == pytest.approx(float(hyp0f1(m / 2, k**2 / 4)), rel=1e-14)
    assert radial_coefficients(np.array([np.inf]), 10.0).tolist() == [[1.0]]


def test_target_terms_by_quadrature() -> None:
    """E[h(z) sigma(w.x)] = e^{-R^2/2} G(w) with w.x = w_V.z + r g, by Gauss-Hermite in (z, g)."""
    w, r, phase = np.array([0.6, -0.9]), 0.8, 0.3
    points, weights = gauss_grid(3, 24)
    expected = float((weights * evaluate(H, points[:, :2])) @ np.sin(points @ np.array([*w, r]) + phase))
    problem = MeanFieldProblem([H], np.array([np.inf]), phase)
    value, _ = SmoothedTargets(problem, torch.device("cpu"))(torch.tensor(w)[None, None], torch.tensor([0]))
    assert float(value) * math.exp(-0.5 * (w @ w + r**2)) == pytest.approx(expected, abs=1e-12)


def test_finite_dimension_against_networks_with_drawn_directions() -> None:
    """E over uniform outer directions of the d-dimensional loss; 400 draws, false alarm rate 3e-7 (5 s.e.)."""
    d, count, rng = 6, 8, np.random.default_rng(0)
    state = random_state(count, 2, 1)
    a, w, r = (x[0].numpy() for x in (state.second_layer, state.inside, state.radius))
    mass, losses = state.weights.numpy(), []
    signal = direct_signal(w, r)
    for _ in range(400):
        outer = rng.standard_normal((count, d - 2))
        full = np.hstack([w, r[:, None] * outer / np.linalg.norm(outer, axis=1, keepdims=True)])
        distance = np.square(full[:, None] - full[None]).sum(-1)
        b = mass * a
        losses.append(0.5 * H.norm_squared - b @ signal + 0.25 * b @ np.exp(-distance / 2) @ b)
    flow = MeanFieldFlow(MeanFieldProblem([H], np.array([float(d)])), state.weights)
    found = float(flow(state.packed(), torch.tensor([0]))[1])
    # A pair (i, i) has no angle to average over: put the true diagonal in place of the average.
    decay = np.exp(-(np.square(w).sum(1) + r**2))
    averaged = 0.5 * decay * np.exp(np.square(w).sum(1)) * hyp0f1((d - 2) / 2, r**4 / 4)
    found += 0.5 * float((mass * a) ** 2 @ (0.5 - averaged))
    error = np.std(losses) / np.sqrt(len(losses))
    assert abs(np.mean(losses) - found) < 5 * error


def direct_signal(w: np.ndarray, r: np.ndarray) -> np.ndarray:
    """E[h sigma(w.x)] for sin(x + pi/4) by Gauss-Hermite in (z, g)."""
    points, weights = gauss_grid(3, 14)
    values = weights * evaluate(H, points[:, :2])
    return np.array([values @ np.sin(points @ np.array([*v, s]) + np.pi / 4) for v, s in zip(w, r, strict=True)])


def test_tiles_change_nothing_but_rounding() -> None:
    state = random_state(33, 2, 3)
    problem = MeanFieldProblem([H, parse("z1*z2"), H], np.array([12.0, 40.0, math.inf]))
    index = torch.arange(3)
    whole = MeanFieldFlow(problem, state.weights)(state.packed(), index)
    tiled = MeanFieldFlow(problem, state.weights, tile=100)(state.packed(), index)
    torch.testing.assert_close(tiled[0], whole[0], rtol=0, atol=1e-14)
    torch.testing.assert_close(tiled[1], whole[1], rtol=0, atol=1e-14)


@pytest.mark.parametrize("phase", [math.pi / 4, 0.3])
def test_the_series_engine_agrees(phase: float) -> None:
    """Two derivations that share nothing: pairs in closed form, and squares of Hermite moments."""
    state = random_state(12, 2, 3)
    problem = MeanFieldProblem([H] * 3, np.array([7.0, 50.0, math.inf]), phase)
    activation = smooth("sine", lambda x: torch.sin(x + phase), lambda x: torch.cos(x + phase))
    slope, loss = MeanFieldFlow(problem, state.weights)(state.packed(), torch.arange(3))
    other, other_loss = SeriesFlow(problem, activation, state.weights, degree=28)(state.packed(), torch.arange(3))
    torch.testing.assert_close(other_loss, loss, rtol=0, atol=1e-12)
    torch.testing.assert_close(other, slope, rtol=0, atol=1e-11)


def test_series_of_a_general_activation_by_quadrature() -> None:
    """tanh at d = infinity: E over z and independent outer Gaussians of the squared error, by Gauss-Hermite."""
    count = 3
    state = random_state(count, 1, 1, seed=3)
    h = parse("z1 + 0.3*He3(z1)")
    problem = MeanFieldProblem([h], np.array([math.inf]))
    found = float(SeriesFlow(problem, TANH, state.weights, degree=60, nodes=160)(state.packed(), torch.tensor([0]))[1])
    x, weights = gauss_grid(1, 120)
    a, w, r = (v[0].numpy() for v in (state.second_layer, state.inside[..., 0], state.radius))
    smoothed = np.array([[weights @ np.tanh(w[i] * z + r[i] * x[:, 0]) for z in x[:, 0]] for i in range(count)])
    network = (state.weights.numpy() * a) @ smoothed
    expected = 0.5 * float(weights @ np.square(evaluate(h, x) - network))
    assert found == pytest.approx(expected, abs=2e-4)


def test_cosine_moments_of_a_uniform_direction() -> None:
    assert cosine_moments(3.0, 4) == pytest.approx([1, 1 / 3, 1 / 5, 1 / 7])
    assert cosine_moments(2.0, 3) == pytest.approx([1, 1 / 2, 3 / 8])


def curve(
    h: HermiteExpansion, dimension: float, particles: Particles, end: float = 6.0, relative: float = 1e-6
) -> tuple[torch.Tensor, torch.Tensor]:
    flow = MeanFieldFlow(MeanFieldProblem([h], np.array([dimension])), particles.weights)
    times = torch.linspace(0, end, 13, dtype=torch.float64)
    controls = Controls(relative=relative, absolute=1e-3 * relative)
    found = integrate(flow, particles.packed(), times, lambda state, loss, index: loss[:, None], controls=controls)
    assert float(found.largest_rise) <= 1e-12
    return found.observables[0, :, 0], found.state[0]


def paired(count: int, variables: int, dimension: float, seed: int = 0) -> Particles:
    rng = np.random.default_rng(seed)
    a = rng.uniform(0, 1, count // 2)
    w = rng.standard_normal((count // 2, variables)) / math.sqrt(dimension)
    r = np.sqrt(rng.chisquare(dimension - variables, count // 2) / dimension)
    pair = (np.concatenate([a, -a]), np.concatenate([w, w]), np.concatenate([r, r]))
    second, inside, radius = (torch.from_numpy(x)[None] for x in pair)
    return Particles(second, inside, radius, torch.full((count,), 1 / count, dtype=torch.float64))


def test_the_loss_never_rises_and_the_radius_keeps_its_sign() -> None:
    losses, state = curve(H, 30.0, paired(60, 2, 30.0), end=12.0)
    assert (losses.diff() <= 0).all()
    assert (state[:, 1] > 0).all()


def test_rotating_the_target_rotates_the_flow() -> None:
    start = paired(40, 2, 50.0)
    angle = 0.8
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turned = Particles(start.second_layer, start.inside @ torch.from_numpy(turn).T, start.radius, start.weights)
    losses, state = curve(H, 50.0, start, relative=1e-9)
    other, other_state = curve(rotate(H, turn), 50.0, turned, relative=1e-9)
    torch.testing.assert_close(other, losses, rtol=0, atol=1e-8)
    torch.testing.assert_close(other_state[:, 2:], state[:, 2:] @ torch.from_numpy(turn).T, rtol=0, atol=1e-7)


def test_the_flow_tends_to_its_limit_like_one_over_d() -> None:
    """From the same particles, dimension enters through 0F1 alone, whose first correction is 1/(2m)."""
    start = paired(40, 2, 1e3)
    limit, _ = curve(H, math.inf, start)
    gaps = [float((curve(H, d, start)[0] - limit).abs().max()) for d in (100.0, 1000.0, 10000.0)]
    assert gaps[0] / gaps[1] == pytest.approx(10, rel=0.1)
    assert gaps[1] / gaps[2] == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize("text", ["z1 + z1*z2*z3", "z1*z2"])
def test_reflective_targets_are_trapped_exactly_at_infinite_dimension(text: str) -> None:
    h = parse(text)
    a, weights = uniform_nodes(16)
    zeros = torch.zeros(1, 16, h.variables, dtype=torch.float64)
    start = Particles(
        torch.from_numpy(a)[None], zeros, torch.ones(1, 16, dtype=torch.float64), torch.from_numpy(weights)
    )
    losses, state = curve(h, math.inf, start, end=20.0)
    trapped = state[:, 3:] if text.startswith("z1 +") else state[:, 2:]
    assert float(trapped.abs().max()) == 0.0
    assert float(losses[-1]) >= 0.5


def test_reference_losses_of_the_first_stage() -> None:
    """The flow (4.1) against its right-hand side by quadrature, and against the full flow at small T."""
    tau = np.array([-0.6, 0.0, 0.3, 0.6])
    w = simplified_weights(H, tau)
    step = 1e-4
    slope = (simplified_weights(H, tau + step) - simplified_weights(H, tau - step)) / (2 * step)
    points, weights = gauss_grid(2, 24)
    values = weights * evaluate(H, points)
    expected = (values * np.cos(w @ points.T + np.pi / 4)) @ points
    np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-7)
    nodes, masses = uniform_nodes(20)
    gaps = [np.abs(full_weights(H, nodes, masses, t) - simplified_weights(H, nodes * t)).max() for t in (0.02, 0.01)]
    assert gaps[0] / gaps[1] == pytest.approx(4, rel=0.01)  # the network's output is O(t), its effect O(t^2)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="must exceed"):
        MeanFieldProblem([H], np.array([2.0]))
    with pytest.raises(ValueError, match="same number of variables"):
        MeanFieldProblem([H, parse("z1")], np.array([9.0, 9.0]))
    with pytest.raises(ValueError, match="1 targets but 2"):
        MeanFieldProblem([H], np.array([9.0, 9.0]))
