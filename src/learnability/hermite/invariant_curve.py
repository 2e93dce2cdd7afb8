"""Curves that the simplified flow never leaves, found by power series and proved as identities of polynomials.

For sin(x + pi/4) the simplified flow (equation (4.1) of Chen and Ge 2024, arXiv 2402.08948) is the gradient flow of
``Phi(w) = e^{-|w|^2/2} G(w)`` with ``G = sum_k s_k H_k``, s = 1, 1, -1, -1, ..., up to a constant factor of time. Off
that positive factor its direction is the polynomial field ``X(w) = grad G(w) - G(w) w``. A curve ``w = gamma(x)``
through gamma(0) = 0 with ``gamma_k(x) = x`` for one coordinate k is invariant if and only if

    X_i(gamma(x)) = X_k(gamma(x)) gamma_i'(x)    for all i,

an identity of polynomials in x where gamma is one. Then ``x' = e^{-|gamma|^2/2} X_k(gamma(x))``, x(0) = 0, and
``w = gamma(x)`` solves the flow, so by uniqueness it is the flow: **for all times, not up to an order**.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq, fmpq_mat, fmpq_poly

from learnability.hermite.expansion import HermiteExpansion, lowered
from learnability.hermite.feature_rank import exact_terms, feature_series, rational, weight_series
from learnability.hermite.polynomial_kernel import feature_indices

#: The factors s_k by k mod 4.
_FACTORS = (1, 1, -1, -1)
#: The largest degree of a curve that is looked for, and the order of the power series that it is read from.
_DEGREE, _ORDER = 4, 24


def _at(terms: dict[tuple[int, ...], Fraction], curve: tuple[fmpq_poly, ...]) -> fmpq_poly:
    """A polynomial of the weights on a curve, as a polynomial of its parameter."""
    total = fmpq_poly([])
    for index, value in terms.items():
        product = rational([value])
        for gamma, power in zip(curve, index, strict=True):
            product *= gamma**power
        total += product
    return total


def _derivative(terms: dict[tuple[int, ...], Fraction], i: int) -> dict[tuple[int, ...], Fraction]:
    return {lowered(b, i): b[i] * c for b, c in terms.items() if b[i]}


def field_on(target: HermiteExpansion, curve: tuple[fmpq_poly, ...]) -> list[fmpq_poly]:
    """``X(gamma(x))``, one polynomial for each variable."""
    smoothed = {b: _FACTORS[sum(b) % 4] * c for b, c in exact_terms(target).items()}
    value = _at(smoothed, curve)
    return [_at(_derivative(smoothed, i), curve) - value * gamma for i, gamma in enumerate(curve)]


def is_invariant(target: HermiteExpansion, curve: tuple[fmpq_poly, ...]) -> bool:
    """Whether the flow from w = 0 stays on the curve for ever: an identity of polynomials over the rationals.

    One coordinate of the curve has to be its parameter x. Raises ValueError where none is, or where it misses w = 0.
    """
    parameter = next((k for k, gamma in enumerate(curve) if gamma == fmpq_poly([0, 1])), None)
    if parameter is None or any(gamma[0] for gamma in curve):
        raise ValueError("a curve needs gamma(0) = 0 and one coordinate that is the parameter itself")
    field = field_on(target, curve)
    return all(x == field[parameter] * gamma.derivative() for x, gamma in zip(field, curve, strict=True))


@dataclass(frozen=True)
class InvariantCurve:
    """A polynomial curve that carries the flow for ever: ``curve[i]`` is the i-th weight as a polynomial in x."""

    curve: tuple[fmpq_poly, ...]

    @property
    def spanned(self) -> int:
        """The dimension of the span of the curve: what the flow reaches of the hidden subspace, at any time."""
        length = max(gamma.length() for gamma in self.curve)
        return int(fmpq_mat(len(self.curve), length, [g[k] for g in self.curve for k in range(length)]).rank())

    def describe(self) -> str:
        """As equations in the weights, ``w2 = 1/2 w1^2, w3 = 0``."""
        parameter = next(k for k, gamma in enumerate(self.curve) if gamma == fmpq_poly([0, 1]))
        name = f"w{parameter + 1}"
        texts = (str(gamma).replace("*x", f" {name}").replace("x", name) for gamma in self.curve)
        return ", ".join(f"w{i + 1} = {text}" for i, text in enumerate(texts) if i != parameter)

    def unreachable_loss(self, target: HermiteExpansion) -> Fraction:
        """What the second stage with ``(1 + x)^n``, n = deg h, leaves of ``E h^2 / 2`` for weights on the curve,
        exactly.

        Half the squared length of the projection of h onto the polynomials g of degree up to n with
        ``E g(z) (1 + gamma(x).z)^n = 0`` for all x, in which the kernel has the eigenvalue 0.
        """
        degree = target.degree
        longest = degree * max(gamma.degree() for gamma in self.curve) + 1
        series = feature_series(list(self.curve), degree, longest, rational)
        indices = [tuple(index) for index in feature_indices(target.variables, degree).tolist()]
        matrix = fmpq_mat(longest, len(series), [f[k] for k in range(longest) for f in series])
        null = _null_vectors(matrix)
        if not null:
            return Fraction(0)
        terms = exact_terms(target)
        weights = [fmpq(math.prod(map(math.factorial, index))) for index in indices]
        h = [fmpq(c.numerator, c.denominator) for c in (terms.get(index, Fraction(0)) for index in indices)]
        # sqrt(b!) phi_b = series_b, so sum_b n_b phi_b = 0 for n_b = sqrt(b!) v_b, and <n, c> = sum b! v_b H_b.
        gram = fmpq_mat([[_sum(w * x * y for w, x, y in zip(weights, u, v, strict=True)) for v in null] for u in null])
        overlap = fmpq_mat([[_sum(w * x * y for w, x, y in zip(weights, u, h, strict=True))] for u in null])
        energy = (overlap.transpose() * gram.solve(overlap))[0, 0] / 2
        return Fraction(int(energy.p), int(energy.q))


def _sum(values: Iterable[fmpq]) -> fmpq:
    return sum(values, fmpq(0))


def _null_vectors(matrix: fmpq_mat) -> list[list[fmpq]]:
    """A basis of the vectors v with ``matrix v = 0``."""
    reduced, rank = matrix.rref()
    pivots = [next(j for j in range(matrix.ncols()) if reduced[i, j] != 0) for i in range(rank)]
    basis = []
    for free in (j for j in range(matrix.ncols()) if j not in pivots):
        vector = [fmpq(0)] * matrix.ncols()
        vector[free] = fmpq(1)
        for i, pivot in enumerate(pivots):
            vector[pivot] = -reduced[i, free]
        basis.append(vector)
    return basis


def invariant_curve(target: HermiteExpansion) -> InvariantCurve | None:
    """The polynomial curve of degree up to 4 that the flow (4.1) from w = 0 follows for ever; None if there is none.

    The candidate comes from the power series of the flow; it is returned only if :func:`is_invariant` proves it.
    """
    w = weight_series(target, "sine", _ORDER, rational)
    parameter = next((k for k, series in enumerate(w) if series[1]), None)
    if parameter is None:
        return None
    powers = [rational([1])]
    for _ in range(_DEGREE):
        powers.append(powers[-1].mul_low(w[parameter], _ORDER + 1))
    curve = []
    for series in w:
        rest, coefficients = series, [fmpq(0)]
        for m in range(1, _DEGREE + 1):
            factor = rest[m] / powers[m][m]
            rest = rest - powers[m] * rational([factor])
            coefficients.append(factor)
        if rest.truncate(_ORDER + 1) != 0:
            return None
        curve.append(fmpq_poly(coefficients))
    found = tuple(curve)
    return InvariantCurve(found) if is_invariant(target, found) else None
