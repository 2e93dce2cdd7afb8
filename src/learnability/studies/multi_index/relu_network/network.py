"""The joint flow of a ReLU network with two hidden directions, in closed form without an expansion.

For ``f(z) = sum_j a_j relu(u_j.z)``, |u_j| = 1, the best link on a subspace with ``G = M M^T`` explains

    Q(G) = sum_ij a_i a_j (k(rho_ij) - k(0)),    rho_ij = u_i^T G u_j,    k(rho) = E relu(z) relu(z')
         = (sqrt(1 - rho^2) + rho (pi - arccos rho)) / (2 pi)

of twice the loss (z, z' normal of correlation rho), so that ``S(G) = dQ/dG = sum_ij a_i a_j k'(rho_ij) u_i u_j^T`` with
``k' = (pi - arccos rho) / (2 pi)``, ``k'' = 1 / (2 pi sqrt(1 - rho^2))``, and ``dM/dt = (I - G) S(G) M``.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import brentq
from torch import Tensor

from learnability.flows.multi_index import singular_values
from learnability.flows.solver import RUNNING
from learnability.results.status import Status

Array = NDArray[np.float64]

FOUND = 0.9
"""A run ends when its smaller cosine exceeds this: both directions have escaped by then."""

_ROUNDING = 1e-12
_TURN = 2 * math.pi / 3600


@dataclass(frozen=True)
class ReluNetwork:
    """``weights`` a (neuron,) and ``directions`` u (neuron, 2)."""

    weights: Array
    directions: Array

    @classmethod
    def of(cls, weights: tuple[float, ...], angles: tuple[float, ...]) -> "ReluNetwork":
        """The network whose neurons stand at these angles, in degrees."""
        turned = np.radians(angles)
        return cls(np.array(weights), np.stack([np.cos(turned), np.sin(turned)], axis=1))

    def pull(self, gram: Array) -> Array:
        """S(G)."""
        u = self.directions
        rho = np.clip(u @ gram @ u.T, -1, 1)
        return np.asarray(u.T @ (np.outer(self.weights, self.weights) * (math.pi - np.arccos(rho))) @ u / (2 * math.pi))

    def bend(self, gram: Array, along: Array) -> float:
        """``along^T (dS/dG in the direction along along^T) along``, for an S that vanishes along ``along`` at G."""
        u = self.directions
        rho = np.clip(u @ gram @ u.T, -1 + 1e-15, 1 - 1e-15)
        outer = np.outer(self.weights, self.weights) / (2 * math.pi * np.sqrt(1 - rho**2))
        p = (u @ along) ** 2
        return float(p @ outer @ p)

    def learned_first(self) -> Array:
        """The unit vector v at which the flow of one direction rests: ``v_perp^T S(v v^T) v = 0``, reached from the
        linear part of the network by rotation. The plateau between both saddles is there. Without a linear part the
        search starts at the first axis.
        """

        def slope(angle: float) -> float:
            v = np.array([math.cos(angle), math.sin(angle)])
            return float(np.array([-v[1], v[0]]) @ self.pull(np.outer(v, v)) @ v)

        linear = self.weights @ self.directions
        angle = math.atan2(linear[1], linear[0]) if np.linalg.norm(linear) > _ROUNDING else 0.0
        turn = math.copysign(_TURN, slope(angle))
        if abs(slope(angle)) > _ROUNDING:
            while slope(angle + turn) * turn > 0:
                angle += turn
            angle = float(brentq(slope, angle, angle + turn, xtol=1e-15))
        return np.array([math.cos(angle), math.sin(angle)])

    def predicted(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """(exponent, rate against log d where it is zero) of the first and the last saddle.

        A direction with the constant speed S escapes after ``log(d) / (2 S)``, one whose speed vanishes like its
        lambda^2 after a time of order d. Speeds of the first direction are those at the equator, the linear part of
        the network; of the last one, those on the plateau that the first leaves. Raises ValueError where the speed of
        the last direction vanishes faster.
        """
        strength = float(np.sum((self.weights @ self.directions) ** 2)) / 4
        first = (0.0, 0.5 / strength) if strength > _ROUNDING else (1.0, math.nan)
        v = self.learned_first()
        across = np.array([-v[1], v[0]])
        gram = np.outer(v, v)
        left = float(across @ self.pull(gram) @ across)
        if left > _ROUNDING:
            return first, (first[0], first[1] + 0.5 / left)
        if self.bend(gram, across) <= _ROUNDING:
            raise ValueError("the second direction is hidden from terms of degree 1 and 2: its exponent is not derived")
        return first, (1.0, math.nan)


@dataclass(frozen=True)
class NetworkFlow:
    """The flow of M (rows, one after another) for the solver; observed are the cosines of the principal angles."""

    weights: Tensor
    directions: Tensor

    logarithmic = False

    @classmethod
    def build(cls, network: ReluNetwork, device: str = "cpu") -> "NetworkFlow":
        """The flow of a network."""
        outer = np.outer(network.weights, network.weights) / (2 * math.pi)
        return cls(torch.from_numpy(outer).to(device), torch.from_numpy(network.directions).to(device))

    def settle(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        return state, chart

    def observe(self, state: Tensor, chart: Tensor) -> Tensor:
        return singular_values(state.view(2, 2, -1))

    def outcome(self, state: Tensor, chart: Tensor, observed: Tensor, speed: Tensor) -> Tensor:
        running = torch.full_like(observed[0], RUNNING, dtype=torch.int8)
        return torch.where(observed[-1] >= FOUND, int(Status.CONVERGED), running)

    def _parts(self, state: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(M, G, rho, S)."""
        u, matrix = self.directions, state.view(2, 2, -1)
        gram = torch.einsum("abn,cbn->acn", matrix, matrix)
        rho = torch.einsum("ia,abn,jb->ijn", u, gram, u).clamp(-1 + 1e-15, 1 - 1e-15)
        slope = self.weights[..., None] * (math.pi - rho.arccos())
        return matrix, gram, rho, torch.einsum("ijn,ia,jb->abn", slope, u, u)

    def field(self, state: Tensor, chart: Tensor) -> Tensor:
        matrix, gram, _, pull = self._parts(state)
        moved = torch.einsum("abn,bcn->acn", pull, matrix)
        return (moved - torch.einsum("abn,bcn->acn", gram, moved)).reshape(4, -1)

    def linearise(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        """Tangents run over the entries (e, f) of M: ``dG_ab = delta_ae M_bf + delta_be M_af``."""
        u, unit = self.directions, torch.eye(2, dtype=state.dtype, device=state.device)
        matrix, gram, rho, pull = self._parts(state)
        half = torch.einsum("ae,bfn->abefn", unit, matrix)
        gram_change = half + half.transpose(0, 1)
        rho_change = torch.einsum("ia,abefn,jb->ijefn", u, gram_change, u)
        bend = self.weights[..., None] / (1 - rho.square()).sqrt()
        pull_change = torch.einsum("ijn,ijefn,ia,jb->abefn", bend, rho_change, u, u)
        moved = torch.einsum("abn,bcn->acn", pull, matrix)
        moved_change = torch.einsum("abefn,bcn->acefn", pull_change, matrix) + torch.einsum("aen,cf->acefn", pull, unit)
        jacobian = (
            moved_change
            - torch.einsum("abefn,bcn->acefn", gram_change, moved)
            - torch.einsum("abn,bcefn->acefn", gram, moved_change)
        )
        return (moved - torch.einsum("abn,bcn->acn", gram, moved)).reshape(4, -1), jacobian.reshape(4, 4, -1)
