"""Which directions the Taylor coefficients of the simplified flow reach, order by order.

The simplified flow of the first stage, ``dw/dt = E[z h(z) sigma'(w.z)]`` with w(0) = 0 (equation (4.1) of Chen and Ge
2024 at a = 1), is the gradient of

    Phi(w) = sum_n s_n E[h(z) (w.z)^n] / n! = sum_k sum_i s_{k+2i} (|w|^2/2)^i / i! H_k(w),    s_n = sigma^{(n)}(0),

so the coefficients of ``w(t) = sum_j q_j t^j`` follow from each other by arithmetic on power series: exactly, in
fractions, when the coefficients of h and the s_n are rational. A common factor of the s_n changes the unit of time.
The sufficient condition asks that ``q_1, ..., q_s`` span the hidden subspace for some s.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import exp, factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learnability.hermite.expansion import HermiteExpansion, MultiIndex
from learnability.hermite.reflective_exact import as_rational, row_echelon
from learnability.hermite.rotation import Integers

Number = Fraction | float
Array = NDArray[Any]
RANK_TOLERANCE = 1e-10
MOST_EXACT_TERMS = 40


def _polynomial_derivatives(rule: Sequence[int], start: Number, count: int) -> list[Number]:
    """``y, y', y'', ...`` at a point where ``y' = sum_k rule_k y^k`` and y = start."""
    expression: list[int] = [0, 1]
    values: list[Number] = []
    for _ in range(count):
        values.append(sum((c * start**k for k, c in enumerate(expression)), start * 0))
        following = [0] * (len(expression) + len(rule))
        for k, c in enumerate(expression):
            for j, d in enumerate(rule):
                if k:
                    following[k - 1 + j] += k * c * d
        expression = following
    return values


def sine_derivatives(count: int) -> list[Number]:
    """Of sin(x + pi/4), times sqrt(2): 1, 1, -1, -1, ..."""
    return [Fraction([1, 1, -1, -1][n % 4]) for n in range(count)]


def tanh_derivatives(count: int) -> list[Number]:
    """Of tanh(x): y' = 1 - y^2, y = 0."""
    return _polynomial_derivatives([1, 0, -1], Fraction(0), count)


def exponential_derivatives(count: int) -> list[Number]:
    """Of exp(x)."""
    return [Fraction(1)] * count


def sigmoid_derivatives(count: int) -> list[Number]:
    """Of the logistic function at x - 1/2: y' = y - y^2, in floating point."""
    return _polynomial_derivatives([0, 1, -1], 1 / (1 + exp(0.5)), count)


DERIVATIVES: dict[str, Callable[[int], list[Number]]] = {
    "sine": sine_derivatives,
    "sigmoid": sigmoid_derivatives,
    "exponential": exponential_derivatives,
    "tanh": tanh_derivatives,
}
DESCRIPTIONS = {
    "sine": "sin(x + pi/4)",
    "sigmoid": "1/(1 + exp(1/2 - x))",
    "exponential": "exp(x)",
    "tanh": "tanh(x)",
}


def _product(left: Array, right: Array) -> Array:
    """The product of power series along the last axis, to the same length."""
    length = left.shape[-1]
    product = left[..., :1] * right
    for i in range(1, length):
        product[..., i:] = product[..., i:] + left[..., i : i + 1] * right[..., : length - i]
    return product


def _running_products(factors: list[Array]) -> list[Array]:
    """1, f_1, f_1 f_2, ..., as many as there are factors plus one."""
    products = [factors[0] * 0]
    products[0][..., 0] += 1
    for factor in factors:
        products.append(_product(products[-1], factor))
    return products


def _smoothed_parts(w: Array, exponents: Integers, coefficients: Array) -> tuple[Array, Array]:
    """``H_k(w)`` (degree, length) and ``grad H_k(w)`` (degree, p, length) on power series w (p, length)."""
    degrees, top = exponents.sum(1), int(exponents.sum(1).max())
    powers = np.stack(_running_products([w] * int(exponents.max())), axis=1)
    factors = [powers[i][exponents[:, i]] for i in range(len(w))]
    before = _running_products(factors)
    after = _running_products(factors[::-1])[::-1]
    value = np.stack([(coefficients[:, None] * before[-1])[degrees == k].sum(0) for k in range(top + 1)])
    gradient = np.empty((top + 1, *w.shape), dtype=w.dtype)
    for j in range(len(w)):
        lowered = powers[j][np.maximum(exponents[:, j] - 1, 0)]
        terms = _product(_product(before[j], lowered), after[j + 1])
        scaled = (coefficients * exponents[:, j])[:, None] * terms
        for k in range(top + 1):
            gradient[k, j] = scaled[degrees == k].sum(0)
    return value, gradient


def _slope(w: Array, exponents: Integers, coefficients: Array, derivatives: Array) -> Array:
    """``grad Phi`` on power series (p, length), by rising powers of q = |w|^2 / 2."""
    value, gradient = _smoothed_parts(w, exponents, coefficients)
    levels = w.shape[1] // 2 + 2
    powers = _running_products([_product(w, w).sum(0) / 2] * levels)
    scaled = [power / factorial(i) for i, power in enumerate(powers)]
    slope = w * 0
    for k in range(len(value)):
        even = sum((derivatives[k + 2 * i] * scaled[i] for i in range(levels)), scaled[0] * 0)
        odd = sum((derivatives[k + 2 * i + 2] * scaled[i] for i in range(levels)), scaled[0] * 0)
        slope = slope + _product(even[None], gradient[k]) + _product(_product(odd, value[k])[None], w)
    return slope


def taylor_coefficients(
    terms: dict[MultiIndex, Number], variables: int, derivatives: list[Number], order: int
) -> Array:
    """``q_1, ..., q_order`` (order, variables) of ``w' = grad Phi(w)``, w(0) = 0.

    Fractions stay fractions (an array of objects); floats give float64. ``terms`` are the coefficients of H.
    """
    exact = all(isinstance(x, Fraction) for x in (*terms.values(), *derivatives))
    kind = object if exact else np.float64
    exponents = np.array(list(terms), dtype=np.int64)
    coefficients, s = np.array(list(terms.values()), dtype=kind), np.array(derivatives, dtype=kind)
    zero = np.array([[Fraction(0) if exact else 0.0]] * variables, dtype=kind)
    w = zero
    for j in range(order):
        slope = _slope(w, exponents, coefficients, s)
        w = np.concatenate([w, slope[:, j : j + 1] / (j + 1)], axis=1)
    return np.asarray(w[:, 1:].T)


def rational_terms(target: HermiteExpansion) -> dict[MultiIndex, Number] | None:
    """The coefficients of H as fractions; None where one is not, or where there are too many for exact arithmetic."""
    if len(target.coefficients) > MOST_EXACT_TERMS:
        return None
    terms: dict[MultiIndex, Number] = {}
    for index, value in target.unnormalised().items():
        rational = as_rational(value)
        if rational is None:
            return None
        terms[index] = rational
    return terms


def _ranks_in_floats(q: Array, sizes: Array) -> list[int]:
    """Ranks by Gram-Schmidt; a remainder counts beyond 1e-10 of what the terms of q_j add up to without signs."""
    basis = np.zeros((0, q.shape[1]))
    ranks = []
    for vector, size in zip(q, sizes, strict=True):
        rest = vector
        for _ in range(2):
            rest = rest - basis.T @ (basis @ rest)
        length = float(np.linalg.norm(rest))
        if length > RANK_TOLERANCE * float(np.linalg.norm(size)):
            basis = np.vstack([basis, rest / length])
        ranks.append(len(basis))
    return ranks


@dataclass(frozen=True)
class TaylorRanks:
    """``ranks[j - 1]`` is the dimension of span(q_1, ..., q_j); ``exact`` in rational arithmetic."""

    ranks: tuple[int, ...]
    variables: int
    exact: bool

    @property
    def spanning_order(self) -> int | None:
        """The first order s at which the coefficients span the hidden subspace; None within the orders computed."""
        return next((j for j, rank in enumerate(self.ranks, start=1) if rank == self.variables), None)


def taylor_ranks(target: HermiteExpansion, activation: str, order: int = 10) -> TaylorRanks:
    """Ranks of the Taylor coefficients of the simplified flow for a key of :data:`DERIVATIVES`."""
    derivatives = DERIVATIVES[activation](target.degree + order + 8)
    terms = rational_terms(target)
    if terms is not None and all(isinstance(s, Fraction) for s in derivatives):
        rows = [list(vector) for vector in taylor_coefficients(terms, target.variables, derivatives, order)]
        ranks = tuple(len(row_echelon(rows[: j + 1])) for j in range(order))
        return TaylorRanks(ranks, target.variables, True)
    values, s = dict(target.unnormalised()), [float(x) for x in derivatives]
    q = taylor_coefficients({**values}, target.variables, [*s], order)
    unsigned = {index: abs(value) for index, value in values.items()}
    sizes = taylor_coefficients({**unsigned}, target.variables, [abs(x) for x in s], order)
    return TaylorRanks(tuple(_ranks_in_floats(q, sizes)), target.variables, False)
