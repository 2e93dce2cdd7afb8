"""The closed flows: Jacobians, independent references, the law of the start, both forms of the joint flow."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.stats import ks_2samp

from learnability.flows.closed import solve_closed
from learnability.flows.multi_index import (
    TRAPPED,
    JointFlow,
    PlantedFlow,
    haar_correlations,
    singular_values,
    trap_speed,
)
from learnability.flows.multi_index_spectral import SpectralFlow, trap_rate
from learnability.flows.small_matrices import inverse, inverse_definite, multiply, orthonormal_columns
from learnability.flows.solver import FlowState, SolverOptions, solve
from learnability.hermite.target_language import parse
from learnability.hermite.tensors import rotated, symmetric_tensors
from learnability.results.status import Status

LINKS = [
    "h3(z1) + 0.3*h1(z1)",
    "h1(z1) + h1(z1)*h4(z2) - 0.3*h2(z1)*h1(z2)",
    "h1(z1) + 0.8*h1(z1)*h2(z2) + 0.6*h1(z2)*h3(z3)",
]
HALF = math.sqrt(0.5)


def draw(shape: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def automatic_jacobian(problem: object, state: torch.Tensor, chart: torch.Tensor) -> torch.Tensor:
    def one(y: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        return problem.field(y[:, None], c[:, None])[:, 0]  # type: ignore[attr-defined]

    return torch.func.vmap(torch.func.jacfwd(one), in_dims=1, out_dims=2)(state, chart)


def joint_velocity(link: str, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """(I - G) S M by plain loops over the tensors: an independent reference."""
    gram = matrix @ matrix.T
    slope = np.zeros_like(gram)
    for k, tensor in symmetric_tensors(parse(link)).items():
        partial = tensor
        for axis in range(1, k):
            partial = np.moveaxis(np.tensordot(partial, gram, axes=(axis, 0)), -1, axis)
        slope += k * partial.reshape(len(gram), -1) @ tensor.reshape(len(gram), -1).T
    return np.asarray((np.eye(len(gram)) - gram) @ slope @ matrix)


def run(
    problem: SpectralFlow | JointFlow, correlations: NDArray[np.float64], d: int, leap: int, **more: float
) -> FlowState:
    r = correlations.shape[-1]
    settings = {"relative_tolerance": 1e-6, **more}
    options = SolverOptions(levels=(*(HALF,) * r, math.nan), **settings)  # type: ignore[arg-type]
    if isinstance(problem, SpectralFlow):
        state, chart = problem.start(correlations, trap_rate(np.full(len(correlations), d), leap))
    else:
        state = torch.from_numpy(correlations.transpose(1, 2, 0).reshape(r * r, -1).copy())
        chart = torch.from_numpy(trap_speed(np.full(len(correlations), d), 2 * leap - 1))[None]
    return solve(problem, state, chart, options)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("form", [JointFlow, PlantedFlow])
def test_jacobian_in_m(link: str, form: type[JointFlow] | type[PlantedFlow]) -> None:
    tensors = symmetric_tensors(parse(link))
    r = parse(link).variables
    problem, state, chart = form.build(tensors), 0.3 * draw((r * r, 4)), torch.zeros(1, 4, dtype=torch.float64)
    value, jacobian = problem.linearise(state, chart)
    torch.testing.assert_close(value, problem.field(state, chart))
    torch.testing.assert_close(jacobian, automatic_jacobian(problem, state, chart), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("link", LINKS)
def test_joint_field_against_loops(link: str) -> None:
    r = parse(link).variables
    state = 0.3 * draw((r * r, 3))
    field = JointFlow.build(symmetric_tensors(parse(link))).field(state, torch.zeros(1, 3))
    for b in range(3):
        expected = joint_velocity(link, state[:, b].numpy().reshape(r, r))
        np.testing.assert_allclose(field[:, b].numpy().reshape(r, r), expected, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("form", [JointFlow, PlantedFlow])
def test_fields_descend_their_loss(form: type[JointFlow] | type[PlantedFlow]) -> None:
    problem = form.build(symmetric_tensors(parse(LINKS[1])))
    state, chart = 0.3 * draw((4, 5)), torch.zeros(1, 5, dtype=torch.float64)
    _, slope = torch.func.jvp(problem.loss, (state,), (problem.field(state, chart),))
    assert (slope < 0).all()


@pytest.mark.parametrize("link", LINKS)
def test_spectral_form_is_the_same_flow(link: str) -> None:
    """Jacobian against autodiff; dG/dt against the form in M; a change of chart moves nothing."""
    tensors, r = symmetric_tensors(parse(link)), parse(link).variables
    problem = SpectralFlow.build(tensors)
    below = r * (r - 1) // 2
    state = torch.cat([0.3 * draw((below, 4)), 2 * draw((r, 4), 1)])
    frame = torch.linalg.qr(draw((4, r, r), 2))[0].permute(1, 2, 0)
    chart = problem._chart(torch.zeros(4, dtype=torch.float64), frame)

    def gram(y: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        if r == 1:
            return torch.sigmoid(y)[None]
        v = c[1 : 1 + r * r].view(r, r, -1)
        entries, log_odds = problem._split(y)
        inner = problem._gram(problem._triangle(entries), log_odds)
        return multiply(multiply(v, inner), v.transpose(0, 1))

    value, jacobian = problem.linearise(state, chart)
    torch.testing.assert_close(value, problem.field(state, chart), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(jacobian, automatic_jacobian(problem, state, chart), rtol=1e-10, atol=1e-11)
    whole, velocity = torch.func.jvp(lambda y: gram(y, chart), (state,), (value,))
    for b in range(4):
        g = whole[..., b].numpy()
        root = np.linalg.cholesky(g)
        push = joint_velocity(link, root) @ root.T
        np.testing.assert_allclose(velocity[..., b].numpy(), push + push.T, rtol=1e-9, atol=1e-12)
    settled = problem.settle(state, chart)
    torch.testing.assert_close(gram(*settled), whole, rtol=1e-10, atol=1e-13)
    torch.testing.assert_close(problem.observe(*settled), problem.observe(state, chart), rtol=1e-8, atol=1e-10)


def test_both_forms_against_lsoda() -> None:
    link, d = "h1(z1) + h1(z1)*h2(z2)", 100
    starts = haar_correlations([d], 2, 2, np.random.default_rng(0))[0]
    tensors = symmetric_tensors(parse(link))
    flows = [run(form.build(tensors), starts, d, 2, relative_tolerance=1e-7) for form in (SpectralFlow, JointFlow)]
    torch.testing.assert_close(flows[0].crossing_time[:2], flows[1].crossing_time[:2], rtol=1e-5, atol=0)
    for b in range(2):

        def second(t: float, y: NDArray[np.float64]) -> float:
            return float(np.linalg.svd(y.reshape(2, 2), compute_uv=False)[1] - HALF)

        second.terminal = True  # type: ignore[attr-defined]
        found = solve_ivp(
            lambda t, y: joint_velocity(link, y.reshape(2, 2)).ravel(),
            (0, 1e5),
            starts[b].ravel(),
            method="LSODA",
            rtol=1e-8,
            atol=1e-12,
            events=second,
        )
        assert float(flows[0].crossing_time[1, b]) == pytest.approx(found.t_events[0][0], rel=1e-5)


@pytest.mark.parametrize("s", [1, 2, 4])
def test_one_direction_against_the_closed_form(s: int) -> None:
    """``2 s t = [log(mu/(1-mu)) - sum_{j<s} mu^{-j}/j]`` between the start and 1/2, at d = 1e8."""
    starts = haar_correlations([10**8], 1, 16, np.random.default_rng(1))[0]
    flow = run(SpectralFlow.build(symmetric_tensors(parse(f"h{s}(z1)"))), starts, 10**8, s)
    mu = starts[:, 0, 0] ** 2

    def primitive(m: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.asarray(np.log(m) - np.log1p(-m) - sum(m**-j / j for j in range(1, s)))

    np.testing.assert_allclose(flow.crossing_time[0], (primitive(0.5) - primitive(mu)) / (2 * s), rtol=2e-5)


def test_spectral_form_keeps_precision_where_the_form_in_m_fails() -> None:
    """s = 4 at d = 1e6: d^(s-1) = 1e18. A rotation of the target's frame must not change the escape time."""
    link, d = parse("h1(z1) + h1(z1)*h4(z2)"), 10**6
    turn = np.linalg.qr(np.random.default_rng(5).standard_normal((2, 2)))[0]
    starts = haar_correlations([d], 2, 6, np.random.default_rng(0))[0]
    axes = run(SpectralFlow.build(symmetric_tensors(link)), starts, d, 4, relative_tolerance=1e-4)
    turned_tensors = symmetric_tensors(rotated(link, turn))
    turned = run(SpectralFlow.build(turned_tensors), turn.T @ starts, d, 4, relative_tolerance=1e-4)
    torch.testing.assert_close(axes.crossing_time[1], turned.crossing_time[1], rtol=1e-6, atol=0)
    failing = run(JointFlow.build(turned_tensors), turn.T @ starts, d, 4, max_steps=500)
    error = (failing.crossing_time[1] / axes.crossing_time[1] - 1).abs()
    assert int(((error > 0.01) | error.isnan()).sum()) >= 3


@pytest.mark.parametrize("link", ["h1(z1)*h1(z2)*h1(z3)", "h2(z1) + h2(z2) + h2(z3)", "h3(z1) + h3(z2) + h3(z3)"])
def test_spectral_form_does_not_stall_on_permutation_symmetry(link: str) -> None:
    starts = haar_correlations([10**4], 3, 32, np.random.default_rng(3))[0]
    exponent = parse(link).information_exponent
    flow = run(SpectralFlow.build(symmetric_tensors(parse(link))), starts, 10**4, exponent, relative_tolerance=1e-4)
    assert (flow.status == int(Status.CONVERGED)).all()
    assert int(flow.steps.max()) < 1000
    assert float(flow.largest_fall[:3].max()) < 1e-9


def test_planted_flow_is_frozen_or_converges() -> None:
    """h3 with r = 1: the sign of the start decides."""
    starts = haar_correlations([10**4], 1, 200, np.random.default_rng(2))[0]
    problem = PlantedFlow.build(symmetric_tensors(parse("h3(z1)")))
    state = torch.from_numpy(starts.transpose(1, 2, 0).reshape(1, -1).copy())
    chart = torch.from_numpy(trap_speed(np.full(200, 10**4), 2))[None]
    flow = solve(problem, state, chart, SolverOptions(relative_tolerance=1e-4))
    positive = starts[:, 0, 0] > 0
    assert (flow.status.numpy()[positive] == int(Status.CONVERGED)).all()
    assert (flow.status.numpy()[~positive] == TRAPPED).all()


def test_start_has_the_law_of_a_uniform_subspace() -> None:
    """Against W = qf(normal) in R^14: two-sample Kolmogorov-Smirnov on three statistics, false alarm 3 in 1000."""
    rng = np.random.default_rng(11)
    found = haar_correlations([14], 2, 2000, rng)[0]
    gauss = rng.standard_normal((2000, 14, 2))
    # The polar factor is uniform, and so is its restriction to the first rows.
    values, vectors = np.linalg.eigh(gauss.mT @ gauss)
    direct = (gauss @ (vectors * values[:, None] ** -0.5) @ vectors.mT)[:, :2]
    for statistic in (lambda m: m[:, 0, 1], lambda m: np.linalg.det(m), lambda m: (m**2).sum(axis=(1, 2))):
        assert ks_2samp(statistic(found), statistic(direct)).pvalue > 1e-3


def test_start_shares_random_numbers_across_dimensions() -> None:
    starts = haar_correlations([10**4, 10**6], 2, 50, np.random.default_rng(0))
    np.testing.assert_allclose(starts[0] * 10**2, starts[1] * 10**3, rtol=0.2, atol=0.05)
    with pytest.raises(ValueError, match="too small"):
        haar_correlations([4], 2, 3, np.random.default_rng(0))


@pytest.mark.parametrize("r", [1, 2, 3])
def test_small_matrices(r: int) -> None:
    a = draw((r, r, 6))
    definite = multiply(a, a.transpose(0, 1)) + torch.eye(r, dtype=torch.float64)[:, :, None]
    unit = torch.eye(r, dtype=torch.float64)[:, :, None].expand(r, r, 6)
    torch.testing.assert_close(multiply(inverse_definite(definite), definite), unit)
    torch.testing.assert_close(multiply(inverse(a), a), unit)
    q, upper = orthonormal_columns(a)
    torch.testing.assert_close(multiply(q, upper), a)
    torch.testing.assert_close(multiply(q.transpose(0, 1), q), unit)
    expected = torch.linalg.svdvals(a.permute(2, 0, 1)).T
    torch.testing.assert_close(singular_values(a), expected, rtol=1e-10, atol=1e-12)


def test_a_start_at_the_edge_of_the_equator_escapes_in_its_own_time() -> None:
    """``dG/dt = 4 (I - G) G^2`` for h2(z1) + h2(z2): an eigenvalue q reaches 1/2 after ``(1/q - 2 - log(q/(1-q)))/4``.

    In M the speed sigma^3 of the second direction is below the rounding of I - G once the first is learned: such starts
    stopped there, or escaped by rounding.
    """
    rng = np.random.default_rng(3)
    cosines = np.array([[1e-2, 3e-6], [2e-2, 2e-5], [3e-2, 1e-2]])
    turns = [np.linalg.qr(rng.standard_normal((2, 2)))[0] for _ in range(2)]
    starts = np.stack([turns[0] * row @ turns[1] for row in cosines])[None]
    flow = solve_closed(parse("h2(z1) + h2(z2)"), "joint", starts, [10**4], relative_tolerance=1e-6)
    assert (flow.status == Status.CONVERGED).all()
    q = cosines.T**2
    np.testing.assert_allclose(flow.crossing_time[:2].numpy(), (1 / q - 2 - np.log(q / (1 - q))) / 4, rtol=1e-5)


def test_a_product_of_six_variables_against_the_closed_form() -> None:
    """From ``G = q I`` all directions of z1 ... z6 are learned side by side: ``dq/dt = 2 q^6 (1 - q)``.

    Its tensor has 46,656 entries and 462 values, and is packed.
    """
    rng, q = np.random.default_rng(7), np.array([1e-3, 0.1])
    turns = np.stack([np.linalg.qr(rng.standard_normal((6, 6)))[0] for _ in q])
    target = parse("*".join(f"z{i}" for i in range(1, 7)))
    flow = solve_closed(target, "joint", (np.sqrt(q)[:, None, None] * turns)[None], [10**4], relative_tolerance=1e-5)
    assert (flow.status == Status.CONVERGED).all()
    primitive = np.log(q) - np.log1p(-q) - sum(q**-j / j for j in range(1, 6))
    middle = -sum(2.0**j / j for j in range(1, 6))
    np.testing.assert_allclose(flow.crossing_time[:6].numpy(), np.tile((middle - primitive) / 2, (6, 1)), rtol=1e-4)
