"""The threshold of weak recovery at a number of samples linear in d.

``1 / alpha_c = max over M >= 0, |M|_F = 1, of |E[G(y) M G(y)]|_F`` with ``G(y) = E[z z^T - I | y]`` where
``E[z | y] = 0`` (Troiani, Dandi, Defilippis, Zdeborova, Loureiro, Krzakala, arXiv 2405.15480). For one direction
``1 / alpha_c = E[E[z^2 - 1 | y]^2]``: 2 and so ``alpha_c = 1/2`` for y = z^2.

With normal noise of deviation sigma on the label, y is ``f(z) + sigma xi``, and G is averaged over the posterior of z.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from learnability.diagnosis.moments import label_transforms
from learnability.diagnosis.result import Evidence, LeapSequence, WeakRecovery
from learnability.hermite.basis import gauss_hermite, hermite_basis
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.function_expansion import normal_points, panels

Array = NDArray[np.float64]
Values = Callable[[Array], Array]

BINS = 128
MOST_TURNS = 12
_TURNS, _POINTS = 32, 8192


def threshold(
    values: Values,
    variables: int,
    generative: LeapSequence,
    kinks: tuple[float, ...] = (),
    affine: tuple[Array, float] | None = None,
    label_noise: float = 0.0,
) -> WeakRecovery | None:
    """``alpha_c`` of the label ``values(z)`` with normal noise; None where the generative exponent is not known.

    ``affine`` is ``(E[f (z z^T - I)], Var f)`` of a label with two values, which it decides. Noise changes no exponent,
    so that 0 and infinity stay.
    """
    if generative.exponent is None:
        return None
    first = generative.steps[0]
    if first.exponent == 1:
        return WeakRecovery(0.0, first.seen)
    weakest = next((e for e in first.vanishing if e.exactness == "undecided"), None)
    if weakest is not None:
        return None
    if first.exponent > 2:
        return WeakRecovery(math.inf, first.vanishing[1])
    if variables == 1 and label_noise:
        coarse, fine = (posterior_signal(values, label_noise, count, kinks) for count in (100, 200))
        error = abs(coarse - fine) / fine**2 + 1e-12
        return WeakRecovery(1 / fine, Evidence("quadrature", "E[E[z^2 - 1 | y]^2] with the noise", error))
    if variables == 1:
        coarse, fine = (level_set_signal(values, count, kinks) for count in (8, 14))
        error = abs(coarse - fine) / fine**2 + 1e-12
        return WeakRecovery(1 / fine, Evidence("quadrature", "E[E[z^2 - 1 | y]^2] from the level sets", error))
    if affine is not None:
        second, variance = affine
        size = float(np.abs(np.linalg.eigvalsh(second)).max())
        if not label_noise:
            return WeakRecovery(variance / size**2, Evidence(first.seen.exactness, "a label with two values"))
        sample = values(normal_points(variables, 4096, np.random.default_rng(29)))
        left = told_apart(float(np.ptp(sample)), variance, label_noise)
        return WeakRecovery(variance / (left * size**2), Evidence("quadrature", "two values and noise", 1e-12))
    signal, error = matrix_signal(values, variables, label_noise)
    words = f"{BINS} classes of y: an upper bound that falls to alpha_c as the classes are refined"
    return WeakRecovery(1 / signal, Evidence("measured", words, error / signal**2))


def second_moment(expansion: HermiteExpansion) -> Array:
    """``E[f(z) (z z^T - I)]``, from the coefficients of degree two."""
    r = expansion.variables
    matrix = np.zeros((r, r))
    for index, value in expansion.homogeneous(2).coefficients.items():
        i, j = (k for k, power in enumerate(index) for _ in range(power))
        matrix[i, j] = matrix[j, i] = value * (math.sqrt(2) if i == j else 1.0)
    return matrix


def level_set_moments(
    values: Values, degree: int, at: Array, kinks: tuple[float, ...] = (), cells: int = 4000
) -> Array:
    """``E[h_k(z) | f(z) = f(z_i)]`` for one variable at the points ``at``.

    The sum over the roots of ``f(z) = y`` with weights ``phi(z) / |f'(z)|``; roots by sign changes on a grid, refined
    by bisection, all of them at once.
    """
    inner = [k for k in kinks if abs(k) < 10]
    grid = np.unique(np.concatenate([np.linspace(-10, 10, cells + 1), inner, at]))
    on_grid, levels = values(grid[:, None]), values(at[:, None])
    below = on_grid[None, :] < levels[:, None]
    row, cell = np.nonzero(below[:, 1:] != below[:, :-1])
    low, high, y = grid[cell], grid[cell + 1], levels[row]
    rising = below[row, cell]
    for _ in range(46):
        middle = (low + high) / 2
        stay = (values(middle[:, None]) < y) == rising
        low, high = np.where(stay, middle, low), np.where(stay, high, middle)
    roots = (low + high) / 2
    step = 1e-6
    slope = np.abs(values(roots[:, None] + step) - values(roots[:, None] - step)) / (2 * step)
    log_weight = -(roots**2) / 2 - np.log(np.maximum(slope, 1e-300))
    top = np.full(len(at), -np.inf)
    np.maximum.at(top, row, log_weight)
    weight = np.exp(log_weight - top[row])
    total = np.bincount(row, weight, len(at))
    moments = np.bincount(row, weight * hermite_basis(roots, degree)[:, degree], len(at))
    own = hermite_basis(at, degree)[:, degree]
    return np.where(total > 0, moments / np.where(total > 0, total, 1), own)


def level_set_signal(values: Values, count: int, kinks: tuple[float, ...] = ()) -> float:
    """``E[E[z^2 - 1 | y]^2]`` for one variable.

    The conditional moment has square-root singularities where another branch has a turning point, so the panels end
    wherever f has the value of one of its turning points, and their nodes crowd at both ends.
    """
    x, weights = panels(kinks, 4 * count, 8.5)
    y = values(x[:, None])
    transforms, _, discrete = label_transforms(y)
    if discrete:
        indicators = transforms(y)
        first = (indicators * weights) @ (x * x - 1)
        return float((first**2 / (indicators @ weights)).sum())
    grid = np.linspace(-8.5, 8.5, 6001)
    slope = np.diff(values(grid[:, None]))
    turns = np.flatnonzero(np.sign(slope[1:]) != np.sign(slope[:-1])) + 1
    if len(turns) > MOST_TURNS:
        x, weights = panels(kinks, 4 * count, 8.5)
        return float(2 * weights @ level_set_moments(values, 2, x, kinks, 6000) ** 2)
    ends = set(kinks)
    for turn in turns:
        low, high = grid[turn - 1], grid[turn + 1]
        peak = _extremum(values, low, high, slope[turn - 1] > 0)
        ends.add(peak)
        level = float(values(np.array([[peak]]))[0])
        crossing = np.flatnonzero(np.diff(values(grid[:, None]) < level))
        for cell in crossing:
            if abs(grid[cell] - peak) > 2 * (grid[1] - grid[0]):
                ends.add(_root(values, level, grid[cell], grid[cell + 1]))
    x, weights = panels(tuple(ends), count, 8.5, crowded=True)
    # E[z^2 - 1 | y] = sqrt(2) E[h_2 | y].
    return float(2 * weights @ level_set_moments(values, 2, x, tuple(ends)) ** 2)


def _root(values: Values, level: float, low: float, high: float) -> float:
    start = float(values(np.array([[low]]))[0]) < level
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if (float(values(np.array([[middle]]))[0]) < level) == start else (low, middle)
    return (low + high) / 2


def _extremum(values: Values, low: float, high: float, peak: bool) -> float:
    """A turning point by golden sections."""
    ratio = (math.sqrt(5) - 1) / 2
    sign = 1.0 if peak else -1.0
    for _ in range(60):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        left, right = (sign * values(np.array([[a], [b]]))).tolist()
        low, high = (low, b) if left > right else (a, high)
    return (low + high) / 2


def posterior_signal(values: Values, label_noise: float, count: int, kinks: tuple[float, ...] = ()) -> float:
    """``E[E[z^2 - 1 | y]^2]`` for one variable and ``y = f(z) + sigma xi``.

    Nodes in z carry the law of f(z), Gauss-Hermite nodes that of xi; the posterior of z at a label is a sum over the
    nodes in z, whose labels must be as dense as sigma: the change under refinement says whether they are.
    """
    x, weights = panels(kinks, count, 8.5)
    y = values(x[:, None])
    order = np.argsort(y)
    x, y, weights = x[order], y[order], weights[order]
    outer_x, outer_weights = panels(kinks, count // 8, 6.5)
    outer = values(outer_x[:, None])
    noise, share = gauss_hermite(11)
    total = 0.0
    for at, weight in zip(noise.tolist(), share.tolist(), strict=True):
        labels = outer + label_noise * at
        mean = np.empty(len(labels))
        for place, label in enumerate(labels.tolist()):
            # Beyond nine deviations the density is 1e-18 of its height.
            first, last = np.searchsorted(y, (label - 9 * label_noise, label + 9 * label_noise))
            density = weights[first:last] * np.exp(-(((y[first:last] - label) / label_noise) ** 2) / 2)
            size = float(density.sum())
            mean[place] = density @ (x[first:last] ** 2 - 1) / size if size else 0.0
        total += weight * float(outer_weights @ mean**2)
    return total


def told_apart(gap: float, variance: float, label_noise: float) -> float:
    """``E[E[f - E f | y]^2] / Var f`` for a label f with two values, ``gap`` apart, and normal noise."""
    # p (1 - p) gap^2 is the variance; which of the values has the share p makes no difference.
    share = (1 - math.sqrt(max(0.0, 1 - 4 * variance / gap**2))) / 2
    apart = gap / label_noise
    # y in units of the noise: N(0, 1) or N(apart, 1).
    edges = np.concatenate([np.linspace(-12, 12, 400), apart + np.linspace(-12, 12, 400)])
    y, weights = _legendre(np.unique(edges))
    ones, zeros = share * np.exp(-((y - apart) ** 2) / 2), (1 - share) * np.exp(-(y**2) / 2)
    law = ones + zeros
    above = np.divide(ones, law, out=np.zeros_like(law), where=law > 0)
    second = float(weights @ (law * (above - share) ** 2)) / math.sqrt(2 * math.pi)
    return second / (share * (1 - share))


def _legendre(edges: Array) -> tuple[Array, Array]:
    """Nodes and weights of 4-point rules between neighbouring edges."""
    nodes, weights = np.polynomial.legendre.leggauss(4)
    middle, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    return (middle[:, None] + half[:, None] * nodes).ravel(), (half[:, None] * weights).ravel()


def matrix_signal(values: Values, variables: int, label_noise: float = 0.0) -> tuple[float, float]:
    """The largest eigenvalue of ``M -> E[G M G]`` with y in classes of equal weight, and its standard error.

    G is estimated twice from independent points, so that noise does not add to the product.
    """
    rng = np.random.default_rng(13)
    edges: Array | None = None
    sums = np.zeros((4, 2, BINS, variables, variables))
    counts = np.zeros((4, 2, BINS))
    for turn in range(_TURNS):
        z = normal_points(variables, _POINTS, rng)
        y = values(z)
        if label_noise:
            y = y + label_noise * rng.standard_normal(len(y))
        if edges is None:
            levels = np.unique(np.round(y, 9))
            # A rare value of a label with few of them is a class of its own.
            edges = (
                (levels[1:] + levels[:-1]) / 2
                if len(levels) <= BINS
                else np.unique(np.quantile(y, np.linspace(0, 1, BINS + 1)[1:-1]))
            )
        place = np.searchsorted(edges, y)
        group, half = turn // 2 % 4, turn % 2
        counts[group, half] += np.bincount(place, minlength=BINS)
        for i in range(variables):
            for j in range(variables):
                sums[group, half, :, i, j] += np.bincount(place, z[:, i] * z[:, j] - (i == j), BINS)
    signals = [_top(s, c) for s, c in zip(sums, counts, strict=True)]
    return _top(sums.sum(axis=0), counts.sum(axis=0)), float(np.std(signals, ddof=1)) / 2


def _top(sums: Array, counts: Array) -> float:
    """The largest eigenvalue of ``M -> sum_c p_c G_c M G'_c`` with the two estimates G, G' of each class."""
    use = counts.min(axis=0) > 0
    means = sums[:, use] / counts[:, use, None, None]
    share = counts[:, use].sum(axis=0) / counts.sum()
    r = sums.shape[-1]
    operator = np.einsum("c,cij,ckl->ikjl", share, means[0], means[1]).reshape(r * r, r * r)
    return float(np.linalg.eigvalsh((operator + operator.T) / 2)[-1])
