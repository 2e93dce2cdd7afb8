"""Two-stage training: weights from w = 0 with a fixed, then the second layer with the activation (1 + x)^n."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from learnability.flows.simplified import simplified_weights
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.polynomial_kernel import KernelSpectrum, averages, feature_indices, kernel_spectrum
from learnability.hermite.quadrature import uniform_nodes
from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.subspace_polynomials.hidden_polynomials import stripped_expansions
from learnability.studies.subspace_polynomials.two_stage.setting import TwoStageSetting

Array = NDArray[np.float64]
FRACTIONS = (0.1, 0.01, 1e-4)


def _weights(target: HermiteExpansion, a: Array, time: float, setting: TwoStageSetting) -> Array:
    """Trained weights (n, p) of particles with second layer a, within the population that has a ~ U[-1, 1]."""
    if not setting.keep_output:
        return simplified_weights(target, a * time)
    # Imported here: the simplified flow does without torch, which takes two seconds to import.
    from learnability.flows.mean_field import full_weights

    # The weights are a smooth function of a: Gauss-Legendre nodes carry the population, their interpolant the rest.
    nodes, masses = uniform_nodes(48)
    at_nodes = full_weights(target, nodes, masses, time)
    degrees = 2 * np.arange(len(nodes)) + 1
    series = degrees[:, None] * (
        np.polynomial.legendre.legvander(nodes, len(nodes) - 1).T @ (masses[:, None] * at_nodes)
    )
    return np.asarray(np.polynomial.legendre.legval(a, series).T)


def _node_count(target: HermiteExpansion, copies: int, nodes: int) -> int:
    """One copy needs at least as many nodes as there are features, else lambda_min is zero for want of nodes."""
    wanted = len(feature_indices(target.variables, target.degree))
    return max(nodes, 2 * wanted) if copies == 1 else min(nodes, max(8, int(40_000 ** (1 / copies))))


def _spectrum(target: HermiteExpansion, time: float, copies: int, setting: TwoStageSetting) -> KernelSpectrum:
    """The kernel's spectrum after a first phase of length ``time``, by quadrature over the law of a."""
    a, masses = uniform_nodes(_node_count(target, copies, setting.nodes))
    weights = _weights(target, a, time, setting)
    return kernel_spectrum(target, *averages(weights, masses, copies))


def _sampled(
    target: HermiteExpansion, copies: int, setting: TwoStageSetting, rng: np.random.Generator
) -> KernelSpectrum:
    """The same from particles: each is the mean of ``copies`` trained weights with independent a ~ U[-1, 1]."""
    a = rng.uniform(-1, 1, (setting.particles, copies))
    weights = _weights(target, a.ravel(), setting.curve_time, setting)
    points = weights.reshape(setting.particles, copies, -1).mean(1)
    return kernel_spectrum(target, points, np.full(setting.particles, 1 / setting.particles))


def _curve_times(setting: TwoStageSetting, spectra: list[KernelSpectrum]) -> Array:
    """A logarithmic grid up to four times the time to 1e-4 of the slowest spectrum that gets there."""
    reach = [s.time_to(FRACTIONS[-1]) for s in spectra]
    last = max([t for t in reach if np.isfinite(t)], default=1e4)
    return np.concatenate([[0.0], np.geomspace(1e-2, 4 * last, setting.curve_points - 1)])


def train(setting: TwoStageSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """Spectra by quadrature (copies, training time), decay curves with bound, and the same from sampled particles."""
    h, rng = stripped_expansions(target)[0], context.stream("init")
    copies = (1, max(h.variables, 2))
    table = [[_spectrum(h, time, c, setting) for time in setting.times] for c in copies]
    at_curve = [_spectrum(h, setting.curve_time, c, setting) for c in copies]
    sampled = [[_sampled(h, c, setting, rng) for c in copies] for _ in context.seeds]
    times = _curve_times(setting, at_curve)
    grid, curve, reached = ("copies", "training_time"), ("copies", "time"), ("copies", "fraction")
    condition = [[s.scaled_condition for s in row] for row in table]
    to_fraction = [[s.time_to(f) for f in FRACTIONS] for s in at_curve]
    sampled_to_fraction = [[[s.time_to(f) for f in FRACTIONS] for s in row] for row in sampled]
    return xr.Dataset(
        {
            "lambda_min": variable(grid, [[s.smallest for s in row] for row in table], "smallest eigenvalue"),
            "lambda_max": variable(grid, [[s.eigenvalues[0] for s in row] for row in table], "largest eigenvalue"),
            "scaled_condition": variable(
                grid, condition, "condition number of the features with columns of unit length"
            ),
            "lambda_min_curve": variable("copies", [s.smallest for s in at_curve], "smallest eigenvalue at curve_time"),
            "curve_condition": variable(
                "copies", [s.scaled_condition for s in at_curve], "scaled condition at curve_time"
            ),
            "loss": variable(curve, [s.loss(times) for s in at_curve], "loss of the second phase"),
            "loss_bound": variable(curve, [s.bound(times) for s in at_curve], "L(0) exp(-2 lambda_min t)"),
            "time_to": variable(reached, to_fraction, "time to a fraction of the initial loss", "flow time"),
            "sampled_loss": variable(
                ("seed", *curve),
                [[s.loss(times) for s in row] for row in sampled],
                "loss of the second phase from sampled particles",
            ),
            "sampled_bound": variable(
                ("seed", *curve),
                [[s.bound(times) for s in row] for row in sampled],
                "bound with the smallest eigenvalue of the sampled kernel",
            ),
            "sampled_lambda_min": variable(
                ("seed", "copies"),
                [[s.smallest for s in row] for row in sampled],
                "smallest eigenvalue from sampled particles",
            ),
            "sampled_time_to": variable(
                ("seed", *reached),
                sampled_to_fraction,
                "time to a fraction of the initial loss, sampled particles",
                "flow time",
            ),
        },
        coords={
            "copies": variable("copies", np.array(copies), "averaged copies"),
            "training_time": variable(
                "training_time", np.array(setting.times), "length T of the first phase", "flow time"
            ),
            "time": variable("time", times, "time of the second phase", "flow time"),
            "fraction": variable("fraction", np.array(FRACTIONS), "fraction of the initial loss"),
        },
    )
