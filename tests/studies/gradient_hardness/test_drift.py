"""The scalar ODE of the sine committee against the full gradient flow, and the average over parities by enumeration."""

import itertools

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp

from learnability.studies.gradient_hardness import solvable_models, theory
from learnability.studies.gradient_hardness.drift.claims import CLAIMS
from learnability.studies.gradient_hardness.representations import cube


def flow_by_enumeration(weights: np.ndarray, bias: float, parity: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Gradient ascent of E[chi_v sin(w.s + b)], the expectation over the whole cube: (times, d+1)."""
    signs = 1 - 2 * cube(weights.size)
    labels = signs[:, parity].prod(1)

    def velocity(_: float, state: np.ndarray) -> np.ndarray:
        cosine = labels * np.cos(signs @ state[:-1] + state[-1])
        return np.append((cosine[:, None] * signs).mean(0), cosine.mean())

    start = np.append(weights, bias)
    return solve_ivp(velocity, (0, times[-1]), start, t_eval=times, rtol=1e-10, atol=1e-12).y.T - start


@pytest.mark.parametrize("seed", range(6))
def test_displacements_are_those_of_gradient_flow(seed: int) -> None:
    """Different seeds cover pivots inside and outside the parity, in the bias, and starts that climb from a
    negative value."""
    rng = np.random.default_rng(seed)
    weights, bias = rng.standard_normal((1, 5)), rng.uniform(-np.pi, np.pi, 1)
    parity = rng.random((1, 5)) < 0.5
    times = np.array([0.5, 3.0, 20.0])
    neurons = solvable_models.SineNeurons.from_angles(solvable_models.phase_angles(weights, bias, parity))
    pivots = solvable_models.pivot_trajectory(neurons, times, 0.02)
    found = np.stack([solvable_models.displacements(neurons, pivot)[0] for pivot in pivots])
    assert np.allclose(found, flow_by_enumeration(weights[0], bias[0], parity[0], times), rtol=0, atol=1e-6)


def test_runge_kutta_has_order_four() -> None:
    rng = np.random.default_rng(0)
    parities = rng.random((50, 6)) < 0.5
    angles = solvable_models.phase_angles(rng.standard_normal((50, 6)), rng.uniform(-3, 3, 50), parities)
    neurons = solvable_models.SineNeurons.from_angles(angles)
    exact = solvable_models.pivot_trajectory(neurons, np.array([4.0]), 0.01)
    errors = [np.abs(solvable_models.pivot_trajectory(neurons, np.array([4.0]), h) - exact).max() for h in (0.4, 0.2)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.7)


def test_importance_weights_are_bounded_and_unbiased() -> None:
    """The weights average to one for any function of v: here 1 and |v|; within 5 standard errors (false
    alarm 1e-6, fixed seed)."""
    rng = np.random.default_rng(5)
    weights = np.repeat(rng.standard_normal((1, 6)), 40_000, axis=0)
    parities, importance = solvable_models.draw_parities(weights, rng)
    assert importance.max() <= 2 + 1e-12
    for values, mean in ((np.ones(40_000), 1.0), (parities.sum(1), 3.0)):
        products = importance * values
        assert abs(products.mean() - mean) < 5 * products.std() / 200


def test_mean_over_the_parities_against_enumeration() -> None:
    """All 16 parities of 400 neurons against 20,000 importance samples of other neurons: within 5 standard
    errors of the difference (false alarm 1e-6, fixed seed)."""
    rng = np.random.default_rng(3)
    times, count = np.array([0.3, 2.0]), 400
    weights, biases = rng.standard_normal((count, 4)), rng.uniform(-np.pi, np.pi, count)
    per_neuron = np.zeros((2, count))
    for parity in itertools.product((False, True), repeat=4):
        angles = solvable_models.phase_angles(weights, biases, np.tile(parity, (count, 1)))
        neurons = solvable_models.SineNeurons.from_angles(angles)
        for i, pivot in enumerate(solvable_models.pivot_trajectory(neurons, times, 0.05)):
            per_neuron[i] += (solvable_models.displacements(neurons, pivot) ** 2).sum(1) / 16
    found, cut = solvable_models.mean_squared_drift(4, times, 20_000, 1.0, 0.05, rng)
    error = per_neuron.std(1) / np.sqrt(count)
    # The importance samples add about as much: their number is 50 times larger, their spread at most 7 times.
    assert (np.abs(found - per_neuron.mean(1)) < 5 * 1.5 * error).all()
    assert (cut <= found).all()
    assert (cut <= 1 / 5).all()


def test_short_times_have_the_exact_mean_at_any_dimension() -> None:
    """``E|u|^2 -> t^2 2^-d (d+1)/2`` as t -> 0, within 5 standard deviations (1.6%, 2.3%, 3.8% seen over 25 seeds)."""
    time = 1e-3
    for dimension, scale, spread in ((8, 1.0, 0.016), (40, 1.0, 0.023), (200, 200**-0.5, 0.038)):
        rng = np.random.default_rng(1)
        squared, _ = solvable_models.mean_squared_drift(dimension, np.array([time]), 4000, scale, time, rng)
        limit = time**2 * (dimension + 1) / 2 * 2.0**-dimension
        assert squared[0] / limit == pytest.approx(1, abs=5 * spread)


def test_every_flow_of_the_lifted_model_is_the_exponential() -> None:
    """``theta_v(t) = eps (e^t - 1)`` under the parity v, and the errors of the solver fall with order four."""
    for dimension in (3, 6):
        times = np.array([0.4, 1.1])
        exact = 2.0 ** (-dimension / 2) * np.expm1(times)[:, None]
        errors = []
        for steps in (4, 8):
            drifts, supremum = solvable_models.simulate_lifted(dimension, times, steps)
            assert drifts.shape == (2, 2**dimension)
            errors.append(np.abs(drifts - exact).max())
        assert errors[1] < 1e-5
        assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.5)
        value = exact[-1, 0]
        assert supremum == pytest.approx(2.0 ** (-dimension / 2) * value + value**2 / 2, rel=1e-4)


def test_the_lifted_model_attains_the_corrected_bound_and_breaks_the_print() -> None:
    for dimension in (10.0, 60.0):
        time = np.array(solvable_models.lifted_time(dimension))
        one = np.ones(())
        assert np.exp(theory.log_corrected_drift(np.array(dimension), time, one, one)) == pytest.approx(0.5)
    assert theory.printed_drift(np.array(60.0), time, one, one) < 1e-6


@pytest.mark.parametrize("dimension", [3, 6, 8])
def test_the_output_of_the_lifted_model_is_largest_on_the_edge_of_its_ball(dimension: int) -> None:
    """5/8, which no other point of the ball exceeds: 200 draws on its edge, and the end of a flow."""
    assert solvable_models.lifted_supremum(dimension) == pytest.approx(5 / 8, rel=1e-12)
    characters, eps = (-1.0) ** (cube(dimension) @ cube(dimension).T), 2.0 ** (-dimension / 2)
    theta = np.random.default_rng(2).standard_normal((2**dimension, 200))
    theta /= 2 * np.linalg.norm(theta, axis=0)
    assert float(np.abs(characters @ (eps * theta + theta**2 / 2)).max()) < 5 / 8
    _, at_the_end = solvable_models.simulate_lifted(dimension, np.array([solvable_models.lifted_time(dimension)]), 16)
    assert at_the_end < 0.45


def test_the_guard_of_the_lifted_model_can_fail() -> None:
    claim = next(claim for claim in CLAIMS if claim.id == "drift.lifted-model")
    assert claim.measure is not None
    axis = "simulated_dimension"
    content = {name: (axis, [value]) for name, value in (("simulated_half_gap", 1e-9), ("lifted_supremum", 0.3))}
    for edge, finite in ((5 / 8, True), (0.63, False)):
        analysis = xr.Dataset(content | {"simulated_edge_supremum": (axis, [edge])}, {axis: [8]})
        assert np.isfinite(claim.measure({"drift": analysis}).estimate) == finite
