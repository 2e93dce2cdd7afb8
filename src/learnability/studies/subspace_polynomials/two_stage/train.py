"""Two-stage training in the limit of many neurons: weights from w = 0 with a fixed, then the activation (1 + x)^n.

Nothing here is random: integrals over a ~ U[-1, 1] are quadratures, repeated with twice the nodes.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from flint import arb_mat
from numpy.typing import NDArray

from learnability.flows.simplified_exact import (
    ExactTrajectory,
    exact_kernel,
    exact_spectrum,
    exact_trajectory,
    smallest_eigenvalue,
)
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.feature_rank import proved_rank, rational
from learnability.hermite.polynomial_kernel import KernelSpectrum, averages, kernel_spectrum
from learnability.hermite.quadrature import uniform_nodes
from learnability.results.contract import RunContext
from learnability.results.labelled import variable
from learnability.studies.subspace_polynomials.first_stage import Weights, trained_weights
from learnability.studies.subspace_polynomials.hidden_polynomials import stripped_expansions
from learnability.studies.subspace_polynomials.two_stage.setting import TwoStageSetting

Array = NDArray[np.float64]
FRACTIONS = (0.1, 0.01, 1e-4)
#: Length of the first stage before the decay curve.
CURVE_TIME = 2.0
#: Relative error of the weights in float64, which the condition number of the features multiplies.
WEIGHT_ERROR = 4e-12
#: The order in time up to which a full rank is looked for.
_MOST_ORDER = 64


@dataclass(frozen=True)
class Eigenvalue:
    """lambda_min and a bound of its relative error: what twice the nodes change, and rounding."""

    value: float
    error: float


class Kernels:
    """The second stage's kernels of one setting."""

    def __init__(self, target: HermiteExpansion, setting: TwoStageSetting) -> None:
        self.target, self.setting = target, setting
        self.trajectory: ExactTrajectory | None = None
        times = (*setting.times, CURVE_TIME)
        self.weights = trained_weights(target, times, setting.keep_output)
        if not setting.keep_output:
            self.trajectory = exact_trajectory(target, max(times), setting.bits)

    def _rounded(self, weights: Weights, copies: int, nodes: int) -> KernelSpectrum:
        a, masses = uniform_nodes(nodes)
        return kernel_spectrum(self.target, *averages(weights(a), masses, copies))

    def _nodes(self, copies: int) -> int:
        return self.setting.single_nodes if copies == 1 else self.setting.nodes

    def _exact(self, time: float, nodes: int) -> arb_mat:
        assert self.trajectory is not None
        return exact_kernel(self.target, self.trajectory, time, 1, nodes, self.setting.bits)

    def smallest(self, time: float, copies: int) -> Eigenvalue:
        """lambda_min after a first stage of length ``time``; multiprecision for one copy under (4.1), else float64."""
        nodes = self._nodes(copies)
        if copies == 1 and not self.setting.keep_output:
            coarse, fine = (smallest_eigenvalue(self._exact(time, n), self.setting.bits) for n in (nodes, 2 * nodes))
            return Eigenvalue(float(fine), float(abs(coarse / fine - 1).upper()))
        rough, better = (self._rounded(self.weights[time], copies, n) for n in (nodes, 2 * nodes))
        change = abs(rough.smallest / better.smallest - 1) if better.smallest > 0 else np.inf
        return Eigenvalue(better.smallest, max(change, WEIGHT_ERROR * better.scaled_condition))

    def spectrum(self, copies: int) -> KernelSpectrum:
        """The whole spectrum at :data:`CURVE_TIME`."""
        time, nodes = CURVE_TIME, 2 * self._nodes(copies)
        if copies == 1 and not self.setting.keep_output:
            found = exact_spectrum(self.target, self._exact(time, nodes), self.setting.bits)
            return KernelSpectrum(
                np.array([float(x) for x in found.eigenvalues]), np.array([float(x) for x in found.energies]), 1.0
            )
        return self._rounded(self.weights[time], copies, nodes)


def _curve_times(setting: TwoStageSetting, spectra: list[KernelSpectrum]) -> Array:
    """A logarithmic grid up to four times the time to 1e-4 of the slowest spectrum that gets there."""
    reach = [s.time_to(FRACTIONS[-1]) for s in spectra]
    last = max([t for t in reach if np.isfinite(t)], default=1e4)
    return np.concatenate([[0.0], np.geomspace(1e-2, 4 * last, setting.curve_points - 1)])


def train(setting: TwoStageSetting, target: xr.Dataset, context: RunContext) -> xr.Dataset:
    """lambda_min and ranks (copies, training time), the decay curves with their bound; the same for every seed."""
    h = stripped_expansions(target)[0]
    copies = (1, max(h.variables, 2))
    kernels = Kernels(h, setting)
    table = [[kernels.smallest(time, c) for time in setting.times] for c in copies]
    ranks = [proved_rank(h, _MOST_ORDER, c, rational) for c in copies]
    at_curve = [kernels.spectrum(c) for c in copies]
    times = _curve_times(setting, at_curve)
    grid, curve, reached = ("copies", "training_time"), ("copies", "time"), ("copies", "fraction")
    to_fraction = [[s.time_to(f) for f in FRACTIONS] for s in at_curve]

    def integers(values: list[int], long_name: str) -> xr.Variable:
        return variable("copies", np.array(values, dtype=np.int16), long_name)

    return xr.Dataset(
        {
            "lambda_min": variable(grid, [[x.value for x in row] for row in table], "smallest eigenvalue"),
            "lambda_error": variable(
                grid, [[x.error for x in row] for row in table], "relative error: rounding, and twice the nodes"
            ),
            "features": integers([r.features for r in ranks], "features of the second stage"),
            "feature_rank": integers([r.rank for r in ranks], "rank of the features under (4.1), over the rationals"),
            "time_power": integers(
                [r.time_power or 0 for r in ranks], "power of T in lambda_min for small T under (4.1), 0 where not full"
            ),
            "lambda_min_curve": variable("copies", [s.smallest for s in at_curve], "smallest eigenvalue at curve_time"),
            "loss": variable(curve, [s.loss(times) for s in at_curve], "loss of the second stage"),
            "loss_bound": variable(curve, [s.bound(times) for s in at_curve], "L(0) exp(-2 lambda_min t)"),
            "time_to": variable(reached, to_fraction, "time to a fraction of the initial loss", "flow time"),
            "seed_count": variable(
                "seed", np.ones(len(context.seeds), dtype=np.int8), "one entry a seed; nothing here is random"
            ),
        },
        coords={
            "copies": variable("copies", np.array(copies), "averaged copies"),
            "training_time": variable(
                "training_time", np.array(setting.times), "length T of the first stage", "flow time"
            ),
            "time": variable("time", times, "time of the second stage", "flow time"),
            "fraction": variable("fraction", np.array(FRACTIONS), "fraction of the initial loss"),
        },
    )
