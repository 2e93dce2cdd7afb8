"""Second-order Taylor jets in (u, v), stacked along the first axis, for whole batches of targets.

A jet holds the rows ``value, v, u, vv, uv, uu``: a function's value, first and second partial derivatives. The first
three rows are a jet of first order, the first row alone one of order zero; every function here takes all three.
"""

from typing import Final

import torch
from torch import Tensor

VALUE, V, U, VV, UV, UU = range(6)
ROWS: Final = {0: 1, 1: 3, 2: 6}
"""Rows of a jet of order 0, 1, 2."""


def of_v(value: Tensor, slope: Tensor, order: int) -> Tensor:
    """The jet of a function that is linear in v: (value, slope, 0, ...)."""
    zero = torch.zeros_like(value)
    return torch.stack([value, slope, zero, zero, zero, zero][: ROWS[order]])


def times_function_of_u(jet: Tensor, ramp: Tensor) -> Tensor:
    """The jet of ``f(u) g(u, v)``: ``jet`` (rows, ...) of g; ``ramp`` holds f, f', f'' as far as the order needs."""
    out = ramp[0] * jet
    if jet.shape[0] >= 3:
        out[U].addcmul_(ramp[1], jet[VALUE])
    if jet.shape[0] == 6:
        out[UV].addcmul_(ramp[1], jet[V])
        out[UU] += torch.addcmul(ramp[2] * jet[VALUE], ramp[1], jet[U], value=2)
    return out


def ramps(u: Tensor, knots: Tensor, order: int = 2) -> Tensor:
    """Values and derivatives (order + 1, ramps, ...) of the ramps whose packed knots are (7, ramps, ...).

    Packed by :func:`pack_knots` as ``a, b, c, 1/(b-a), 1/(e-c), height, c-b``.
    """
    a, b, c, rise, fall, height, flat = knots
    x = ((u - a) * rise).clamp(0, 1)
    z = ((u - c) * fall).clamp(0, 1)
    y = torch.minimum((u - b).clamp(min=0), flat)
    value = height * (x * x / (2 * rise) + y + z * (1 - z / 2) / fall)
    if order == 0:
        return value[None]
    first = height * (x - z)
    if order == 1:
        return torch.stack([value, first])
    return torch.stack([value, first, height * (rise * _within(x) - fall * _within(z))])


def _within(x: Tensor) -> Tensor:
    """1 where 0 < x < 1, 0 at the ends: comparisons of whole arrays cost several times an arithmetic operation."""
    return (x * (1 - x) * 1e300).clamp(max=1)


def pack_knots(knots: tuple[float, float, float, float], amplitude: float = 1.0) -> list[float]:
    """The seven numbers that :func:`ramps` wants for ``amplitude * R(u; a, b, c, e)``."""
    a, b, c, e = knots
    height = amplitude / ((c - b) + (b - a + e - c) / 2)
    return [a, b, c, 1 / (b - a), 1 / (e - c), height, c - b]
