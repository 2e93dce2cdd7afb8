"""Activations and link functions as data: value, derivative and exact Hermite expansion.

All coefficients are with respect to the orthonormal probabilists' Hermite polynomials h_k = He_k / sqrt(k!).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from learnability.compiled.loops import assign, reordered
from learnability.hermite.basis import gauss_hermite, hermite_basis

Elementwise = Callable[[Tensor], Tensor]
_BLOCK = 512


@dataclass(frozen=True)
class Activation:
    """A scalar function applied entry by entry, with its derivative and its expansion.

    ``expansion(bias, degree)`` gives alpha_k(b) = E[sigma(g + b) h_k(g)], g ~ N(0, 1), for k = 0..degree: the shape
    of ``bias`` with one axis of length degree + 1 appended.
    """

    name: str
    value: Elementwise
    derivative: Elementwise
    expansion: Callable[[np.ndarray, int], np.ndarray]


def hermite_sum(x: Tensor, coefficients: Sequence[float]) -> Tensor:
    """sum_k c_k h_k(x), entry by entry, by Clenshaw's recurrence (no list of basis functions is kept).

    From h_{k+1} = (x h_k - sqrt(k) h_{k-1}) / sqrt(k+1):
    u_k = c_k + x u_{k+1} / sqrt(k+1) - sqrt((k+1)/(k+2)) u_{k+2}, and the sum is u_0. On the CPU in one compiled pass.
    """
    if x.device.type == "cpu" and not x.requires_grad and x.dtype in (torch.float32, torch.float64):
        if x.ndim > 1 and not x.is_contiguous() and x.mT.is_contiguous():
            return hermite_sum(x.mT, coefficients).mT
        points = x.contiguous().view(-1).numpy()
        out = np.empty_like(points)
        _clenshaw(points, np.array(coefficients, points.dtype), out)
        return torch.from_numpy(out).view(x.shape)
    higher = torch.zeros_like(x)
    current = torch.full_like(x, coefficients[-1])
    for k in range(len(coefficients) - 2, -1, -1):
        lower = x * current
        lower.mul_(1 / math.sqrt(k + 1)).sub_(higher, alpha=math.sqrt((k + 1) / (k + 2))).add_(coefficients[k])
        higher, current = current, lower
    return current


@reordered
def _clenshaw(x, coefficients, out):  # type: ignore[no-untyped-def]
    """The recurrence of :func:`hermite_sum`, a block that fits the first-level cache after the other."""
    degree, real = len(coefficients) - 1, out.dtype.type
    higher, current = np.empty(_BLOCK, out.dtype), np.empty(_BLOCK, out.dtype)
    for start in range(0, len(x), _BLOCK):
        here = x[start : start + _BLOCK]
        count = len(here)
        higher[:], current[:] = 0, coefficients[degree]
        for k in range(degree - 1, -1, -1):
            a, b, c = real(1 / math.sqrt(k + 1)), real(math.sqrt((k + 1) / (k + 2))), coefficients[k]
            for i in range(count):
                lower = a * here[i] * current[i] - b * higher[i] + c
                higher[i] = current[i]
                current[i] = lower
        assign(out[start : start + count], current)


def _by_quadrature(value: Elementwise, nodes: int) -> Callable[[np.ndarray, int], np.ndarray]:
    def expansion(bias: np.ndarray, degree: int) -> np.ndarray:
        points, weights = gauss_hermite(max(nodes, degree + 1))
        shifted = torch.as_tensor(np.asarray(bias, dtype=float)[..., None] + points)
        weighted_basis = weights[:, None] * hermite_basis(points, degree)
        return np.asarray(value(shifted).numpy() @ weighted_basis)

    return expansion


def hermite_series(coefficients: Sequence[float], name: str = "hermite") -> Activation:
    """The polynomial sum_k c_k h_k; its derivative is sum_k sqrt(k) c_k h_{k-1}. Quadrature is exact for it."""
    series = tuple(float(c) for c in coefficients)
    slopes = tuple(math.sqrt(k) * c for k, c in enumerate(series))[1:] or (0.0,)

    def value(x: Tensor) -> Tensor:
        return hermite_sum(x, series)

    return Activation(name, value, lambda x: hermite_sum(x, slopes), _by_quadrature(value, len(series)))


def smooth(name: str, value: Elementwise, derivative: Elementwise, nodes: int = 200) -> Activation:
    """A smooth activation; its expansion comes from a Gauss-Hermite rule with ``nodes`` nodes."""
    return Activation(name, value, derivative, _by_quadrature(value, nodes))


@dataclass(frozen=True)
class Sine(Activation):
    """sin(x + phase); compiled steps read the phase."""

    phase: float


def sine(phase: float = 0.0) -> Sine:
    """sin(x + phase), whose expansion is alpha_k(b) = e^{-1/2} sin(b + phase + k pi/2) / sqrt(k!)."""

    def expansion(bias: np.ndarray, degree: int) -> np.ndarray:
        k = np.arange(degree + 1)
        roots = np.sqrt([math.factorial(n) for n in k.tolist()])
        return np.sin(np.asarray(bias, dtype=float)[..., None] + phase + k * math.pi / 2) / (roots * math.sqrt(math.e))

    return Sine(f"sin(x + {phase:g})", lambda x: torch.sin(x + phase), lambda x: torch.cos(x + phase), expansion, phase)


def relu_expansion(bias: np.ndarray, degree: int) -> np.ndarray:
    """Hermite coefficients of max(g + b, 0).

    alpha_0 = b Phi(b) + phi(b), alpha_1 = Phi(b), alpha_k = h_{k-2}(-b) phi(b) / sqrt(k (k-1)) for k >= 2.
    """
    from scipy.special import ndtr  # SciPy's import is paid only where an expansion is asked for

    b = np.asarray(bias, dtype=float)
    density = np.exp(-(b**2) / 2) / math.sqrt(2 * math.pi)
    low = np.stack([b * ndtr(b) + density, ndtr(b)], axis=-1)
    k = np.arange(2, max(degree, 2) + 1)
    high = hermite_basis(-b, max(degree - 2, 0)) * density[..., None] / np.sqrt(k * (k - 1.0))
    return np.concatenate([low, high], axis=-1)[..., : degree + 1]


def _step(x: Tensor) -> Tensor:
    return torch.heaviside(x, x.new_zeros(()))


RELU = Activation("relu", torch.relu, _step, relu_expansion)
TANH = smooth("tanh", torch.tanh, lambda x: 1 - torch.tanh(x) ** 2)
