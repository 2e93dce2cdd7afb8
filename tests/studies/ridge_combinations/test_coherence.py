"""Fixed points of the equiangular flow against the flow itself, its Jacobian, and closed forms."""

from fractions import Fraction

import numpy as np
import pytest

from learnability.flows.correlation import CorrelationFlow, trajectory
from learnability.studies.ridge_combinations import equiangular, theory
from learnability.studies.ridge_combinations.ridge_target import equiangular as gram_of


def _flow(exponent, tasks, rho, neurons=1):
    link = np.zeros((tasks, exponent + 1))
    link[:, exponent] = 1
    student = np.zeros((neurons, exponent + 1))
    student[:, exponent] = 1
    return CorrelationFlow(student, link, gram_of(tasks, rho))


def _transverse_rate(flow, kappa, gram):
    """Largest eigenvalue of the flow's Jacobian on the tangent space of the sphere, by central differences."""
    n = len(kappa)
    jacobian = np.empty((n, n))
    for j in range(n):
        step = np.zeros(n)
        step[j] = 1e-6
        jacobian[:, j] = (flow.velocity((kappa + step)[None]) - flow.velocity((kappa - step)[None]))[0] / 2e-6
    normal = np.linalg.solve(gram, kappa)  # kappa^T P^{-1} kappa = 1
    basis = np.linalg.svd(normal[None])[2][1:]
    return np.linalg.eigvals(basis @ jacobian @ basis.T).real.max()


@pytest.mark.parametrize(("exponent", "tasks"), [(3, 8), (4, 6)])
@pytest.mark.parametrize("rho", [0.05, 0.1, 0.14, 0.25])
@pytest.mark.parametrize("size", [1, 2, "all"])
def test_fixed_points_and_their_stability_are_those_of_the_flow(exponent, tasks, rho, size):
    size = tasks if size == "all" else size
    flow, gram = _flow(exponent, tasks, rho), gram_of(tasks, rho)
    for point in equiangular.fixed_points(exponent, tasks, Fraction(rho).limit_denominator(10**6), size):
        kappa = np.where(np.arange(tasks) < size, 1.0, point.ratio)
        kappa /= np.sqrt(kappa @ np.linalg.solve(gram, kappa))
        assert np.abs(flow.velocity(kappa[None])).max() < 1e-9
        assert point.stable == (_transverse_rate(flow, kappa, gram) < 0)


def test_thresholds_are_their_closed_forms():
    for tasks in (2, 8, 50):
        low, high = equiangular.localised_threshold(3, tasks)
        assert float(low) <= theory.localised_coherence(tasks) + 1e-12
        assert float(high) >= theory.localised_coherence(tasks) - 1e-12
    for exponent, tasks in ((3, 8), (5, 4)):
        low, high = equiangular.average_threshold(exponent, tasks)
        assert low <= Fraction(exponent - 2, tasks + exponent - 2) <= high


def test_between_the_thresholds_starts_end_on_one_task_or_on_the_average():
    for rho, sizes in ((5, [1]), (13, [1, 8]), (20, [8])):
        points = {size: equiangular.fixed_points(3, 8, Fraction(rho, 100), size) for size in range(1, 9)}
        assert [size for size, found in points.items() if any(point.stable for point in found)] == sizes
    rho, gram = 0.14, gram_of(8, 0.14)
    start = np.random.default_rng(0).standard_normal((400, 8)) @ np.linalg.cholesky(gram).T / 8
    final = trajectory(_flow(3, 8, rho, 400), start, np.array([1e4]), relative_step=0.1)[0]
    localised, average = final.max(1) > 0.9, final.min(1) > 0.9 * final.max(1)
    assert (localised | average).mean() > 0.95
    assert 0.005 < average.mean() < 0.995
