"""The simplified flow in multiprecision, and the second stage's kernel on it.

Same flow as :mod:`learnability.flows.simplified` (equation (4.1) of Chen and Ge 2024, arXiv 2402.08948, with
sin(x + pi/4)): the kernel of one copy has eigenvalues down to 1e-100 and below, where float64 returns rounding.
Arithmetic is that of Arb's balls, so rounding is bounded by the ball; the truncation of the Taylor steps and the
quadrature in a are not, and are controlled by repeating with more bits and twice the nodes.
"""

import itertools
import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass

from flint import arb, arb_mat, arb_poly, ctx

from learnability.hermite.expansion import HermiteExpansion, MultiIndex, lowered
from learnability.hermite.feature_rank import exact_terms
from learnability.hermite.polynomial_kernel import feature_indices, normal_moment

_SINE = (1, 1, -1, -1)


class precision:
    """``with precision(bits):`` works with this many bits."""

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def __enter__(self) -> None:
        self.before, ctx.prec = ctx.prec, self.bits

    def __exit__(self, *_: object) -> None:
        ctx.prec = self.before


class _Products:
    """Coefficients of the monomials that a polynomial and its gradient need, one order after another."""

    def __init__(self, indices: list[MultiIndex], variables: int) -> None:
        self.order: dict[MultiIndex, tuple[MultiIndex, int]] = {}
        self.values: dict[MultiIndex, list[arb]] = {(0,) * variables: []}
        for index in indices:
            for j in [None, *(i for i, k in enumerate(index) if k)]:
                self._need(index if j is None else lowered(index, j))

    def _need(self, index: MultiIndex) -> None:
        if index in self.values or index in self.order:
            return
        i = next(i for i, k in enumerate(index) if k)
        parent = lowered(index, i)
        self._need(parent)
        self.order[index] = (parent, i)
        self.values[index] = []

    def extend(self, w: list[list[arb]], k: int) -> None:
        """The coefficients of order k from those of the weights up to order k."""
        for index, series in self.values.items():
            if index in self.order:
                parent, i = self.order[index]
                series.append(_convolved(self.values[parent], w[i], k))
            else:
                series.append(arb(int(k == 0)))


def _convolved(x: list[arb], y: list[arb], k: int) -> arb:
    """The coefficient of order k of a product."""
    return sum(map(operator.mul, x[: k + 1], y[k::-1]), arb(0))


@dataclass(frozen=True)
class ExactTrajectory:
    """``w(tau)`` on both sides of 0 as Taylor polynomials on intervals: ``pieces[sign]`` holds (start, end, series)."""

    pieces: dict[int, list[tuple[arb, arb, list[arb_poly]]]]

    def __call__(self, tau: arb) -> list[arb]:
        """The weights at tau, one ball for each variable. Raises ValueError for a tau outside all intervals."""
        sign = -1 if tau < 0 else 1
        for start, end, series in self.pieces[sign]:
            if (tau - end) * sign <= 0:
                return [x(tau - start) for x in series]
        raise ValueError(f"tau = {tau.str(6)} lies outside the trajectory")


def exact_trajectory(target: HermiteExpansion, reach: float, bits: int, truncation: int = 240) -> ExactTrajectory:
    """The flow (4.1) for ``|tau| <= reach`` at ``bits`` bits, tau = a T.

    Taylor steps end where the last terms are below ``2^-truncation``; the first reaches all of a short first stage,
    and its relative error is far smaller there.
    """
    order = truncation // 4 + 20
    with precision(bits):
        root = 1 / arb(2).sqrt()
        terms = {b: arb(c.numerator) / c.denominator * _SINE[sum(b) % 4] * root for b, c in exact_terms(target).items()}
        pieces: dict[int, list[tuple[arb, arb, list[arb_poly]]]] = {}
        for sign in (-1, 1):
            start, w, steps = arb(0), [arb(0)] * target.variables, []
            while start * sign < reach:
                series = local_series(terms, w, order)
                end = start + sign * _step(series, order, truncation)
                steps.append((start, end, series))
                w = [x(end - start).mid() for x in series]
                start = end.mid()
            pieces[sign] = steps
    return ExactTrajectory(pieces)


def local_series(terms: Mapping[MultiIndex, arb], start: list[arb], order: int) -> list[arb_poly]:
    """The Taylor series of ``w' = e^{-q} (grad G - G w)``, q = |w|^2 / 2, from a point, by its recursion.

    ``(e^{-q})' = -(w.w') e^{-q}``. Coefficients are midpoints: balls of a recursion grow faster than its error.
    """
    w = [[x] for x in start]
    decay = [(-sum((x * x for x in start), arb(0)) / 2).exp().mid()]
    products = _Products(list(terms), len(start))
    value: list[arb] = []
    bracket: list[list[arb]] = [[] for _ in w]
    slope: list[list[arb]] = [[] for _ in w]
    growth: list[arb] = []
    for k in range(order):
        products.extend(w, k)
        value.append(sum((c * products.values[b][k] for b, c in terms.items()), arb(0)))
        for j, x in enumerate(w):
            gradient = sum((c * b[j] * products.values[lowered(b, j)][k] for b, c in terms.items() if b[j]), arb(0))
            bracket[j].append((gradient - _convolved(value, x, k)).mid())
            slope[j].append(_convolved(decay, bracket[j], k).mid())
        growth.append(sum((_convolved(x, s, k) for x, s in zip(w, slope, strict=True)), arb(0)).mid())
        decay.append((-_convolved(growth, decay, k) / (k + 1)).mid())
        for x, s in zip(w, slope, strict=True):
            x.append((s[k] / (k + 1)).mid())
    return [arb_poly(x) for x in w]


def _step(series: list[arb_poly], order: int, bits: int) -> arb:
    """A step at which the last eight terms are below ``2^-bits``."""
    step = math.inf
    for x in series:
        for k in range(order - 7, order + 1):
            c = abs(x[k])
            if c > 0:
                step = min(step, math.exp((-bits * math.log(2) - float(c.log())) / k))
    return arb(min(step, 0.5))


def legendre_nodes(count: int) -> list[tuple[arb, arb]]:
    """Gauss-Legendre nodes for a ~ U[-1, 1] with masses that sum to 1, at the precision in force."""
    rule = (arb.legendre_p_root(count, k, weight=True) for k in range(count))
    return [(node, weight / 2) for node, weight in rule]


def _features(w: list[arb], degree: int) -> list[arb]:
    """``phi_b(w)`` in the order of the kernel's features."""
    powers = [list(itertools.accumulate([x] * degree, lambda s, x: s * x, initial=arb(1))) for x in w]
    square = sum((x * x for x in w), arb(0))
    squares = list(itertools.accumulate([square] * (degree // 2), lambda s, x: s * x, initial=arb(1)))
    columns = []
    for index, (scale, tail) in zip(feature_indices(len(w), degree).tolist(), _tails(len(w), degree), strict=True):
        value = sum((squares[i] * c for i, c in enumerate(tail)), arb(0)) * scale
        for i, k in enumerate(index):
            if k:
                value *= powers[i][k]
        columns.append(value)
    return columns


def _tails(variables: int, degree: int) -> list[tuple[arb, list[int]]]:
    """``n! / ((n - k)! sqrt(b!))`` and the integers ``C(n - k, 2i) (2i - 1)!!`` of each feature."""
    found = []
    for index in feature_indices(variables, degree).tolist():
        k = sum(index)
        scale = (
            arb(math.factorial(degree) // math.factorial(degree - k))
            / arb(math.prod(map(math.factorial, index))).sqrt()
        )
        found.append((scale, [math.comb(degree - k, i) * normal_moment(i) for i in range(0, degree - k + 1, 2)]))
    return found


def exact_kernel(
    target: HermiteExpansion, trajectory: ExactTrajectory, time: float, copies: int, nodes: int, bits: int
) -> arb_mat:
    """``K = E phi phi^T`` at the mean of ``copies`` weights trained for ``time``, by ``nodes`` nodes in each a."""
    with precision(bits):
        rule = legendre_nodes(nodes)
        weights = [trajectory(a * time) for a, _ in rule]
        rows = []
        for chosen in itertools.combinations_with_replacement(range(nodes), copies):
            repeats = math.prod(math.factorial(chosen.count(i)) for i in set(chosen))
            mass = math.factorial(copies) // repeats * math.prod((rule[i][1] for i in chosen), start=arb(1))
            mean = [sum((weights[i][j] for i in chosen), arb(0)) / copies for j in range(target.variables)]
            root = mass.sqrt()
            rows.append([x * root for x in _features(mean, target.degree)])
        table = arb_mat(rows)
        return table.transpose() * table


def smallest_eigenvalue(kernel: arb_mat, bits: int, squarings: int = 12) -> arb:
    """lambda_min of a positive definite matrix: one over the largest eigenvalue of its inverse, by repeated squaring.

    The Rayleigh quotient of the vector found. Raises ValueError where the bits do not resolve the inverse.
    """
    with precision(bits):
        try:
            inverse = arb_mat(kernel.mid()).inv()
        except ZeroDivisionError as fault:
            raise ValueError(f"{bits} bits do not resolve the smallest eigenvalue of the kernel; use more") from fault
        power = inverse.mid()
        for _ in range(squarings):
            power = (power * power).mid()
            power = (power * (1 / power.trace())).mid()
        vector = power * arb_mat(power.nrows(), 1, [1 + k for k in range(power.nrows())])
        length = (vector.transpose() * vector)[0, 0]
        return length / (vector.transpose() * inverse * vector)[0, 0]


@dataclass(frozen=True)
class ExactSpectrum:
    """Eigenvalues (falling, as balls) of a kernel and the energies ``c_k^2`` of the target on its eigenvectors."""

    eigenvalues: list[arb]
    energies: list[arb]

    @property
    def smallest(self) -> arb:
        """lambda_min."""
        return self.eigenvalues[-1]


def exact_spectrum(target: HermiteExpansion, kernel: arb_mat, bits: int) -> ExactSpectrum:
    """The spectrum by Jacobi rotations until no entry off the diagonal counts, at ``bits`` bits."""
    n = kernel.nrows()
    with precision(bits):
        matrix = [[kernel[i, j].mid() for j in range(n)] for i in range(n)]
        turn = [[arb(int(i == j)) for j in range(n)] for i in range(n)]
        for _ in range(60):
            if not _sweep(matrix, turn, bits):
                break
        indices = [tuple(b) for b in feature_indices(target.variables, target.degree).tolist()]
        terms = exact_terms(target)
        c = [
            arb(terms[b].numerator) / terms[b].denominator * arb(math.prod(map(math.factorial, b))).sqrt()
            if b in terms
            else arb(0)
            for b in indices
        ]
        order = sorted(range(n), key=lambda k: -matrix[k][k].mid())
        overlap = [sum((turn[i][k] * c[i] for i in range(n)), arb(0)) for k in order]
        return ExactSpectrum([matrix[k][k] for k in order], [x * x for x in overlap])


def _sweep(matrix: list[list[arb]], turn: list[list[arb]], bits: int) -> bool:
    """One cyclic sweep of two-sided rotations; False where nothing was left to rotate."""
    n, moved = len(matrix), False
    small = arb(2) ** (-2 * bits)
    for p, q in itertools.combinations(range(n), 2):
        x = matrix[p][q]
        if x == 0 or x * x <= small * abs(matrix[p][p] * matrix[q][q]):
            continue
        moved = True
        zeta = (matrix[q][q] - matrix[p][p]) / (2 * x)
        tangent = 1 / (abs(zeta) + (1 + zeta * zeta).sqrt()).mid()
        tangent = -tangent if zeta < 0 else tangent
        cosine = (1 / (1 + tangent * tangent).sqrt()).mid()
        sine = (cosine * tangent).mid()
        for row in matrix:
            row[p], row[q] = (cosine * row[p] - sine * row[q]).mid(), (sine * row[p] + cosine * row[q]).mid()
        for k in range(n):
            a, b = matrix[p][k], matrix[q][k]
            matrix[p][k], matrix[q][k] = (cosine * a - sine * b).mid(), (sine * a + cosine * b).mid()
        for row in turn:
            row[p], row[q] = (cosine * row[p] - sine * row[q]).mid(), (sine * row[p] + cosine * row[q]).mid()
    return moved
