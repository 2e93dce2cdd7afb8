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
from torch.func import jvp

from learnability.flows.solver import RUNNING, SolverOptions, solve
from learnability.flows.tableaux import RODAS4
from learnability.results.status import Status

Coordinates = Callable[..., list[Tensor]]


@dataclass(frozen=True)
class Family:
    """A model: its number W of parameters, and Phi (3, n) as a function of the parameters (W, n)."""

    parameters: int
    model: Callable[[Tensor], Tensor]

    def __call__(self, parameters: Tensor) -> Tensor:
        """Phi (3, n) at parameters (W, n)."""
        return self.model(parameters)

    def jacobian(self, parameters: Tensor) -> Tensor:
        """d Phi / dw, of shape (3, W, n), by forward mode: everything is elementwise over targets."""
        return torch.stack([jvp(self, (parameters,), (e,))[1] for e in _directions(parameters)], dim=1)

    def derivatives(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """The Jacobian and the second derivatives (3, W, W, n) together, by forward mode over forward mode."""
        pairs = [jvp(self.jacobian, (parameters,), (e,)) for e in _directions(parameters)]
        return pairs[0][0], torch.stack([pair[1] for pair in pairs], dim=2)


def _directions(parameters: Tensor) -> list[Tensor]:
    rows = []
    for i in range(parameters.shape[0]):
        direction = torch.zeros_like(parameters)
        direction[i] = 1
        rows.append(direction)
    return rows


def _fixed(*shape: int, seed: int) -> np.ndarray:
    """Fixed standard normal coefficients: part of the model's definition."""
    return np.random.default_rng(seed).standard_normal(shape)


_LINEAR = _fixed(3, 2, seed=1) / math.sqrt(2)
_CUBIC = _fixed(3, 9, seed=2) * np.array([1, 1, 0.5, 0.5, 0.5, 0.2, 0.2, 0.2, 0.2])
_IN, _SHIFT, _OUT = 3 * _fixed(16, 2, seed=3), _fixed(16, seed=4), _fixed(3, 16, seed=5) / 4
_WIDE_IN, _WIDE_SHIFT, _WIDE_OUT = 8 * _fixed(64, 2, seed=8), 3 * _fixed(64, seed=9), _fixed(3, 64, seed=10) / 8
_CENTRES, _HEIGHTS = _fixed(12, 2, seed=6), 0.5 * _fixed(3, 12, seed=7)
_FREQUENCIES = np.array([[1.0, 0.0], [0.0, 1.0], [math.sqrt(2), math.sqrt(3)]])


def _matrix(values: np.ndarray, like: Tensor) -> Tensor:
    return torch.as_tensor(values, device=like.device)


def _linear(w: Tensor) -> Tensor:
    return 0.5 + _matrix(_LINEAR, w) @ w


def _cubic(w: Tensor) -> Tensor:
    u, v = w
    return 0.5 + _matrix(_CUBIC, w) @ torch.stack([u, v, u * u, u * v, v * v, u**3, u * u * v, u * v * v, v**3])


def _network(inner: np.ndarray, shifts: np.ndarray, outer: np.ndarray) -> Callable[[Tensor], Tensor]:
    """A tanh network with one hidden layer, of fixed coefficients, moved to 1/2 at w = 0."""

    def model(w: Tensor) -> Tensor:
        shift = _matrix(shifts, w)[:, None]
        return 0.5 + _matrix(outer, w) @ (torch.tanh(_matrix(inner, w) @ w + shift) - torch.tanh(shift))

    return model


def _bumps(w: Tensor) -> Tensor:
    centres = _matrix(_CENTRES, w)
    at_start = torch.exp(-centres.square().sum(dim=1))
    bumps = torch.exp(-(w[None] - centres[:, :, None]).square().sum(dim=1))
    return 0.5 + _matrix(_HEIGHTS, w) @ (bumps - at_start[:, None])


def _sine(u_rate: float, v_rate: float) -> Callable[[Tensor], Tensor]:
    # Equal rates would only rescale w and give the same trajectories.
    frequencies = _FREQUENCIES * np.array([u_rate, v_rate])
    return lambda w: 0.5 + 0.5 * torch.sin(_matrix(frequencies, w) @ w)


def _of(coordinates: Coordinates) -> Callable[[Tensor], Tensor]:
    """A model written coordinate by coordinate in its parameters u, v (or w)."""
    return lambda w: torch.stack(coordinates(*w))


FAMILIES: dict[str, Family] = {
    # Proposition 2
    "line": Family(1, _of(lambda w: [0.5 + 0.7 * w, 0.5 - 0.5 * w, 0.5 + 0.3 * w])),
    "moment_curve": Family(1, _of(lambda w: [0.5 + 0.5 * w, 0.5 + w * w - w, 0.5 + w**3 + w / 2])),
    "toral_curve": Family(
        1, _of(lambda w: [0.5 + 0.5 * torch.sin(rate * w) for rate in (1.0, math.sqrt(2), math.sqrt(3))])
    ),
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
                0.5 + (0.3 + 0.15 * torch.cos(2 * u)) * torch.cos(7 * v),
                0.5 + (0.3 + 0.15 * torch.cos(2 * u)) * torch.sin(7 * v),
                0.5 + 0.15 * torch.sin(2 * u),
            ]
        ),
    ),
    # Corollary 10
    "sine": Family(2, _sine(1.0, 1.0)),
    "fast_sine": Family(2, _sine(1.0, 12.0)),
    # The conjecture after Corollary 10
    "helicoid": Family(
        2, _of(lambda u, v: [0.5 + (u + 0.3) * torch.cos(20 * v) - 0.3, 0.5 + (u + 0.3) * torch.sin(20 * v), 0.5 + v])
    ),
    "graph_of_sine": Family(2, _of(lambda u, v: [0.5 + u, 0.5 + v, 0.5 + 0.5 * torch.sin(40 * u + 57 * v)])),
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
        return (self.family.jacobian(state) * (chart - self.family(state))[:, None]).sum(dim=0)

    def linearise(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        """The field and its derivative ``sum_i r_i Hess Phi_i - J^T J``."""
        residual = chart - self.family(state)
        jacobian, second = self.family.derivatives(state)
        curvature = (second * residual[:, None, None]).sum(dim=0)
        gauss_newton = (jacobian[:, :, None] * jacobian[:, None]).sum(dim=0)
        return (jacobian * residual[:, None]).sum(dim=0), curvature - gauss_newton

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
