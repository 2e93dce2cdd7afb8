"""Sums over all pairs of particles with the kernel of the mean-field flow: by pairs, or exactly through moments.

    N_i = sum_j mass_j K(i, j),     K = (e^{w.w'} + reflected e^{-w.w'}) sum_l c_l (r r')^{2l}

and its derivatives in w_i and r_i. The exponential is a sum of products of monomials,

    e^{w.w'} = sum_alpha w^alpha w'^alpha / alpha!      (the mirrored one has the signs (-1)^{|alpha|}),

so N is a polynomial whose coefficients are the moments ``sum_j mass_j w_j^alpha r_j^{2l}``: particles x monomials
instead of particles squared. Masses carry ``e^{-|w|^2/2}``, and so does whoever uses N; then monomials of w beyond the
degree K leave out, of level l, at most (Cauchy-Schwarz, ``|w|^2 <= S`` and ``r^2 <= R``)

    c_l R^{2l} e^{-(|w|^2 + |w'|^2)/2} sum_{k > K} (|w| |w'|)^k / k!  <=  c_l R^{2l} P(Poisson(S) > K),

which fixes K. On a CPU the moments are a compiled loop, elsewhere matrix products; both forms and the pairs agree to
rounding.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import gammainc
from torch import Tensor

from learnability.flows.compiled_moments import moment_sums
from learnability.flows.moment_plan import MomentPlan, Raised, moment_count, moment_plan

#: What the truncated kernel may leave out; its largest value is 1.
TRUNCATION = 1e-13
LARGEST_DEGREE = 120
#: Nanoseconds on one core: a pair and each of its columns; a moment and each feature of a particle.
PAIR, PAIR_COLUMN, MOMENT, FEATURE = 4.0, 0.15, 0.6, 8.0

Array = NDArray[np.float64]
Radial = tuple[float, ...]


@dataclass(frozen=True)
class Sums:
    """``N`` (b, n), its gradient in w (b, n, p) and its derivative in r divided by r (b, n)."""

    value: Tensor
    gradient: Tensor
    stretch: Tensor


def degrees_needed(radial: Radial, largest_square: float, largest_radius: float) -> tuple[int, ...] | None:
    """The degree K of each level at which the rest is below :data:`TRUNCATION`; None where that passes 120.

    ``radial`` (levels,) are the c_l, ``largest_square`` bounds |w|^2 and ``largest_radius`` bounds r^2. The gradient,
    whose terms are one degree lower, obeys the same bound. Degrees never increase from level to level.
    """
    degree = np.arange(1, LARGEST_DEGREE + 1)
    tail = max(1.0, math.sqrt(largest_square)) * gammainc(degree, largest_square)
    scale = np.array(radial) * largest_radius ** (2 * np.arange(len(radial)))
    small = scale[:, None] * tail <= TRUNCATION
    if not small.any(1).all():
        return None
    wanted = small.argmax(1) + 1
    return tuple(int(k) for k in np.maximum.accumulate(wanted[::-1])[::-1])


def by_pairs(w: Tensor, r: Tensor, mass: Tensor, radial: Radial, reflected: float, tile: int) -> Sums:
    """The sums pair by pair: w (b, n, p), r and mass (b, n); pairs in tiles of about ``tile`` entries."""
    b, n, p = w.shape
    square = r.square()
    powers = [torch.ones_like(square)]
    for _ in radial[1:]:
        powers.append(powers[-1] * square)
    columns = torch.cat([torch.ones_like(w[..., :1]), w], dim=-1)
    right = torch.cat([(mass * power)[..., None] * columns for power in powers], dim=-1)
    rows = max(1, tile // (b * n))
    plus, minus = [], []
    for part in w.split(rows, dim=1):
        pairs = torch.bmm(part, w.transpose(1, 2)).exp_()
        plus.append(torch.bmm(pairs, right))
        if reflected:
            minus.append(torch.bmm(pairs.reciprocal_(), right))
    direct = torch.cat(plus, dim=1)
    mirrored = reflected * torch.cat(minus, dim=1) if reflected else torch.zeros_like(direct)
    even, odd = (x.unflatten(-1, (len(radial), 1 + p)) for x in (direct + mirrored, direct - mirrored))
    value, gradient, stretch = torch.zeros_like(r), torch.zeros_like(w), torch.zeros_like(r)
    for level, c in enumerate(radial):
        value += c * powers[level] * even[..., level, 0]
        gradient += (c * powers[level])[..., None] * odd[..., level, 1:]
        if level:
            stretch += (2 * level * c) * powers[level - 1] * even[..., level, 0]
    return Sums(value, gradient, stretch)


@lru_cache(maxsize=64)
def _coefficients(variables: int, degrees: tuple[int, ...], radial: Radial, reflected: float) -> Array:
    """What turns moments into coefficients of N, (rows, columns)."""
    plan = moment_plan(variables, degrees)
    return np.asarray(plan.inverse_factorials * np.array(radial)[plan.level] * (1 + reflected * plan.signs))


def by_compiled_moments(w: Tensor, r: Tensor, mass: Tensor, radial: Radial, reflected: float, plan: MomentPlan) -> Sums:
    """The sums through moments as a compiled loop on the CPU; shapes as in :func:`by_pairs`."""
    value, gradient, stretch = torch.empty_like(r), torch.empty_like(w), torch.empty_like(r)
    square = r.square()
    (rows, columns), (along_rows, along_columns) = plan.parents, plan.raised
    moment_sums(
        w.contiguous().numpy(),
        square.numpy(),
        mass.contiguous().numpy(),
        rows,
        columns,
        plan.counts,
        _coefficients(plan.variables, plan.degrees, radial, reflected),
        np.asarray(2 * plan.level, dtype=np.float64),
        along_rows.arrays(),
        along_columns.arrays(),
        value.numpy(),
        gradient.numpy(),
        stretch.numpy(),
    )
    return Sums(value, gradient, stretch.div_(square.clamp_min_(1e-300)))


def _grown(parents: tuple[NDArray[np.int64], NDArray[np.int64]], coordinates: Tensor) -> Tensor:
    """All features (b, count, n) of one side, generation by generation, from its coordinates (b, q, n)."""
    parent, coordinate = parents
    generation = np.zeros(len(parent), dtype=np.int64)
    for i in range(1, len(parent)):
        generation[i] = generation[parent[i]] + 1
    found = coordinates.new_ones(coordinates.shape[0], len(parent), coordinates.shape[2])
    for g in range(1, int(generation.max()) + 1):
        chosen = np.flatnonzero(generation == g)
        found[:, chosen] = found[:, parent[chosen]] * coordinates[:, coordinate[chosen]]
    return found


def by_moment_products(
    w: Tensor, r: Tensor, mass: Tensor, radial: Radial, reflected: float, plan: MomentPlan, tile: int
) -> Sums:
    """The sums through moments as matrix products, for any device; particles in tiles of about ``tile`` features."""
    b, n, p = w.shape
    square = r.square()
    coordinates = torch.cat([w, square[..., None]], dim=-1).transpose(1, 2)
    met = np.arange(len(plan.columns)) < plan.counts[:, None]
    scale = torch.as_tensor(_coefficients(plan.variables, plan.degrees, radial, reflected) * met, device=w.device)
    level = torch.as_tensor(2.0 * plan.level, device=w.device)
    width = max(1, tile // (4 * b * sum(scale.shape)))
    parts = [slice(start, start + width) for start in range(0, n, width)]

    def features(part: slice) -> tuple[Tensor, Tensor]:
        rows, columns = plan.parents
        return _grown(rows, coordinates[:, : plan.head, part]), _grown(columns, coordinates[:, plan.head :, part])

    moments = w.new_zeros(b, *scale.shape)
    for part in parts:
        first, rest = features(part)
        moments.baddbmm_(first * mass[:, None, part], rest.transpose(1, 2))
    moments *= scale
    value, gradient, stretch = torch.empty_like(r), torch.empty_like(w), torch.empty_like(r)
    for part in parts:
        first, rest = features(part)
        along, across = torch.bmm(moments, rest), torch.bmm(moments.transpose(1, 2), first)
        value[:, part] = (across * rest).sum(1)
        stretch[:, part] = (level[:, None] * across * rest).sum(1)
        for c in range(p):
            sides = (
                (along, first, plan.raised[0], c) if c < plan.head else (across, rest, plan.raised[1], c - plan.head)
            )
            gradient[:, part, c] = _derivative(*sides)
    return Sums(value, gradient, stretch.div_(square.clamp_min_(1e-300)))


def _derivative(coefficients: Tensor, features: Tensor, raised: Raised, coordinate: int) -> Tensor:
    """``sum_i k_i coefficients_i features_{i - e}`` over the features i with a power k_i of the coordinate, (b, n)."""
    higher, lower, power = raised.of(coordinate)
    scale = torch.as_tensor(power, device=features.device)[:, None]
    return (scale * coefficients[:, higher] * features[:, lower]).sum(1)


def pair_time(count: int, variables: int, levels: int, reflected: float) -> float:
    """Nanoseconds for each particle by pairs."""
    return count * (PAIR + PAIR_COLUMN * levels * (1 + variables)) * (2 if reflected else 1)


def moment_time(plan: MomentPlan) -> float:
    """Nanoseconds for each particle through moments."""
    return MOMENT * plan.size + FEATURE * (len(plan.rows) + len(plan.columns))


def rounded_up(bound: float) -> float:
    """The next number on a grid of ratio 1.1, so that a growing bound changes the plan rarely; at least 1e-3."""
    return math.exp(0.1 * math.ceil(10 * math.log(max(bound, 1e-3))))


@lru_cache(maxsize=1024)
def cheaper_plan(
    count: int, variables: int, radial: Radial, reflected: float, largest: tuple[float, float]
) -> MomentPlan | None:
    """The moments to use for ``count`` particles with these bounds of |w|^2 and r^2; None where pairs are cheaper."""
    degrees, limit = degrees_needed(radial, *largest), pair_time(count, variables, len(radial), reflected)
    if degrees is None or MOMENT * moment_count(variables, degrees) > limit:
        return None
    plan = moment_plan(variables, degrees)
    return plan if moment_time(plan) < limit else None


def kernel_sums(
    w: Tensor, r: Tensor, mass: Tensor, radial: Radial, reflected: float, largest: tuple[float, float], tile: int
) -> Sums:
    """The sums for samples of one dimension in the cheaper form, about ``tile`` numbers at once.

    w (b, n, p), r and mass (b, n); ``radial`` the c_l; ``largest`` bounds |w|^2 and r^2.
    """
    count, variables = w.shape[1:]
    plan = cheaper_plan(count, variables, radial, reflected, largest)
    if plan is None:
        return _in_batches(
            lambda w, r, mass: by_pairs(w, r, mass, radial, reflected, tile), (w, r, mass), tile // count**2
        )
    if w.device.type == "cpu":
        return by_compiled_moments(w, r, mass, radial, reflected, plan)
    size = tile // (4 * count * (len(plan.rows) + len(plan.columns)))
    return _in_batches(
        lambda w, r, mass: by_moment_products(w, r, mass, radial, reflected, plan, tile), (w, r, mass), size
    )


def _in_batches(sums: Callable[[Tensor, Tensor, Tensor], Sums], arguments: tuple[Tensor, ...], size: int) -> Sums:
    """``size`` samples at a time, so that what is formed at once stays in cache."""
    if size >= len(arguments[0]):
        return sums(*arguments)
    found = [sums(*piece) for piece in zip(*(x.split(max(1, size)) for x in arguments), strict=True)]
    return Sums(*(torch.cat([getattr(f, name) for f in found]) for name in ("value", "gradient", "stretch")))
