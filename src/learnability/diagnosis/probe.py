"""Where a label is looked at before a map is called a symmetry of it, or its values are called two.

Points of the law alone do not do: of 48 standard normal numbers the largest is 2.5, and ``|z| + 1(z > 2.5)`` is even on
them. So the points lie at several scales, on both sides of every kink of the expression along lines in all directions,
between neighbouring kinks, and where an argument is stationary, so that narrow bumps are met at their top. What an
opaque callable does between the points stays unseen.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from learnability.hermite.basis import hermite_basis
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.function_expansion import normal_points
from learnability.hermite.function_target import (
    KINKED,
    Apply,
    FunctionTarget,
    Link,
    Node,
    Polynomial,
    Power,
    Product,
    Sum,
    walk,
)
from learnability.hermite.rotation import multi_indices

Array = NDArray[np.float64]
Values = Callable[[Array], Array]

#: The first points are of the law itself; the next ones at these multiples of its scale.
POINTS = 48
SCALES, PER_SCALE = (1.0, 2.0, 3.0, 5.0, 8.0), 100
#: Kinks are sought along lines to this distance from where they start.
REACH = 12.0
#: Kinks nearer to each other than the first number are one; points lie at the second number from a kink.
APART, BESIDE = 1e-5, 1e-3
MOST_BESIDE_KINKS = 800
#: The error of one operation; points where the label may be wrong by this part of its size are left out.
_UNIT, ROUNDED = 1e-15, 2e-11
#: Functions whose arguments are followed to zero: those with kinks, and those that are steep there.
_FOLLOWED = KINKED | {"tanh", "erf", "sqrt"}
_STARTS, _GRID, _BLOCK = 12, 1200, 32


@dataclass(frozen=True)
class Probe:
    """A label ``values(z)`` at ``points`` (count, variables), as ``label`` (count,), the first 48 from its law.

    ``size`` is what differences are relative to: the largest value at about this distance from 0, at least the root
    mean square of the law, so that neither a large radius nor a zero of f makes rounding a difference. ``known`` is the
    expansion of the label, whose coefficients have the error ``error``.
    """

    values: Values
    points: Array
    label: Array
    size: Array
    known: HermiteExpansion | None = None
    error: float = 0.0

    @classmethod
    def of(cls, values: Values, variables: int, known: HermiteExpansion | None = None, error: float = 0.0) -> "Probe":
        """The probe of a label; the kinks of a :class:`FunctionTarget` are met."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            points = design(values, variables)
            label = np.asarray(values(points)) + np.zeros(len(points))
            finite = np.isfinite(label)
            points, label = points[finite], label[finite]
            # One that rounding can move says nothing.
            moved = rounding(values.root, points)[1] if isinstance(values, FunctionTarget) else np.zeros(len(points))
        largest = float(np.abs(label[:POINTS]).max()) or 1.0
        law = largest * math.sqrt(float(np.mean((label[:POINTS] / largest) ** 2)))
        size = np.empty(len(label))
        order = np.argsort((points**2).sum(axis=1), kind="stable")
        for start in range(0, len(order), _BLOCK):
            block = order[start : start + _BLOCK]
            size[block] = max(float(np.abs(label[block]).max()), law)
        size = np.where(size > 0, size, size.max(initial=0.0) or 1.0)
        # At least 48 stay, however uncertain: none would contradict nothing.
        clear = moved <= max(ROUNDED, *np.sort(moved / size)[:POINTS][-1:]) * size
        return cls(values, points[clear], label[clear], size[clear], known, error)

    @property
    def variables(self) -> int:
        return self.points.shape[1]

    def misses(self, maps: Array, same: float, sign: float = 1.0, mean: float = 0.0) -> Array:
        """``max |f(g z) - mean - sign (f(z) - mean)| / size`` for maps (count, variables, variables).

        Maps that miss by more than ``same`` at the first points are followed no further, and those that the
        coefficients of the label contradict miss by infinity.
        """
        aim = mean + sign * (self.label - mean)
        worst: Array = np.zeros(len(maps))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for part in (slice(0, 4), slice(4, POINTS), slice(POINTS, None)):
                left = np.flatnonzero(worst < same)
                z, size = self.points[part], self.size[part]
                for some in np.array_split(left, max(1, len(left) * len(z) // 100_000)):
                    miss = np.abs(self.values(z @ maps[some].swapaxes(1, 2)) - aim[part]) / size
                    worst[some] = np.maximum(worst[some], np.nan_to_num(miss, nan=np.inf).max(axis=1, initial=0.0))
        left = np.flatnonzero(worst < same)
        worst[left[self._contradicted(maps[left], sign)]] = np.inf
        return worst

    def _contradicted(self, maps: Array, sign: float) -> NDArray[np.bool_]:
        """Whether the known coefficients c cannot be those of a label with ``f(g z) = sign f(z)``, f centred.

        ``F_k(z) = sum_b c_b h_b`` over |b| = k and ``F_k(g z)`` have N_k coefficients that differ, in norm, by at most
        twice their errors, so that ``|F_k(g z) - sign F_k(z)| <= 2 error sqrt(N_k) |h^(k)(z)|``, and rounding.
        """
        excluded = np.zeros(len(maps), dtype=bool)
        if self.known is None or not len(maps):
            return excluded
        z, most = self.points[:12], self.known.norm
        here, there = hermite_basis(z, self.known.degree), hermite_basis(z @ maps.swapaxes(1, 2), self.known.degree)
        for k in range(1, self.known.degree + 1):
            indices = multi_indices(self.variables, k)
            c = np.array([self.known.coefficients.get(tuple(b), 0.0) for b in indices.tolist()])
            some = np.flatnonzero(c)
            if len(some):
                bound = 2 * self.error * math.sqrt(len(indices)) + 1e-9 * float(np.linalg.norm(c)) + 1e-12 * most
                shown = _products(there, indices[some]) @ c[some] - sign * (_products(here, indices[some]) @ c[some])
                allowed = bound * np.linalg.norm(_products(here, indices), axis=-1)
                excluded |= (np.abs(shown) > allowed).any(axis=1)
        return excluded

    @cached_property
    def has_two_values(self) -> bool:
        """Whether the label has two values at all points and at 4096 of its law."""
        law = np.asarray(self.values(normal_points(self.variables, 4096, np.random.default_rng(29))))
        return len(np.unique(np.round(np.concatenate([law, self.label]), 9))) == 2


def _products(basis: Array, indices: NDArray[np.int64]) -> Array:
    """``h_b`` (..., indices) from the values (..., variables, degrees) of the polynomials of one variable."""
    return np.asarray(math.prod(basis[..., i, indices[:, i]] for i in range(indices.shape[1])))


def design(values: Values, variables: int) -> Array:
    """The points (count, variables), the same at every call."""
    rng = np.random.default_rng(20_240_529)
    law = rng.standard_normal((POINTS, variables))
    parts = [scale * rng.standard_normal((PER_SCALE, variables)) for scale in SCALES]
    if variables == 1:
        parts.append(np.linspace(-REACH, REACH, _GRID)[:, None])
    else:
        # Each coordinate at a scale of its own: far in one of them, near in the others.
        mixed = rng.choice(SCALES, (2 * PER_SCALE, variables))
        parts.append(mixed * rng.standard_normal(mixed.shape))
    if isinstance(values, FunctionTarget):
        parts.append(_beside_kinks(values, np.concatenate(parts), rng))
    return np.concatenate([law, *parts])


def _beside_kinks(target: FunctionTarget, points: Array, rng: np.random.Generator) -> Array:
    """Points beside and between the kinks along lines, and where polynomial arguments are stationary."""
    applied = [node for node in walk(target.root) if isinstance(node, Apply)]
    followed = [node for node in applied if node.name in _FOLLOWED or node.link is not None]
    leaves = [node.argument.expansion for node in applied if isinstance(node.argument, Polynomial)]
    tops = [_stationary(leaf, points, rng) for leaf in leaves if 2 <= leaf.degree <= 12]
    found = np.concatenate([*tops, np.zeros((0, target.variables))])
    if not followed:
        return found
    starts = np.zeros((1, 1))
    if target.variables > 1:
        starts = np.concatenate([points[:: len(points) // _STARTS], found[:_STARTS]])
    beside, gaps = _along(followed, *_lines(starts, rng))
    if target.variables > 1:
        # Again from the narrowest gaps: what several kinks bound together is entered, too.
        narrow = beside[np.argsort(gaps, kind="stable")[:_STARTS]]
        again, _ = _along(followed, *_lines(narrow, rng))
        beside = np.concatenate([_thinned(beside), again])
    return np.concatenate([found, _thinned(beside)])


def _thinned(points: Array) -> Array:
    return points[np.unique(np.linspace(0, len(points) - 1, MOST_BESIDE_KINKS).astype(int))] if len(points) else points


def _lines(starts: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """From each start a line along each axis and one in a random direction: starts and unit vectors."""
    count, r = starts.shape
    free = rng.standard_normal((count, 1, r))
    free /= np.linalg.norm(free, axis=2, keepdims=True)
    along = np.concatenate([np.broadcast_to(np.eye(r), (count, r, r)), free], axis=1) if r > 1 else np.ones((1, 1, 1))
    return np.repeat(starts, along.shape[1], axis=0), along.reshape(-1, r)


def _along(followed: list[Apply], starts: Array, directions: Array) -> tuple[Array, Array]:
    """Points beside the kinks on each line and half-way between neighbours, and the length of the gap each lies in."""
    roots: list[list[float]] = [[] for _ in starts]
    for node in followed:
        for line, t in _crossings(node, starts, directions):
            roots[line].append(t)
    places: list[tuple[int, float, float]] = []
    for line, found in enumerate(roots):
        kept: list[float] = []
        for t in sorted(found):
            if not kept or t - kept[-1] > APART:
                kept.append(t)
        for low, high in itertools.pairwise([-2 * REACH, *kept, 2 * REACH]):
            step = min(BESIDE, (high - low) / 3)
            inside = (low + step, high - step) if len(kept) else ()
            middle = ((low + high) / 2,) if low > -REACH * 2 and high < REACH * 2 else ()
            places += [(line, t, high - low) for t in (*middle, *inside) if abs(t) < 1.5 * REACH]
    if not places:
        return np.zeros((0, starts.shape[1])), np.zeros(0)
    lines, at, gaps = (np.array(column) for column in zip(*places, strict=True))
    return starts[lines] + at[:, None] * directions[lines], gaps


def _crossings(node: Apply, starts: Array, directions: Array) -> Iterator[tuple[int, float]]:
    """The lines, and the t at which the argument of a function has a zero there; that of a link one of its points."""
    argument = FunctionTarget("", starts.shape[1], node.argument)
    if isinstance(node.argument, Polynomial) and node.link is None and node.argument.expansion.degree <= 24:
        # Exactly of its degree along a line: the roots of the interpolant.
        degree = max(1, node.argument.expansion.degree)
        nodes = np.polynomial.chebyshev.chebpts1(degree + 1)
        on_lines = argument(starts[:, None] + REACH * nodes[:, None] * directions[:, None])
        table = np.linalg.solve(np.polynomial.chebyshev.chebvander(nodes, degree), on_lines.T).T
        for line, row in enumerate(table):
            present = np.flatnonzero(np.abs(row) > 1e-13 * np.abs(row).max(initial=0.0))
            if len(present) and present[-1]:
                for root in np.polynomial.chebyshev.chebroots(row[: present[-1] + 1]):
                    if abs(root.imag) < 1e-6 and abs(root.real) <= 1:
                        yield line, REACH * float(root.real)
        return
    t = np.linspace(-REACH, REACH, _GRID // 3)
    on_grid = argument(starts[:, None] + t[:, None] * directions[:, None])
    levels = np.zeros(1) if node.link is None else np.array(node.link.z)
    place = np.searchsorted(levels, on_grid)
    for line, cell in zip(*np.nonzero(place[:, 1:] != place[:, :-1]), strict=True):
        low, high = on_grid[line, cell], on_grid[line, cell + 1]
        level = levels[min(place[line, cell], place[line, cell + 1])]
        yield int(line), float(t[cell] + (t[cell + 1] - t[cell]) * (level - low) / (high - low))


def _stationary(expansion: HermiteExpansion, points: Array, rng: np.random.Generator) -> Array:
    """Where the gradient of a polynomial vanishes, by Newton's method, and points about there."""
    r = expansion.variables
    slopes = [expansion.derivative(i) for i in range(r)]
    bends = [[slope.derivative(j) for j in range(r)] for slope in slopes]

    def at(one: HermiteExpansion, z: Array) -> Array:
        return np.asarray(FunctionTarget("", r, Polynomial(one))(z))

    z = points[:: max(1, len(points) // _STARTS)].copy()
    for _ in range(1 if expansion.degree == 2 else 6):
        slope = np.stack([at(one, z) for one in slopes], axis=1)
        bend = np.stack([np.stack([at(one, z) for one in row], axis=1) for row in bends], axis=1)
        z = z - (np.linalg.pinv(bend, rcond=1e-9) @ slope[..., None])[..., 0]
    z = z[np.isfinite(z).all(axis=1) & (np.abs(z).max(axis=1) < 2 * REACH)]
    return np.concatenate([z, *(z + step * rng.standard_normal(z.shape) for step in (0.01, 0.1))])


def rounding(node: Node, z: Array) -> tuple[Array, Array]:
    """The values of a node at z (count, variables), and what rounding can change of them, to first order.

    Near a jump that is the jump. A polynomial is as uncertain as the sum of its terms' sizes, where ``h_k`` counts as
    ``sqrt(h_k^2 + h_{k-1}^2)``: near a zero of h_k it is the error of z that matters.
    """
    value = np.asarray(FunctionTarget("", z.shape[1], node)(z)) + np.zeros(len(z))
    match node:
        case Polynomial(expansion=expansion):
            basis = hermite_basis(z, max(1, expansion.degree))
            basis[..., 1:] = np.hypot(basis[..., 1:], basis[..., :-1])
            indices = np.array(list(expansion.coefficients), dtype=np.int64).reshape(-1, expansion.variables)
            sizes = _products(basis, indices) @ np.abs(list(expansion.coefficients.values()))
            return value, _UNIT * (1 + expansion.degree) * sizes
        case Sum(terms=parts):
            return value, sum((rounding(part, z)[1] for part in parts), np.zeros(len(z)))
        case Product(factors=parts):
            product, error = np.ones(len(z)), np.zeros(len(z))
            for other, moved in (rounding(part, z) for part in parts):
                product, error = product * other, error * np.abs(other) + np.abs(product) * moved
            return value, error
        case Power(base=base, exponent=exponent):
            inner, error = rounding(base, z)
            return value, exponent * np.abs(inner) ** max(0, exponent - 1) * error
        case Apply(name=name, argument=argument, link=link):
            inner, error = rounding(argument, z)
            return value, error * _steepness(name, link, inner, error)
    return value, np.zeros(len(z))


def _steepness(name: str, link: Link | None, x: Array, error: Array) -> Array:
    """What an error of x is multiplied by: the slope, and infinity where it reaches a jump."""
    if link is not None:
        return np.full(len(x), 2 * float(np.abs(np.diff(link.values) / np.diff(link.z)).max()))
    if name in ("sign", "indicator"):
        return np.where(np.abs(x) > 1e4 * error, 0.0, np.inf)
    if name in ("tanh", "erf"):
        return np.where(np.abs(x) < 20, 1.0, 0.0)
    if name == "exp":
        return np.exp(x)
    if name == "sqrt":
        return np.where(x > 1e4 * error, 0.5 / np.sqrt(np.maximum(x, 1e-300)), np.inf)
    return np.ones(len(x))
