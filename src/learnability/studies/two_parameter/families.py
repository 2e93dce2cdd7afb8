"""Models written in elementary functions, of which Theorem 8, Corollary 10 and Proposition 2 speak, and their flow.

Every model maps W = 1 or 2 parameters to R^3, elementwise over targets, and starts near the middle of
the unit cube at w = 0. ``sine``, ``fast_sine`` and ``toral_curve`` use the unbounded sine (Corollary 10);
``graph_of_sine`` and ``helicoid`` too, outside both statements (for these the paper has a conjecture); the others
are Pfaffian (Theorem 8)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from learnability.flows.solver import RUNNING, SolverOptions, solve
from learnability.flows.tableaux import RODAS4
from learnability.results.status import Status
from learnability.studies.two_parameter.elementary_jet import Jet, cos, exp, joined, sin, tanh

Coordinates = Callable[..., list[Jet]]


@dataclass(frozen=True)
class Family:
    """A model: its number W of parameters, and Phi as a jet (3, n) of the parameters' jet (W, n)."""

    parameters: int
    model: Callable[[Jet], Jet]

    def __call__(self, parameters: Tensor) -> Tensor:
        """Phi (3, n) at parameters (W, n)."""
        return self.jet(parameters, 1).value

    def jet(self, parameters: Tensor, order: int) -> Jet:
        """Phi (3, n) with its derivatives up to ``order`` (1 or 2)."""
        return self.model(Jet.at(parameters, order))

    def jacobian(self, parameters: Tensor) -> Tensor:
        """d Phi / dw, of shape (3, W, n)."""
        return self.jet(parameters, 1).first.transpose(0, 1)


def _fixed(*shape: int, seed: int) -> np.ndarray:
    """Fixed standard normal coefficients: part of the model's definition."""
    return np.random.default_rng(seed).standard_normal(shape)


_LINEAR = _fixed(3, 2, seed=1) / math.sqrt(2)
_CUBIC = _fixed(3, 9, seed=2) * np.array([1, 1, 0.5, 0.5, 0.5, 0.2, 0.2, 0.2, 0.2])
_IN, _SHIFT, _OUT = 3 * _fixed(16, 2, seed=3), _fixed(16, seed=4), _fixed(3, 16, seed=5) / 4
_WIDE_IN, _WIDE_SHIFT, _WIDE_OUT = 8 * _fixed(64, 2, seed=8), 3 * _fixed(64, seed=9), _fixed(3, 64, seed=10) / 8
_CENTRES, _HEIGHTS = _fixed(12, 2, seed=6), 0.5 * _fixed(3, 12, seed=7)
_FREQUENCIES = np.array([[1.0, 0.0], [0.0, 1.0], [math.sqrt(2), math.sqrt(3)]])


def _matrix(values: np.ndarray, like: Jet) -> Tensor:
    return torch.as_tensor(values, device=like.value.device)


def _linear(w: Jet) -> Jet:
    return 0.5 + _matrix(_LINEAR, w) @ w


def _cubic(w: Jet) -> Jet:
    u, v = w
    uu, uv, vv = u * u, u * v, v * v
    return 0.5 + _matrix(_CUBIC, w) @ joined([u, v, uu, uv, vv, uu * u, uu * v, u * vv, vv * v])


def _network(inner: np.ndarray, shifts: np.ndarray, outer: np.ndarray) -> Callable[[Jet], Jet]:
    """A tanh network with one hidden layer, of fixed coefficients, moved to 1/2 at w = 0."""

    def model(w: Jet) -> Jet:
        shift = _matrix(shifts, w)[:, None]
        return 0.5 + _matrix(outer, w) @ (tanh(_matrix(inner, w) @ w + shift) - torch.tanh(shift))

    return model


def _bumps(w: Jet) -> Jet:
    centres = _matrix(_CENTRES, w)
    at_start = torch.exp(-centres.square().sum(dim=1))
    u, v = (x - centre[:, None] for x, centre in zip(w, centres.T, strict=True))
    return 0.5 + _matrix(_HEIGHTS, w) @ (exp(-1 * (u * u + v * v)) - at_start[:, None])


def _sine(u_rate: float, v_rate: float) -> Callable[[Jet], Jet]:
    # Equal rates would only rescale w and give the same trajectories.
    frequencies = _FREQUENCIES * np.array([u_rate, v_rate])
    return lambda w: 0.5 + 0.5 * sin(_matrix(frequencies, w) @ w)


def _of(coordinates: Coordinates) -> Callable[[Jet], Jet]:
    """A model written coordinate by coordinate in its parameters u, v (or w)."""
    return lambda w: joined(coordinates(*w))


FAMILIES: dict[str, Family] = {
    # Proposition 2
    "line": Family(1, _of(lambda w: [0.5 + 0.7 * w, 0.5 + -0.5 * w, 0.5 + 0.3 * w])),
    "moment_curve": Family(1, _of(lambda w: [0.5 + 0.5 * w, 0.5 + w * w - w, 0.5 + w * w * w + 0.5 * w])),
    "toral_curve": Family(1, _of(lambda w: [0.5 + 0.5 * sin(rate * w) for rate in (1.0, math.sqrt(2), math.sqrt(3))])),
    # Theorem 8
    "linear": Family(2, _linear),
    "cubic": Family(2, _cubic),
    "tanh_network": Family(2, _network(_IN, _SHIFT, _OUT)),
    "wide_tanh_network": Family(2, _network(_WIDE_IN, _WIDE_SHIFT, _WIDE_OUT)),
    "gaussian_bumps": Family(2, _bumps),
    "rational": Family(
        2, _of(lambda u, v: [0.5 + u / (1 + v * v), 0.5 + v / (1 + u * u), 0.5 + (u + v) / (1 + u * u + v * v)])
    ),
    "torus": Family(
        2,
        _of(
            lambda u, v: [
                0.5 + (0.3 + 0.15 * cos(2 * u)) * cos(7 * v),
                0.5 + (0.3 + 0.15 * cos(2 * u)) * sin(7 * v),
                0.5 + 0.15 * sin(2 * u),
            ]
        ),
    ),
    # Corollary 10
    "sine": Family(2, _sine(1.0, 1.0)),
    "fast_sine": Family(2, _sine(1.0, 12.0)),
    # The conjecture after Corollary 10
    "helicoid": Family(
        2, _of(lambda u, v: [0.5 + (u + 0.3) * cos(20 * v) - 0.3, 0.5 + (u + 0.3) * sin(20 * v), 0.5 + v])
    ),
    "graph_of_sine": Family(2, _of(lambda u, v: [0.5 + u, 0.5 + v, 0.5 + 0.5 * sin(40 * u + 57 * v)])),
}
"""``torus`` is periodic, so its image is that of a bounded domain, where the sine is Pfaffian."""

STILL = 1e-13
"""|grad| below which a flow counts as converged."""


@dataclass
class SquaredDistance:
    """dw/dt = -grad 1/2 |f - Phi(w)|^2 for parameters (W, n); the targets (3, n) are the chart."""

    family: Family
    logarithmic: bool = False

    def field(self, state: Tensor, chart: Tensor) -> Tensor:
        """``J^T (f - Phi)``."""
        phi = self.family.jet(state, 1)
        return (phi.first * (chart - phi.value)).sum(dim=1)

    def linearise(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        """The field and its derivative ``sum_i r_i Hess Phi_i - J^T J``."""
        phi = self.family.jet(state, 2)
        residual = chart - phi.value
        curvature = (phi.second * residual).sum(dim=2)
        gauss_newton = (phi.first[:, None] * phi.first).sum(dim=2)
        return (phi.first * residual).sum(dim=1), curvature - gauss_newton

    def settle(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        """Parameters stay as they are."""
        return state, chart

    def observe(self, state: Tensor, chart: Tensor) -> Tensor:
        """Minus the loss, which never falls along the flow."""
        return -0.5 * (chart - self.family(state)).square().sum(dim=0, keepdim=True)

    def outcome(self, state: Tensor, chart: Tensor, observed: Tensor, speed: Tensor) -> Tensor:
        """Converged where the gradient has vanished."""
        still = speed.abs().amax(dim=0) < STILL
        return torch.where(still, int(Status.CONVERGED), RUNNING).to(torch.int8)


@dataclass
class FinalState:
    """Where the flows ended: parameters (W, n), distance |f - Phi| (n), status (n)."""

    parameters: Tensor
    distance: Tensor
    status: Tensor


def flow_to(family: Family, targets: Tensor, end_time: float, max_steps: int) -> FinalState:
    """Gradient flow from w = 0 to targets (3, n)."""
    state = torch.zeros((family.parameters, targets.shape[1]), dtype=torch.float64, device=targets.device)
    options = SolverOptions(
        relative_tolerance=1e-4, absolute_tolerance=1e-7, end_time=end_time, max_steps=max_steps, tableau=RODAS4
    )
    flow = solve(SquaredDistance(family), state, targets, options)
    distance = (targets - family(flow.final_state)).square().sum(dim=0).sqrt()
    return FinalState(flow.final_state, distance, flow.status)
