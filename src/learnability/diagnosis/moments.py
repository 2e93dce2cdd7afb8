"""Hermite moments ``E[T(y) h_a(z_S) h_b(z_perp)]`` of a label y = f(z), for families of transforms T.

A frame is an orthogonal matrix whose first ``known`` columns span S. A source yields, transform by transform, the
moments with |b| = degree and |a| up to a bound; transforms are scaled to ``E T^2 = 1``.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from learnability.diagnosis.result import Exactness
from learnability.hermite.basis import gauss_hermite, hermite_basis, hermite_columns
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.function_expansion import Expanded, default_degree, normal_points, panels, square
from learnability.hermite.function_target import FunctionTarget
from learnability.hermite.rotation import dense, multi_indices, rotate_values

Array = NDArray[np.float64]
Values = Callable[[Array], Array]

#: Rounding of an exact rule, relative to the norms of its factors: about 1e-14 was seen with a million nodes.
ROUNDING = 1e-12
MOST_NODES = 700_000
MOST_COEFFICIENTS = 20_000_000  # 160 MB in a dense table
HIGHEST_POWER = 14
#: Random integration: replicates and points of each.
REPLICATES = 16
POINTS = 4096
TRANSFORMS = 8
MOST_RANDOM_ENTRIES = 260


class PolynomialValues:
    """The values of a polynomial at many points: two halves of the variables, and one matrix product between them."""

    def __init__(self, expansion: HermiteExpansion) -> None:
        self.variables, split = expansion.variables, (expansion.variables + 1) // 2
        rows = sorted({b[:split] for b in expansion.coefficients})
        columns = sorted({b[split:] for b in expansion.coefficients})
        place = {b: i for i, b in enumerate(rows)}, {b: i for i, b in enumerate(columns)}
        self.matrix = np.zeros((len(rows), len(columns)))
        for b, value in expansion.coefficients.items():
            self.matrix[place[0][b[:split]], place[1][b[split:]]] = value
        self.rows, self.columns = rows, [(0,) * split + b for b in columns]

    def __call__(self, z: Array) -> Array:
        """``f(z)`` for z (..., variables)."""
        flat = np.ascontiguousarray(z).reshape(-1, self.variables)
        out = np.empty(len(flat))
        for start in range(0, len(flat), 8192):
            part = flat[start : start + 8192]
            left = _monomials(part, self.rows)
            out[start : start + 8192] = ((left.T @ self.matrix) * _monomials(part, self.columns).T).sum(axis=1)
        return out.reshape(z.shape[:-1])


def _monomials(z: Array, indices: Sequence[tuple[int, ...]]) -> Array:
    """``h_b(z)`` (indices, points) for indices that may be shorter than z."""
    degrees = [max((b[i] for b in indices), default=0) for i in range(len(indices[0]))] if indices else []
    basis = [hermite_columns(z[:, i], degree) for i, degree in enumerate(degrees)]
    out = np.ones((len(indices), len(z)))
    for row, b in zip(out, indices, strict=True):
        for i, power in enumerate(b):
            if power:
                row *= basis[i][power]
    return out


@dataclass(frozen=True)
class Moments:
    """``values`` (indices with |b| = degree, columns), one column for each (transform, a), and the ``error`` of each.

    An error is a bound, or a standard error where ``exactness`` is ``measured``. ``single``: of one transform alone, so
    that vanishing moments say nothing of others.
    """

    values: Array
    error: Array
    exactness: Exactness
    words: str
    single: bool = False


class Source(Protocol):
    """Where moments come from."""

    def batches(self, frame: Array, known: int, degree: int, along: int) -> Iterator[Moments]:
        """Moments with |b| = degree outside and |a| <= along inside the known subspace, a batch of transforms each."""


def pairs(known: int, outside: int, degree: int, along: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The multi-indices a of S up to degree ``along`` (rows), and b outside of degree ``degree``."""
    inside = (
        np.concatenate([multi_indices(known, j) for j in range(along + 1)])
        if known
        else np.zeros((1, 0), dtype=np.int64)
    )
    return inside, multi_indices(outside, degree)


@dataclass(frozen=True)
class PolynomialPowers:
    """T(y) of degree 1, 2, ... in the label of a polynomial, by Gauss rules that are exact for the degree that occurs.

    The transforms are polynomials of y that are orthonormal under the rule's own weights. A moment that is not zero
    proves that the conditional moment is not; vanishing moments of powers prove nothing, because the moments of a
    heavy-tailed label need not determine its law.
    """

    target: HermiteExpansion
    highest: int = HIGHEST_POWER

    def batches(self, frame: Array, known: int, degree: int, along: int) -> Iterator[Moments]:
        indices, values = dense(self.target)
        if np.abs(frame - np.eye(len(frame))).max() > 1e-12:
            values = rotate_values(indices, values, frame.T)
        present = np.abs(values) > 1e-14 * np.abs(values).max()
        indices, values = indices[present], values[present] / math.sqrt(self.target.centred().norm_squared)
        degrees = indices.max(axis=0)
        if math.prod((degrees + 1).tolist()) > MOST_COEFFICIENTS:
            return
        coefficients = np.zeros(degrees + 1)
        coefficients[tuple(indices.T)] = values
        inside, outside = pairs(known, len(frame) - known, degree, along)
        top = [along] * known + [degree] * (len(frame) - known)
        for power in range(1, self.highest + 1):
            nodes = [(power * int(n) + t) // 2 + 1 for n, t in zip(degrees, top, strict=True)]
            if math.prod(nodes) > MOST_NODES or max(nodes) > 250:
                return
            rules = [gauss_hermite(n) for n in nodes]
            f = _expand(coefficients, [hermite_basis(x, int(n)) for (x, _), n in zip(rules, degrees, strict=True)])
            transform = _orthonormal_power(f, reduce(np.multiply.outer, [w for _, w in rules]), power)
            if transform is None:
                continue
            moments = _contract(
                transform, [w[:, None] * hermite_basis(x, t) for (x, w), t in zip(rules, top, strict=True)]
            )
            picked = _pick(moments, inside, outside)
            words = f"a moment of a polynomial of degree {power} in y" if power > 1 else "a moment of y"
            yield Moments(picked, np.full_like(picked, ROUNDING), "exact", words)


@dataclass(frozen=True)
class Coefficients:
    """T = y, from the Hermite coefficients of the label: every moment ``E[y h_a(z_S) h_b]`` that the expansion holds.

    The label is one of its transforms, so what the label shows, transforms show: without these moments, of any degree
    along S, a generative leap could come out larger than the correlational one. ``error`` is that of a coefficient
    before the label is scaled: a bound, or a standard error where ``exactness`` is ``measured``.
    """

    target: HermiteExpansion
    error: float = 0.0
    exactness: Exactness = "exact"
    words: str = "a moment of y"

    def batches(self, frame: Array, known: int, degree: int, along: int) -> Iterator[Moments]:
        indices, values = dense(self.target)
        if np.abs(frame - np.eye(len(frame))).max() > 1e-12:
            values = rotate_values(indices, values, frame.T)
        top = self.target.degree - degree
        if top < 0:
            return
        inside, outside = pairs(known, len(frame) - known, degree, top if known else 0)
        place = {tuple(index): value for index, value in zip(indices.tolist(), values.tolist(), strict=True)}
        size = math.sqrt(self.target.centred().norm_squared)
        picked = np.array([[place.get((*a, *b), 0.0) for a in inside.tolist()] for b in outside.tolist()]) / size
        seen = np.abs(picked).max(axis=0) > 0
        picked = picked[:, seen]
        yield Moments(
            picked, np.full_like(picked, ROUNDING + self.error / size), self.exactness, self.words, single=True
        )


@dataclass(frozen=True)
class Square:
    """T = y^2, from the Hermite coefficients of f^2, where those of f need no random points.

    It tells two directions apart of which one is seen through rare values of the label alone: ``z1 z2 + relu(z1 - 3)``.
    """

    target: FunctionTarget

    @cached_property
    def expanded(self) -> Expanded | None:
        """The expansion of f^2, to degree 6."""
        return square(self.target, min(6, default_degree(self.target.variables)))

    def batches(self, frame: Array, known: int, degree: int, along: int) -> Iterator[Moments]:
        found = self.expanded
        if found is None or not found.expansion.centred().coefficients:
            return
        exactness: Exactness = "exact" if found.closed else "quadrature"
        coefficients = Coefficients(found.expansion, found.error, exactness, "a moment of y^2")
        yield from coefficients.batches(frame, known, degree, along)


def _orthonormal_power(y: Array, weights: Array, power: int) -> Array | None:
    """The polynomial of degree ``power`` in y that is orthonormal to the lower ones, by Stieltjes' recurrence.

    None where y takes so few values on the grid that there is none.
    """
    before, current, length = np.zeros_like(y), np.ones_like(y), 0.0
    for _ in range(power):
        weighted = weights * current
        following = (y - float((weighted * y * current).sum())) * current - length * before
        size = float((weights * (y * current) ** 2).sum())
        length = math.sqrt(float((weights * following**2).sum()))
        if not length > 1e-9 * math.sqrt(size):
            return None
        before, current = current, following / length
    return current


def _expand(coefficients: Array, bases: list[Array]) -> Array:
    """``sum_b c_b prod_i B_i[:, b_i]`` on the tensor grid."""
    for basis in bases:
        coefficients = np.tensordot(coefficients, basis, axes=(0, 1))
    return coefficients


def _contract(values: Array, bases: list[Array]) -> Array:
    for basis in bases:
        values = np.tensordot(values, basis, axes=(0, 0))
    return values


def _pick(moments: Array, inside: NDArray[np.int64], outside: NDArray[np.int64]) -> Array:
    """(b, a) from the tensor of moments."""
    index = np.concatenate(
        [
            np.broadcast_to(inside[None, :, :], (len(outside), *inside.shape)),
            np.broadcast_to(outside[:, None, :], (len(outside), len(inside), outside.shape[1])),
        ],
        axis=2,
    )
    return np.asarray(moments[tuple(np.moveaxis(index, 2, 0))])


def label_transforms(sample: Array, count: int = TRANSFORMS) -> tuple[Callable[[Array], Array], int, bool]:
    """Bounded transforms of a label (points,) -> (transforms, points), how many, and whether the label is discrete.

    For a label with few values their indicators; otherwise Legendre polynomials of its rank among a sample.
    """
    levels = np.unique(np.round(sample, 9))
    if len(levels) <= 12:
        middle = (levels[1:] + levels[:-1]) / 2

        def indicate(y: Array) -> Array:
            place = np.searchsorted(middle, y)
            return np.stack([place == i for i in range(len(levels))]).astype(float)

        return indicate, len(levels), True
    knots = np.quantile(sample, np.linspace(0, 1, 4001))
    # Values that differ by rounding alone are one knot: z and -z of an even link have the same rank.
    apart = np.concatenate([[True], np.diff(knots) > 1e-10 * np.abs(knots[1:])])
    knots, heights = knots[apart], np.linspace(-1, 1, 4001)[apart]

    def rank(y: Array) -> Array:
        u = np.interp(y, knots, heights)
        basis = np.asarray(np.polynomial.legendre.legvander(u, count)[..., 1:], dtype=np.float64)
        return np.moveaxis(basis * np.sqrt(2 * np.arange(1, count + 1) + 1), -1, 0)

    return rank, count, False


@dataclass(frozen=True)
class RandomPoints:
    """Bounded transforms of any label, by shifted lattice points; the error is a standard error over the shifts.

    ``coarser`` is the label with half of what is known of it (:class:`Link`): what it moves counts as an error.
    """

    function: Values
    variables: int
    points: int = POINTS
    coarser: Values | None = None

    @cached_property
    def sample(self) -> list[tuple[Array, Array]]:
        """For each replicate the points (points, variables) and the centred transforms (transforms, points)."""
        return self._sample(self.function)

    def _sample(self, function: Values) -> list[tuple[Array, Array]]:
        rng, transforms, replicates = np.random.default_rng(11), None, []
        for _ in range(REPLICATES):
            z = normal_points(self.variables, self.points, rng)
            y = function(z)
            if transforms is None:
                transforms = label_transforms(self.function(z))[0]
            t = transforms(y)
            replicates.append((z, t - t.mean(axis=1, keepdims=True)))
        return replicates

    def batches(self, frame: Array, known: int, degree: int, along: int) -> Iterator[Moments]:
        inside, outside = pairs(known, len(frame) - known, degree, along)
        if len(outside) > MOST_RANDOM_ENTRIES:
            return
        stack = _replicated(self.sample, frame, inside, outside, max(degree, along))
        mean, error = stack.mean(axis=0), stack.std(axis=0, ddof=1) / math.sqrt(REPLICATES)
        if self.coarser is not None:
            other = _replicated(self._sample(self.coarser), frame, inside, outside, max(degree, along))
            error = np.maximum(error, np.abs(mean - other.mean(axis=0)))
        yield Moments(mean, error, "measured", "a moment of a bounded transform of y")


def _replicated(
    sample: list[tuple[Array, Array]],
    frame: Array,
    inside: NDArray[np.int64],
    outside: NDArray[np.int64],
    highest: int,
) -> Array:
    """The moments (replicate, b, transform and a) of every replicate of a sample."""
    totals = []
    for z, t in sample:
        basis = hermite_basis(z @ frame, highest)
        known = inside.shape[1]
        left = np.ones((len(inside), len(z)))
        for row, a in zip(left, inside.tolist(), strict=True):
            for place, power in enumerate(a):
                if power:
                    row *= basis[:, place, power]
        right = np.ones((len(outside), len(z)))
        for row, b in zip(right, outside.tolist(), strict=True):
            for place, power in enumerate(b):
                if power:
                    row *= basis[:, known + place, power]
        blocks = [right @ (left * transform).T / len(z) for transform in t]
        totals.append(np.concatenate(blocks, axis=1))
    return np.array(totals)


@dataclass(frozen=True)
class Panels:
    """One variable: Gauss-Legendre on short panels that end at the kinks; the error from half as many panels, and from
    ``coarser``, the label with half of what is known of it."""

    function: Values
    kinks: tuple[float, ...] = ()
    coarser: Values | None = None

    def grid(self, count: int) -> tuple[Array, Array]:
        """Nodes and Gaussian weights on [-13, 13]."""
        return panels(self.kinks, count)

    def batches(self, frame: Array, known: int, degree: int, along: int) -> Iterator[Moments]:
        sample, weights = self.grid(400)
        transforms, _, _ = label_transforms(_weighted_sample(self.function(sample[:, None]), weights))

        def moments(function: Values, count: int) -> Array:
            x, w = self.grid(count)
            t = transforms(function(x[:, None]))
            t = t - (t @ w)[:, None]
            return np.asarray(t @ (w * hermite_basis(x, degree)[:, degree]))[None, :]

        values = moments(self.function, 400)
        # Transforms have kinks of their own: twice the change is a fair bound for a rule of order above one.
        error = 1e-12 + 2 * np.abs(values - moments(self.function, 200))
        if self.coarser is not None:
            error += 2 * np.abs(values - moments(self.coarser, 400))
        yield Moments(values, error, "quadrature", "a moment of a bounded transform of y")


def _weighted_sample(y: Array, weights: Array) -> Array:
    """An equally weighted sample of the label's law, by inverting its distribution function."""
    order = np.argsort(y)
    cumulative = np.cumsum(weights[order])
    return np.asarray(y[order][np.searchsorted(cumulative, np.linspace(1e-6, 1 - 1e-6, 20_001)).clip(0, len(y) - 1)])
