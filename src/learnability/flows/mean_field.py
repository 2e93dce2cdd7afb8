"""The mean-field flow of a two-layer network, exact at every dimension, for the activation sin(x + phase).

    f(x) = int a sigma(w.x) rho(da, dw),    L(rho) = E|h(x_V) - f|^2 / 2,    x ~ N(0, I_d)
    a' = rate_a E[(h - f) sigma(w.x)],      w' = rate_w a E[(h - f) sigma'(w.x) x]

The direction of ``w_perp`` (outside V) is conserved and uniform, so a particle is ``(a, w_V, r)``, ``r = |w_perp|``:
the dimension d enters through the average over directions alone. With ``R^2 = |w_V|^2 + r^2``, ``m = d - p`` and
``mu_k = sin^{(k)}(phase)``:

    E[h sigma(w.x)] = e^{-R^2/2} G(w_V),     G(v) = sum_k mu_k H_k(v),   H(v) = E h(z + v)
    E[sigma sigma'] = e^{-(R^2 + R'^2)/2} (e^{v.v'} - cos(2 phase) e^{-v.v'}) Phi_m(r r') / 2
    Phi_m(k) = 0F1(; m/2; k^2/4) = sum_l c_l k^{2l},     c_l = 1 / (4^l l! (m/2)_l)

At d = infinity Phi = 1. The pair sums are those of :mod:`learnability.flows.kernel_sums`: through moments where few
suffice, which costs particles x moments, and pair by pair otherwise. Time is flow time; the rates multiply it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from learnability.flows.kernel_sums import Sums, kernel_sums, rounded_up
from learnability.flows.solver import Controls, integrate
from learnability.hermite.expansion import HermiteExpansion

#: Entries of a pair matrix that are formed at once: 4 MB, so that a tile stays in cache on a CPU.
TILE_ON_CPU = 1 << 19
TILE_ON_GPU = 1 << 27
RADIAL_TOLERANCE = 1e-15


@dataclass(frozen=True)
class Particles:
    """The state of a batch of measures: second layer (batch, n), w_V (batch, n, p) and |w_perp| (batch, n).

    ``weights`` (n,) sum to 1 and never change: 1/n for samples, or those of a quadrature.
    """

    second_layer: Tensor
    inside: Tensor
    radius: Tensor
    weights: Tensor

    def packed(self) -> Tensor:
        """One tensor (batch, n, p + 2) with the columns a, r, w_V."""
        return torch.cat([self.second_layer[..., None], self.radius[..., None], self.inside], dim=-1)


@dataclass(frozen=True)
class MeanFieldProblem:
    """One target for each sample of the batch, with its dimension and the activation's phase.

    ``dimensions`` (batch,) may be infinite. ``rate_a`` and ``rate_w`` are the learning rates of the two layers.

    Raises ValueError for targets of different numbers of variables, for other than one dimension a target, and for a
    dimension that is not larger than the number of variables.
    """

    targets: Sequence[HermiteExpansion]
    dimensions: np.ndarray
    phase: float = math.pi / 4
    rate_a: float = 1.0
    rate_w: float = 1.0

    def __post_init__(self) -> None:
        variables = {target.variables for target in self.targets}
        if len(variables) != 1:
            raise ValueError("the targets of a batch must have the same number of variables")
        if len(self.dimensions) != len(self.targets):
            raise ValueError(f"{len(self.targets)} targets but {len(self.dimensions)} dimensions")
        if np.min(self.dimensions) <= self.variables:
            raise ValueError(f"the dimension must exceed the {self.variables} variables of the target")

    @property
    def variables(self) -> int:
        """Dimension p of the hidden subspace."""
        return self.targets[0].variables


class SmoothedTargets:
    """``G(v) = sum_k mu_k H_k(v)`` of every target of a batch and its gradient, on a common list of monomials."""

    def __init__(self, problem: MeanFieldProblem, device: torch.device) -> None:
        terms = sorted({index for target in problem.targets for index in target.coefficients})
        place = {index: i for i, index in enumerate(terms)}
        values = np.zeros((len(problem.targets), len(terms)))
        for row, target in enumerate(problem.targets):
            for index, value in target.unnormalised().items():
                values[row, place[index]] = value * math.sin(problem.phase + sum(index) * math.pi / 2)
        self.coefficients = torch.as_tensor(values, device=device)
        self.exponents = terms
        self.half_norm = torch.tensor(
            [0.5 * t.norm_squared for t in problem.targets], device=device, dtype=torch.float64
        )

    def __call__(self, points: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
        """Values (b, n) and gradients (b, n, p) at points (b, n, p) for the targets ``index`` (b,)."""
        coefficients = self.coefficients[index]
        powers = _powers(points, max((max(e) for e in self.exponents), default=0))
        value = torch.zeros_like(points[..., 0])
        gradient = torch.zeros_like(points)
        for i, exponent in enumerate(self.exponents):
            scale = coefficients[:, i, None]
            value += scale * _monomial(powers, exponent)
            for j, k in enumerate(exponent):
                if k:
                    lowered = (*exponent[:j], k - 1, *exponent[j + 1 :])
                    gradient[..., j] += (k * scale) * _monomial(powers, lowered)
        return value, gradient


def _powers(points: Tensor, degree: int) -> list[Tensor]:
    powers = [torch.ones_like(points)]
    for _ in range(degree):
        powers.append(powers[-1] * points)
    return powers


def _monomial(powers: list[Tensor], exponent: tuple[int, ...]) -> Tensor:
    factors = [powers[k][..., j] for j, k in enumerate(exponent) if k]
    product = factors[0] if factors else powers[0][..., 0]
    for factor in factors[1:]:
        product = product * factor
    return product


def radial_coefficients(perpendicular: np.ndarray, largest: float) -> np.ndarray:
    """``c_l`` of ``Phi_m(k) = sum_l c_l k^{2l}`` for each m (batch,), as far as needed for ``|k| <= largest``.

    (batch, terms). An infinite m gives 1, 0, 0, ... The terms fall faster than geometrically.
    """
    half = np.asarray(perpendicular, dtype=float) / 2
    columns = [np.ones_like(half)]
    while True:
        level = len(columns)
        following = columns[-1] / (4 * level * (half + level - 1))
        if not (following * largest ** (2 * level) > RADIAL_TOLERANCE).any():
            return np.stack(columns, axis=1)
        columns.append(following)


@lru_cache(maxsize=1024)
def _radial(perpendicular: float, largest: float) -> tuple[float, ...]:
    """The same for one m."""
    return tuple(map(float, radial_coefficients(np.array([perpendicular]), largest)[0]))


class MeanFieldFlow:
    """Right-hand side of the flow for a batch, with the loss as its potential.

    Called with packed states (b, n, p + 2) and the samples' numbers (b,), as
    :func:`learnability.flows.solver.integrate` does. Memory beyond the state is one tile.
    """

    def __init__(self, problem: MeanFieldProblem, weights: Tensor, tile: int | None = None) -> None:
        self.problem, self.weights = problem, weights
        self.target = SmoothedTargets(problem, weights.device)
        self.perpendicular = problem.dimensions - problem.variables
        self.reflected = -math.cos(2 * problem.phase)
        if abs(self.reflected) < 1e-15:
            self.reflected = 0.0
        self.tile = tile or (TILE_ON_GPU if weights.device.type == "cuda" else TILE_ON_CPU)

    def __call__(self, state: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
        """Slopes like the state, and the loss (b,)."""
        a, r, w = state[..., 0], state[..., 1], state[..., 2:]
        squares, radii = w.square().sum(-1), r.square()
        decay = torch.exp(-0.5 * (squares + radii))
        value, gradient = self.target(w, index)
        sums = self._pair_sums(w, r, self.weights * a * decay, index, (squares.amax(1), radii.amax(1)))
        network = 0.5 * decay * sums.value
        signal, residual = decay * value, decay * value - network
        pull = decay[..., None] * (gradient - 0.5 * sums.gradient) - residual[..., None] * w
        shrink = -r * (residual + 0.5 * decay * sums.stretch)
        slope = torch.cat(
            [
                (self.problem.rate_a * residual)[..., None],
                (self.problem.rate_w * a * shrink)[..., None],
                self.problem.rate_w * a[..., None] * pull,
            ],
            dim=-1,
        )
        mass = self.weights * a
        loss = self.target.half_norm[index] - (mass * signal).sum(1) + 0.5 * (mass * network).sum(1)
        return slope, loss

    def _pair_sums(self, w: Tensor, r: Tensor, mass: Tensor, index: Tensor, largest: tuple[Tensor, Tensor]) -> Sums:
        """The kernel's sums, samples of one dimension at a time: they share the radial coefficients."""
        perpendicular = self.perpendicular[index.cpu().numpy()]
        squares, radii = (x.cpu().numpy() for x in largest)
        found = Sums(torch.empty_like(r), torch.empty_like(w), torch.empty_like(r))
        for m in np.unique(perpendicular):
            chosen = np.flatnonzero(perpendicular == m)
            bounds = rounded_up(float(squares[chosen].max())), rounded_up(float(radii[chosen].max()))
            radial = _radial(float(m), bounds[1])
            # Where all samples have one dimension nothing is copied.
            part = slice(None) if len(chosen) == len(perpendicular) else torch.as_tensor(chosen, device=w.device)
            sums = kernel_sums(w[part], r[part], mass[part], radial, self.reflected, bounds, self.tile)
            found.value[part], found.gradient[part], found.stretch[part] = sums.value, sums.gradient, sums.stretch
        return found


def full_weights(
    target: HermiteExpansion,
    second_layer: np.ndarray,
    masses: np.ndarray,
    time: float,
    phase: float = math.pi / 4,
    start_weights: np.ndarray | None = None,
) -> np.ndarray:
    """w after the first stage with the network's output kept, (n, p): mean-field flow for ``time`` with a fixed.

    From w = 0, or from ``start_weights`` (n, p): the flow does not depend on the time itself.
    """
    problem = MeanFieldProblem([target], np.array([np.inf]), phase, rate_a=0.0)
    count = len(second_layer)
    start = Particles(
        torch.as_tensor(second_layer)[None],
        torch.zeros(1, count, target.variables, dtype=torch.float64)
        if start_weights is None
        else torch.as_tensor(start_weights)[None],
        torch.zeros(1, count, dtype=torch.float64),
        torch.as_tensor(masses),
    )
    solution = integrate(
        MeanFieldFlow(problem, start.weights),
        start.packed(),
        torch.tensor([0.0, time], dtype=torch.float64),
        lambda state, loss, index: loss[:, None],
        controls=Controls(relative=1e-10, absolute=1e-14),
    )
    return np.asarray(solution.state[0, :, 2:].numpy())
