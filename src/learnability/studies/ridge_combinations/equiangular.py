"""Where the population flow of equiangular tasks may end, decided by ball arithmetic.

Tasks with <v_m, v_n> = rho and one link of degree p: the flow ascends F(kappa) = sum_m kappa_m^p on the unit sphere of
their span, kappa^T P^{-1} kappa = 1. Up to the choice of the k tasks, a fixed point with two values has alignments
(1, s) times a constant, 1 on k tasks and s on the other M - k, where

    rho (M-k) s^p - (1 + (M-1-k) rho) s^{p-1} + (1 + (k-1) rho) s - rho k = 0,    s != 1

(P^{-1} kappa is parallel to the gradient); s = 1 is the average of all tasks, k = 1 the localised point. With
N = kappa^T P^{-1} kappa and S = sum_m kappa_m^p of (1, s), the linearised flow is stable if and only if

    (p-1) (1-rho) N < S                    where k >= 2          (two of the k tasks against each other)
    (p-1) (1-rho) s^{p-2} N < S            where M - k >= 2      (two of the others)
    (p-1) N [1 + (k-1) rho + s^{p-2} (1 + (M-k-1) rho)] < p S    where k < M.

For p = 3 the quadratic rho (M-1) s^2 - (1-rho) s + rho has real roots up to rho = 1 / (1 + 2 sqrt(M-1)), where the
localised point meets a saddle and both vanish; the average is stable above (p-2)/(M+p-2), which is smaller.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

# Halvings of the interval of coherences: thresholds are enclosed in intervals of length 2^-40.
_HALVINGS = 40


@dataclass(frozen=True)
class FixedPoint:
    """Alignments in the ratio 1 : ``ratio`` on ``size`` tasks and on the others; whether the flow is stable there."""

    size: int
    ratio: float
    stable: bool


def _rates(exponent: int, tasks: int, rho: Any, size: int, ratio: Any) -> list[Any]:
    """The differences, right side minus left, of the conditions of stability that apply."""
    others, p = tasks - size, exponent
    total = size + others * ratio
    norm = (size + others * ratio**2 - rho / (1 + (tasks - 1) * rho) * total**2) / (1 - rho)
    value = size + others * ratio**p
    rates = []
    if size >= 2:
        rates.append(value - (p - 1) * (1 - rho) * norm)
    if others >= 2:
        rates.append(value - (p - 1) * (1 - rho) * ratio ** (p - 2) * norm)
    if others:
        inside = 1 + (size - 1) * rho + ratio ** (p - 2) * (1 + (others - 1) * rho)
        rates.append(p * value - (p - 1) * norm * inside)
    return rates


def fixed_points(exponent: int, tasks: int, coherence: Fraction, size: int) -> list[FixedPoint]:
    """The fixed points with two values whose ratio lies in (-1, 1), or the average where ``size`` is ``tasks``.

    Real roots are isolated and every sign is certified. Raises ArithmeticError where a sign is undecided at 512 bits,
    which happens at a threshold alone.
    """
    import flint

    p, rho = exponent, flint.fmpq(coherence.numerator, coherence.denominator)
    if size == tasks:
        return [FixedPoint(size, 1.0, all(rate > 0 for rate in _rates(p, tasks, rho, size, flint.fmpq(1))))]
    coefficients = [flint.fmpq(0)] * (p + 1)
    for degree, value in (
        (p, rho * (tasks - size)),
        (p - 1, -1 - (tasks - 1 - size) * rho),
        (1, 1 + (size - 1) * rho),
        (0, -rho * size),
    ):
        coefficients[degree] += value
    polynomial = flint.fmpq_poly(coefficients)
    while polynomial(1) == 0:
        polynomial //= flint.fmpq_poly([-1, 1])
    found = []
    with flint.ctx.workprec(512):
        roots: Any = polynomial.numer().complex_roots()
        for root, _ in roots:
            if not root.imag.is_zero() or not abs(root.real) < 1:
                continue
            signs = [_sign(rate) for rate in _rates(p, tasks, flint.arb(rho), size, root.real)]
            found.append(FixedPoint(size, float(root.real), min(signs) > 0))
    return found


def _sign(value: Any) -> int:
    if value > 0:
        return 1
    if value < 0:
        return -1
    raise ArithmeticError(f"the sign of {value} is undecided")


def _last(holds: Callable[[Fraction], bool], low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    """An interval of coherences at whose lower end ``holds`` is true and at whose upper end it is false."""
    if not holds(low) or holds(high):
        raise ArithmeticError(f"no threshold between {float(low)} and {float(high)}")
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low, high


def average_threshold(exponent: int, tasks: int) -> tuple[Fraction, Fraction]:
    """Encloses the coherence at which the average of all tasks turns from a saddle into a stable point.

    Raises ArithmeticError where it is not between 1/1000 and 999/1000, and where a sign is undecided.
    """
    return _last(
        lambda rho: not fixed_points(exponent, tasks, rho, tasks)[0].stable, Fraction(1, 1000), Fraction(999, 1000)
    )


def localised_threshold(exponent: int, tasks: int) -> tuple[Fraction, Fraction]:
    """Encloses the coherence beyond which no localised point (one task above all others) is stable.

    Raises ArithmeticError where it is not between 1/1000 and 999/1000, and where a sign is undecided.
    """
    return _last(
        lambda rho: any(point.stable for point in fixed_points(exponent, tasks, rho, 1)),
        Fraction(1, 1000),
        Fraction(999, 1000),
    )
