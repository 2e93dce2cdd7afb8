"""The targets that no flow learns, constructed: the balls of Theorem 3 and the spheres of Theorem 4.

Theorem 3. Let f0 - Phi(0) = s n with n a unit normal of the range of J_0. Where ``|f - Phi(w)| > |f - Phi(0)|`` for
all ``|w| = r``, the flow to f never leaves the disc ``|w| < r``: with ``delta = f - f0`` and ``D = Phi(w) -
Phi(0)`` this holds if ``|delta| < (|D|^2 - 2 s <n, D>) / (2 |D|)`` on the circle. If moreover f keeps away from the
image of the disc, it is not learned; both hold in a whole ball around f0."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

Map = Callable[[Tensor], Tensor]

CLEARANCE = 0.05 / 0.95
"""Least distance of a target of the ball from the image of the disc, in radii of the ball: :func:`barrier_ball` takes
95% of the radius at which the ball would touch the barrier or the image, on its points."""


@dataclass(frozen=True)
class Barrier:
    """A ball of non-learnable targets: its centre f0 (3,) and radius, and the radius r of the disc that holds
    w(t)."""

    centre: np.ndarray
    radius: float
    disc: float


def barrier_ball(model: Map, jacobian: Tensor, largest_disc: float, points: int = 720) -> Barrier:
    """The largest ball found over disc radii r and distances s.

    ``model`` maps parameters (2, n) to R^3 (3, n), ``jacobian`` (3, 2) is J_0.

    Raises:
        ValueError: no ball was found (J_0 has not full rank, or the discs are too large).
    """
    origin = model(torch.zeros((2, 1), dtype=torch.float64, device=jacobian.device))
    normal = torch.linalg.cross(jacobian[:, 0], jacobian[:, 1])
    normal = normal / torch.linalg.vector_norm(normal)
    angle = torch.linspace(0, 2 * torch.pi, points, dtype=torch.float64, device=jacobian.device)
    circle = torch.stack([torch.cos(angle), torch.sin(angle)])
    shells = torch.linspace(0, 1, 25, dtype=torch.float64, device=jacobian.device)
    best = Barrier(np.zeros(3), 0.0, 0.0)
    for disc in largest_disc * np.geomspace(1e-2, 1, 15):
        on_circle = model(disc * circle) - origin
        image = model((disc * circle[:, :, None] * shells).reshape(2, -1)) - origin
        size = torch.linalg.vector_norm(on_circle, dim=0)
        for side in (-1.0, 1.0):
            for distance in float(size.min()) * np.geomspace(0.02, 1, 12):
                centre = side * distance * normal[:, None]
                barrier = (size.square() - 2 * (centre * on_circle).sum(dim=0)) / (2 * size)
                away = torch.linalg.vector_norm(centre - image, dim=0)
                radius = 0.95 * min(float(barrier.min()), float(away.min()))
                if radius > best.radius:
                    best = Barrier((origin + centre)[:, 0].cpu().numpy(), radius, float(disc))
    if best.radius <= 0:
        raise ValueError("no barrier found: the Jacobian at 0 has not full rank, or the discs are too large")
    return best


def directions(rng: np.random.Generator, count: int) -> np.ndarray:
    """Uniform unit vectors (count, 3)."""
    normal = rng.standard_normal((count, 3))
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


def in_ball(barrier: Barrier, rng: np.random.Generator, count: int) -> np.ndarray:
    """Targets (count, 3), uniform in the ball."""
    return barrier.centre + barrier.radius * directions(rng, count) * rng.random((count, 1)) ** (1 / 3)
