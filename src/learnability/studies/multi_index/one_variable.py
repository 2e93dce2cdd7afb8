"""Links of one variable: squared Hermite coefficients, and the one-dimensional flows that they leave.

With one direction both flows are one-dimensional, so that an escape time is an integral and, being a decreasing
function of the start's cosine, its quantiles are the times of the quantiles of the start's law: no seed is needed.

Links that are no polynomials enter through the exact squares of their coefficients, ``E f(z) f(z') = sum_k a_k^2 mu^k``
for two normals of correlation mu:

======== ============================================= ===================
link     a_k^2                                         sum
======== ============================================= ===================
sin, cos ``e^{-1}/k!`` for odd, for even k             ``sinh(mu)/e``, ``cosh(mu)/e``
exp      ``e/k!``                                      ``e^{1 + mu}``
erf      those of ``(2/pi) arcsin(2 mu/3)``            itself
relu     ``1/(2 pi)``, ``1/4``, ``h_{k-2}(0)^2/(2 pi k (k-1))``
abs      four times the even ones of relu
======== ============================================= ===================
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.special import ndtr, ndtri

from learnability.hermite.activations import relu_expansion
from learnability.hermite.target_language import parse

Array = NDArray[np.float64]

DEGREE = 80
"""Links that are no polynomials are cut off beyond this degree: up to lambda^2 = 1/2 the rate is exact to 2^-80."""

HALF = 0.5
"""A direction has escaped when lambda^2 exceeds this."""

_PANEL, _ORDER = 0.5, 12
_GAUSS = np.polynomial.legendre.leggauss(_ORDER)


def _inverse_factorials() -> Array:
    return np.array([1 / math.factorial(k) for k in range(DEGREE + 1)])


def _sin(parity: int) -> Array:
    return np.where(np.arange(DEGREE + 1) % 2 == parity, _inverse_factorials() / math.e, 0.0)


def _erf() -> Array:
    squares = np.zeros(DEGREE + 1)
    for j in range((DEGREE - 1) // 2 + 1):
        k = 2 * j + 1
        squares[k] = 2 / math.pi * math.comb(2 * j, j) / 4**j / k * (2 / 3) ** k
    return squares


def _relu() -> Array:
    return relu_expansion(np.array(0.0), DEGREE) ** 2


def _abs() -> Array:
    return np.where(np.arange(DEGREE + 1) % 2 == 0, 4 * _relu(), 0.0)


FUNCTIONS: dict[str, tuple[Callable[[], Array], float]] = {
    "sin(z1)": (lambda: _sin(1), math.sinh(1) / math.e),
    "cos(z1)": (lambda: _sin(0), math.cosh(1) / math.e),
    "exp(z1)": (lambda: math.e * _inverse_factorials(), math.exp(2)),
    "erf(z1)": (_erf, 2 / math.pi * math.asin(2 / 3)),
    "relu(z1)": (_relu, 0.5),
    "abs(z1)": (_abs, 1.0),
}
"""Text of a link that is no polynomial -> (squares of its coefficients up to :data:`DEGREE`, E f^2)."""


@dataclass(frozen=True)
class OneVariable:
    """``squares[k] = a_k^2`` of a centred link of one variable, and ``tail``, the energy beyond the last degree."""

    squares: Array
    tail: float

    @property
    def exponent(self) -> int:
        """The information exponent s: the lowest degree present."""
        return int(np.flatnonzero(self.squares)[0])


def one_variable(link: str, beyond: int = 0) -> OneVariable:
    """The link of this text without its degrees up to ``beyond``; the mean is dropped in any case.

    The text is one of :data:`FUNCTIONS` or of the target language. Raises ValueError where nothing is left.
    """
    tail = 0.0
    if link in FUNCTIONS:
        coefficients, total = FUNCTIONS[link]
        squares = coefficients()
        tail = max(0.0, total - math.fsum(squares))
    else:
        expansion = parse(link, 1)
        squares = np.zeros(expansion.degree + 1)
        for (k,), value in expansion.coefficients.items():
            squares[k] = value**2
    squares[: beyond + 1] = 0
    if not squares.any():
        raise ValueError(f"the link {link!r} has no degree above {beyond}")
    return OneVariable(squares, tail)


def joint_rate(link: OneVariable, energy: Array) -> Array:
    """``d log(mu)/dt = 2 (1 - mu) sum_k k a_k^2 mu^{k-1}`` of the joint flow at mu = lambda^2 = ``energy``."""
    k = np.arange(1, len(link.squares))
    return np.asarray(2 * (1 - energy) * (k * link.squares[1:] * energy[..., None] ** (k - 1)).sum(axis=-1))


def planted_rate(link: OneVariable, energy: Array) -> Array:
    """``d log(mu)/dt = 2 (1 - mu) sum_k k a_k^2 lambda^{k-2}`` of the planted flow on the side lambda > 0."""
    k = np.arange(1, len(link.squares))
    return np.asarray(2 * (1 - energy) * (k * link.squares[1:] * energy[..., None] ** (k / 2 - 1)).sum(axis=-1))


def features_rate(
    link: OneVariable, biases: Array, ridge: float = 1e-10, side: Literal[1, -1] = 1
) -> Callable[[Array], Array]:
    """``d log(mu)/dt`` of the joint flow on a side of the equator whose link is fitted by the features relu(z - b_j).

    The fit leaves ``Q(lambda) = v^T (K + ridge)^{-1} v / 2`` of the energy, ``v_j = sum_k a_k lambda^k c_k(b_j)``
    with the Hermite coefficients c_k of the features and K their Gram matrix, centred; then ``lambda' = (1 - lambda^2)
    dQ/dlambda``, with lambda for |lambda| on the side -1. Signs of the a_k are taken for positive.
    """
    degree = len(link.squares) - 1
    series = relu_expansion(-biases, degree)
    inverse = np.linalg.inv(relu_gram(biases) + ridge * np.eye(len(biases)))
    k = np.arange(1, degree + 1)
    a = np.sqrt(link.squares[1:]) * float(side) ** k  # h_k(-z) = (-1)^k h_k(z)

    def rate(energy: Array) -> Array:
        cosine = np.sqrt(energy)[..., None]
        moment = (a * cosine**k) @ series[:, 1:].T
        slope = (a * k * cosine ** (k - 1)) @ series[:, 1:].T
        return np.asarray(2 * (1 - energy) / cosine[..., 0] * ((moment @ inverse) * slope).sum(axis=-1))

    return rate


def relu_gram(biases: Array) -> Array:
    """Covariances of relu(z - b) and relu(z - c): with m = max(b, c) the mean of the product is
    ``(m - b - c) phi(m) + (1 + b c) Phi(-m)``."""
    b, c = biases[:, None], biases[None]
    m = np.maximum(b, c)
    density = np.exp(-(m**2) / 2) / math.sqrt(2 * math.pi)
    mean = relu_expansion(-biases, 1)[:, 0]
    return np.asarray((m - b - c) * density + (1 + b * c) * ndtr(-m) - mean[:, None] * mean)


def projection(degree: int, biases: Array) -> float:
    """``|P h_s|^2`` of the Hermite polynomial of degree s on the span of the features relu(z - b_j), centred."""
    moment = relu_expansion(-biases, degree)[:, degree]
    return float(moment @ np.linalg.solve(relu_gram(biases), moment))


def relu_biases(features: int) -> Array:
    """Biases at the normal quantiles ``(j - 1/2)/features``."""
    return np.asarray(ndtri((np.arange(features) + 0.5) / features))


def escape_time(rate: Callable[[Array], Array], energy: float, end: float = HALF) -> float:
    """``int dlog(mu) / rate(mu)`` from ``energy`` to ``end``: composite Gauss rule in log(mu), exact to rounding."""
    if energy >= end:
        return 0.0
    low, high = math.log(energy), math.log(end)
    panels = math.ceil((high - low) / _PANEL)
    edges = np.linspace(low, high, panels + 1)
    half = (edges[1] - edges[0]) / 2
    nodes = edges[:-1, None] + half * (1 + _GAUSS[0])
    return float(half * (_GAUSS[1] / rate(np.exp(nodes))).sum())


def finite_rate_time(s: int, energy: float, link_rate: float) -> float:
    """Escape time of h_s when the link is learned at a finite rate, from the zero link.

    The student's link is ``a h_s``: ``a' = link_rate (lambda^s - a)``, ``lambda' = s a lambda^{s-1} (1 - lambda^2)``;
    an infinite rate is the joint flow. With ``a = g lambda^s``, ``c = g^2`` and ``log lambda = log lambda_0 + y^2``,
    the equations over y are smooth where a starts from zero:

        dc/dy = 2 y (2 link_rate (1 - g) / v - 2 s c),    dt/dy = 2 y / (g v),    v = s lambda^{2s-2} (1 - lambda^2).
    """
    if energy >= HALF:
        return 0.0
    low = math.log(energy) / 2
    unit = energy ** (1 - s) / s
    initial = 2 * link_rate * unit / (1 - energy)  # dc/d(y^2) at the start

    scale = min(1.0, initial)  # c stays of this size where the link lags behind

    def velocity(y: float, state: Array) -> list[float]:
        x = low + y * y
        v = s * math.exp((2 * s - 2) * x) * -math.expm1(2 * x)
        c = max(float(state[0]), 0.0) * scale
        g = math.sqrt(c)
        ratio = y / g if g > 1e-9 * math.sqrt(scale) else initial**-0.5
        return [2 * y * (2 * link_rate * (1 - g) / v - 2 * s * c) / scale, 2 * ratio / (v * unit)]

    end = math.sqrt(math.log(HALF) / 2 - low)
    solution = solve_ivp(velocity, (0, end), [0.0, 0.0], method="Radau", rtol=1e-6, atol=1e-9)
    return float(solution.y[1, -1] * unit) if solution.success else math.nan
