"""Exact ranks of the second stage's features along the trained weights, certified by modular arithmetic.

After a first stage of length T without the network's output (equation (4.1) of Chen and Ge 2024, arXiv 2402.08948, w =
0 at the start) a particle has the weights ``w(tau)``, ``tau = a T``, one analytic curve in tau. The features of the
second stage are polynomials of the weights (:mod:`learnability.hermite.polynomial_kernel`), so ``phi_b(w(tau))`` has a
power series with rational coefficients, and the kernel's smallest eigenvalue is positive, for every T > 0, if and only
if these series are linearly independent: a positive definite Gram matrix of analytic functions on an interval.

The rank of the matrix of their coefficients is computed modulo the prime ``2^61 - 1``. Coefficients have denominators
without this factor, so reduction is a homomorphism of rings: a minor that is not zero modulo the prime is not zero.
**A full rank modulo the prime is a proof of full rank**; a smaller one proves nothing, and is followed up by an
invariant curve (:mod:`learnability.hermite.invariant_curve`).

With the mean of p copies the features are power series in ``tau_1, ..., tau_p``. They are followed along the lines
``tau_i = c_i s`` for all integers ``c_i >= 0`` of a given sum, which determine a symmetric polynomial of this degree.

With the network's output kept the weights are ``W(a t, t)``, analytic in both, and ``W(s, 0)`` is the curve of (4.1):
at t = 0 the network is zero. So the minor that certifies a rank for (4.1) is, with the output kept,
``t^k (minor + O(t))``, and lambda_min is positive for all small T too, hence for all T but isolated ones.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat, fmpq_poly, nmod_mat, nmod_poly

from learnability.hermite.expansion import HermiteExpansion, MultiIndex, lowered
from learnability.hermite.polynomial_kernel import feature_indices, normal_moment
from learnability.hermite.taylor_rank import DERIVATIVES, TaylorRanks, rational_terms

#: A Mersenne prime; 2 has the square root 2^31 modulo it.
PRIME = 2**61 - 1
ROOT_OF_TWO = 2**31

#: A power series: ``nmod_poly`` or ``fmpq_poly``.
Series = Any
Ring = Callable[[list[Any]], Series]


def modular(values: list[Any]) -> Series:
    """A series modulo the prime, from integers and fractions."""
    return nmod_poly([_residue(value) for value in values], PRIME)


def rational(values: list[Any]) -> Series:
    """A series over the rationals."""
    return fmpq_poly([fmpq(x.numerator, x.denominator) if isinstance(x, Fraction) else x for x in values])


def _residue(value: Any) -> int:
    if isinstance(value, Fraction):
        return value.numerator * pow(value.denominator, -1, PRIME) % PRIME
    return int(value) % PRIME


def exact_terms(target: HermiteExpansion) -> dict[MultiIndex, Fraction]:
    """The coefficients of ``H(v) = E h(z + v)`` as fractions.

    Raises ValueError where a coefficient is not a fraction with a denominator up to 10^4.
    """
    terms = rational_terms(target)
    if terms is None:
        raise ValueError(
            f"{target}: exact arithmetic needs coefficients that are fractions with denominators up to 10000"
        )
    return {index: Fraction(value) for index, value in terms.items()}


def exact_derivatives(activation: str, count: int) -> list[Fraction]:
    """``sigma^{(n)}(0)``, n < count, up to a common factor. Raises ValueError where they are not rational."""
    values = DERIVATIVES[activation](count)
    rationals = [value for value in values if isinstance(value, Fraction)]
    if len(rationals) < count:
        raise ValueError(
            f"the derivatives at 0 of {activation} are not rational; allowed are sine, exponential and tanh"
        )
    return rationals


def _product(factors: Iterator[Series] | Sequence[Series], one: Series, length: int) -> Series:
    total = one
    for factor in factors:
        total = total.mul_low(factor, length)
    return total


@dataclass(frozen=True)
class SmoothedGradient:
    """``grad Phi`` on power series, ``Phi = sum_k sum_i s_{k+2i} q^i / i! H_k(w)``, ``q = |w|^2 / 2``."""

    terms: Mapping[MultiIndex, Fraction]
    variables: int
    derivatives: Sequence[Fraction]
    ring: Ring

    def _monomial(self, powers: list[list[Series]], index: MultiIndex, length: int) -> Series:
        return _product([powers[i][k] for i, k in enumerate(index) if k], self.ring([1]), length)

    def __call__(self, w: list[Series], length: int) -> list[Series]:
        """The gradient (p series) to this length, for w(0) = 0."""
        one, top = self.ring([1]), max(map(max, self.terms))
        powers = [list(itertools.accumulate([x] * top, lambda s, x: s.mul_low(x, length), initial=one)) for x in w]
        half = self.ring([Fraction(1, 2)])
        q = sum((x.mul_low(x, length) for x in w), self.ring([])) * half
        # w starts at order 1, so q^i starts at order 2 i.
        levels = list(itertools.accumulate([q] * (length // 2), lambda s, x: s.mul_low(x, length), initial=one))
        slope = [self.ring([]) for _ in w]
        for k in {sum(index) for index in self.terms}:
            part = {index: c for index, c in self.terms.items() if sum(index) == k}
            even, odd = (
                sum(
                    (
                        level * self.ring([self.derivatives[k + shift + 2 * i] / math.factorial(i)])
                        for i, level in enumerate(levels)
                    ),
                    self.ring([]),
                )
                for shift in (0, 2)
            )
            value = sum((self.ring([c]) * self._monomial(powers, b, length) for b, c in part.items()), self.ring([]))
            pull = odd.mul_low(value, length)
            for j in range(self.variables):
                gradient = sum(
                    (
                        self.ring([c * b[j]]) * self._monomial(powers, lowered(b, j), length)
                        for b, c in part.items()
                        if b[j]
                    ),
                    self.ring([]),
                )
                slope[j] = slope[j] + even.mul_low(gradient, length) + pull.mul_low(w[j], length)
        return slope


def weight_series(target: HermiteExpansion, activation: str, order: int, ring: Ring = modular) -> list[Series]:
    """``w(tau)`` of (4.1) to ``O(tau^{order + 1})``, one series a variable; a common factor of time is left out."""
    derivatives = exact_derivatives(activation, target.degree + order + 4)
    gradient = SmoothedGradient(exact_terms(target), target.variables, derivatives, ring)
    w = [ring([]) for _ in range(target.variables)]
    for length in range(1, order + 1):  # each pass gains one order
        w = [slope.integral() for slope in gradient(w, length)]
    return w


def exact_taylor_ranks(target: HermiteExpansion, activation: str, order: int = 10) -> TaylorRanks:
    """Ranks of the Taylor coefficients ``q_1, ..., q_s`` of (4.1), s up to ``order``, over the rationals of flint.

    Raises ValueError where a coefficient of the target or a derivative of the activation at 0 is not rational.
    """
    w = weight_series(target, activation, order, rational)
    columns = pivots([[series[k] for k in range(1, order + 1)] for series in w], rational)
    return TaylorRanks(tuple(sum(j < s for j in columns) for s in range(1, order + 1)), target.variables, True)


def feature_series(w: list[Series], degree: int, length: int, ring: Ring = modular) -> list[Series]:
    """``sqrt(b!) phi_b(w)`` for all b up to the degree, in the order of the kernel's features."""
    one = ring([1])
    powers = [list(itertools.accumulate([x] * degree, lambda s, x: s.mul_low(x, length), initial=one)) for x in w]
    square = sum((x.mul_low(x, length) for x in w), ring([]))
    squares = list(itertools.accumulate([square] * (degree // 2), lambda s, x: s.mul_low(x, length), initial=one))
    columns = []
    for index in feature_indices(len(w), degree).tolist():
        k = sum(index)
        scale = math.factorial(degree) // math.factorial(degree - k)
        tail = sum(
            (
                squares[i // 2] * ring([scale * math.comb(degree - k, i) * normal_moment(i)])
                for i in range(0, degree - k + 1, 2)
            ),
            ring([]),
        )
        columns.append(_product([powers[i][m] for i, m in enumerate(index)], one, length).mul_low(tail, length))
    return columns


def symmetric_lines(copies: int, total: int) -> list[tuple[int, ...]]:
    """Integers ``c_1 >= ... >= c_copies >= 0`` of this sum: they determine a symmetric form of degree up to it."""
    if copies == 1:
        return [(1,)]
    return [
        c
        for c in itertools.product(range(total, -1, -1), repeat=copies)
        if sum(c) == total and list(c) == sorted(c, reverse=True)
    ]


def _along(w: list[Series], line: tuple[int, ...], ring: Ring) -> list[Series]:
    """The mean of ``w(c_i s)`` over the copies."""
    if line == (1,):
        return w
    return [
        ring([x * ring([Fraction(sum(c**k for c in line), len(line))])[0] for k, x in enumerate(series.coeffs())])
        for series in w
    ]


@dataclass(frozen=True)
class FeatureRank:
    """The rank of the features along the curve, to ``order`` in tau.

    ``orders`` are the orders of the columns of a nonvanishing minor, the least possible: for small T the eigenvalues of
    the kernel go like ``T^{2 k}``, k in ``orders``.
    """

    features: int
    copies: int
    order: int
    orders: tuple[int, ...]

    @property
    def rank(self) -> int:
        """The rank modulo the prime, a lower bound of the rank."""
        return len(self.orders)

    @property
    def full(self) -> bool:
        """Whether lambda_min > 0 is proved, for every length of the first stage."""
        return self.rank == self.features

    @property
    def time_power(self) -> int | None:
        """The power of T in lambda_min for small T; None where lambda_min > 0 is not proved."""
        return 2 * self.orders[-1] if self.full else None


def feature_rank(target: HermiteExpansion, order: int, copies: int = 1, ring: Ring = modular) -> FeatureRank:
    """Rank of the features of ``(1 + x)^n``, n = deg h, at the mean of ``copies`` weights trained with the sine.

    Over the ring ``rational`` ``orders`` are exact too, not only bounded from above; it takes longer.
    """
    w, n = weight_series(target, "sine", order, ring), target.degree
    lines = symmetric_lines(copies, order)
    series = [[f.coeffs() for f in feature_series(_along(w, line, ring), n, order + 1, ring)] for line in lines]
    rows = [
        [f[row][k] if k < len(f[row]) else 0 for k in range(order + 1) for f in series] for row in range(len(series[0]))
    ]
    return FeatureRank(len(rows), copies, order, tuple(j // len(lines) for j in pivots(rows, ring)))


def proved_rank(target: HermiteExpansion, most: int, copies: int = 1, ring: Ring = modular) -> FeatureRank:
    """:func:`feature_rank` to the order at which it is full, or to ``most``."""
    order = 4 * target.degree
    while True:
        found = feature_rank(target, min(order, most), copies, ring)
        if found.full or order >= most:
            return found
        order *= 2


def pivots(rows: list[list[Any]], ring: Ring) -> list[int]:
    """The pivot columns of the row echelon form over the ring."""
    entries = [x for row in rows for x in row]
    size = (len(rows), len(rows[0]))
    full = fmpq_mat(*size, entries) if ring is rational else nmod_mat(*size, [int(x) for x in entries], PRIME)
    matrix, rank = full.rref()
    found, column = [], 0
    for row in range(rank):
        while matrix[row, column] == 0:
            column += 1
        found.append(column)
    return found
