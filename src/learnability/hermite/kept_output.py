"""The first stage of two-stage training with the network's output kept, as exact power series in the time and in a.

With sin(x + pi/4), a ~ U[-1, 1] fixed and w = 0 at the start the particle a obeys, in time t / sqrt(2),

    dw/dt = a grad_w [ e^{-|w|^2/2} G(w) - E_{a'} a' e^{-|w - w(a')|^2/2} / sqrt(2) ],    G = sum_k s_k H_k,

so ``w(t; a) = sum_i t^i P_i(a)`` with polynomials P_i of degree at most i whose coefficients are in Q(sqrt 2): means
over a' are ``E a'^k = 1/(k+1)`` for even k and 0 for odd. Everything is done modulo the prime ``2^61 - 1``, which
sends sqrt(2) to ``2^31``: a homomorphism of rings, so **what is not zero modulo the prime is not zero**. The output
acts through ``e^{w.w'} = sum_b w^b w'^b / b!``, of which finitely many terms count at each order, because w = O(t).

A series in t whose coefficients are polynomials in a of degree at most the order of t is packed into one polynomial by
``t -> y^stride, a -> y``.
"""

import itertools
import math
from dataclasses import dataclass
from typing import Any

from flint import nmod_mat, nmod_poly

from learnability.hermite.expansion import HermiteExpansion, lowered
from learnability.hermite.feature_rank import PRIME, ROOT_OF_TWO, Series, exact_terms, feature_series, modular
from learnability.hermite.rotation import multi_indices

_SINE = (1, 1, -1, -1)


@dataclass(frozen=True)
class TimeSeries:
    """Series in t and a, truncated behind ``t^order``; :meth:`unpacked` has a row for each power of t."""

    order: int

    @property
    def stride(self) -> int:
        """Slots for the powers of a at each power of t."""
        return self.order + 1

    @property
    def length(self) -> int:
        """Length of a packed series."""
        return self.stride**2

    def unpacked(self, series: Series) -> list[list[int]]:
        """Coefficients by powers of t and of a."""
        values = [int(x) for x in series.coeffs()] + [0] * self.length
        return [values[i * self.stride : (i + 1) * self.stride] for i in range(self.stride)]

    def packed(self, rows: list[list[int]]) -> Series:
        """The inverse of :meth:`unpacked`."""
        return nmod_poly([x for row in rows for x in row], PRIME)

    def integrated(self, slope: Series) -> Series:
        """``int_0^t a slope dt``."""
        rows = self.unpacked(slope)
        moved = [[0] * self.stride]
        for i, row in enumerate(rows[: self.order]):
            inverse = pow(i + 1, -1, PRIME)
            moved.append([0, *(x * inverse % PRIME for x in row[: self.order])])
        return self.packed(moved)

    def mean(self, series: Series, power: int = 0) -> Series:
        """``E a^power series`` over a ~ U[-1, 1]: a series in t alone."""
        rows = []
        for row in self.unpacked(series):
            total = sum(x * pow(j + power + 1, -1, PRIME) for j, x in enumerate(row) if (j + power) % 2 == 0)
            rows.append([total % PRIME] + [0] * self.order)
        return self.packed(rows)


def _times(left: Series, right: Series, space: TimeSeries) -> Series:
    return left.mul_low(right, space.length)


def _monomial(powers: list[list[Series]], index: tuple[int, ...], space: TimeSeries) -> Series:
    total = modular([1])
    for i, k in enumerate(index):
        if k:
            total = _times(total, powers[i][k], space)
    return total


def _slope(target: HermiteExpansion, w: list[Series], space: TimeSeries) -> list[Series]:
    """The bracket's gradient for all a: ``e^{-q} (grad F - F w)`` with F the target's G less the network's sum."""
    one = modular([1])
    powers = [
        list(itertools.accumulate([x] * max(space.order, target.degree), lambda s, x: _times(s, x, space), initial=one))
        for x in w
    ]
    half = modular([pow(2, -1, PRIME)])
    q = sum((_times(x, x, space) for x in w), modular([])) * half
    decay, term = one, one
    for k in range(1, space.order // 2 + 1):
        term = _times(term, q, space) * modular([-pow(k, -1, PRIME)])
        decay = decay + term
    coefficients: dict[tuple[int, ...], Series] = {
        b: modular([_SINE[sum(b) % 4] * c]) for b, c in exact_terms(target).items()
    }
    scale = -ROOT_OF_TWO * pow(2, -1, PRIME) % PRIME
    for k in range(space.order):
        for row in multi_indices(len(w), k).tolist():
            b = tuple(row)
            moment = space.mean(_times(decay, _monomial(powers, b, space), space), power=1)
            if moment != 0:
                factor = scale * pow(math.prod(map(math.factorial, b)), -1, PRIME)
                coefficients[b] = coefficients.get(b, modular([])) + moment * modular([factor])
    value = sum((_times(c, _monomial(powers, b, space), space) for b, c in coefficients.items()), modular([]))
    slope = []
    for j, x in enumerate(w):
        gradient = sum(
            (
                _times(c * modular([b[j]]), _monomial(powers, lowered(b, j), space), space)
                for b, c in coefficients.items()
                if b[j]
            ),
            modular([]),
        )
        slope.append(_times(decay, gradient - _times(value, x, space), space))
    return slope


def kept_output_series(target: HermiteExpansion, order: int) -> tuple[TimeSeries, list[Series]]:
    """``w(t; a)`` to ``O(t^{order + 1})`` modulo the prime, one packed series for each variable."""
    w = [modular([]) for _ in range(target.variables)]
    for n in range(1, order + 1):  # each pass gains one order
        space = TimeSeries(n)
        previous = TimeSeries(n - 1)
        rows = [previous.unpacked(x) if n > 1 else [[0]] for x in w]
        wide = [space.packed([[*row, 0] for row in r] + [[0] * space.stride]) for r in rows]
        w = [space.integrated(x) for x in _slope(target, wide, space)]
    return TimeSeries(order), w


def reached_dimension(target: HermiteExpansion, order: int) -> int:
    """The dimension of the span of ``w(t; a)`` over all a and t, at least."""
    space, w = kept_output_series(target, order)
    entries = [x for series in w for row in space.unpacked(series) for x in row]
    return int(nmod_mat(len(w), space.length, entries, PRIME).rank())


def kept_feature_rank(target: HermiteExpansion, order: int) -> tuple[int, int]:
    """(rank, features) of the second stage's features as functions of a, over the field of Laurent series in t.

    A full rank proves lambda_min > 0 without averaging, with the output kept, for all small T and all T but isolated
    ones. Elimination with the pivot of lowest order in t keeps all entries exact to the same order.
    """
    space, w = kept_output_series(target, order)
    series = _packed_features(w, target.degree, space)
    table = [[nmod_poly([row[j] for row in space.unpacked(f)], PRIME) for j in range(space.stride)] for f in series]
    return _series_rank(table, space.stride), len(table)


def _packed_features(w: list[Series], degree: int, space: TimeSeries) -> list[Series]:
    return feature_series(w, degree, space.length)


def _valuation(x: Series) -> int:
    return next((k for k, c in enumerate(x.coeffs()) if c != 0), 10**9)


def _series_rank(table: list[list[Any]], length: int) -> int:
    """The number of pivots of a matrix of power series that are known to be nonzero at this precision."""
    rows, rank = [list(row) for row in table], 0
    while rows:
        place = min(
            ((_valuation(x), i, j) for i, row in enumerate(rows) for j, x in enumerate(row)), default=(10**9, 0, 0)
        )
        low, i, j = place
        if low >= length:
            break
        pivot = rows.pop(i)
        unit = pivot[j].right_shift(low).inverse_series_trunc(length)
        for k, row in enumerate(rows):
            if row[j] != 0:
                factor = row[j].right_shift(low).mul_low(unit, length)
                rows[k] = [(x - factor.mul_low(y, length)).truncate(length) for x, y in zip(row, pivot, strict=True)]
        rank += 1
    return rank
