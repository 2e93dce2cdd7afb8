"""The threshold of weak recovery at a number of samples linear in d.

``1 / alpha_c = max over M >= 0, |M|_F = 1, of |E[G(y) M G(y)]|_F`` with ``G(y) = E[z z^T - I | y]`` where
``E[z | y] = 0`` (Troiani, Dandi, Defilippis, Zdeborova, Loureiro, Krzakala, arXiv 2405.15480). For one direction
``1 / alpha_c = E[E[z^2 - 1 | y]^2]``: 2 and so ``alpha_c = 1/2`` for y = z^2.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from learnability.diagnosis.moments import label_transforms, normal_points, panel_rule
from learnability.diagnosis.result import Evidence, LeapSequence, WeakRecovery
from learnability.hermite.basis import hermite_basis

Array = NDArray[np.float64]
Values = Callable[[Array], Array]

BINS = 128
_HALVES, _POINTS = 24, 8192


def threshold(
    values: Values, variables: int, generative: LeapSequence, kinks: tuple[float, ...] = ()
) -> WeakRecovery | None:
    """``alpha_c`` of the label ``values(z)``; None where the generative exponent is not known."""
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
    if variables == 1:
        coarse, fine = (level_set_signal(values, panels, kinks) for panels in (8, 14))
        error = abs(coarse - fine) / fine**2 + 1e-12
        return WeakRecovery(1 / fine, Evidence("quadrature", "E[E[z^2 - 1 | y]^2] from the level sets", error))
    signal, error = matrix_signal(values, variables)
    words = f"{BINS} classes of y: an upper bound that falls to alpha_c as the classes are refined"
    return WeakRecovery(1 / signal, Evidence("measured", words, error / signal**2))


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


def level_set_signal(values: Values, panels: int, kinks: tuple[float, ...] = ()) -> float:
    """``E[E[z^2 - 1 | y]^2]`` for one variable.

    The conditional moment has square-root singularities where another branch has a turning point, so the panels end
    wherever f has the value of one of its turning points, and their nodes crowd at both ends.
    """
    x, weights = panel_rule(kinks, 4 * panels, 8.5)
    y = values(x[:, None])
    transforms, _, discrete = label_transforms(y)
    if discrete:
        indicators = transforms(y)
        first = (indicators * weights) @ (x * x - 1)
        return float((first**2 / (indicators @ weights)).sum())
    grid = np.linspace(-8.5, 8.5, 6001)
    slope = np.diff(values(grid[:, None]))
    turns = np.flatnonzero(np.sign(slope[1:]) != np.sign(slope[:-1])) + 1
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
    x, weights = panel_rule(tuple(ends), panels, 8.5, crowded=True)
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


def matrix_signal(values: Values, variables: int) -> tuple[float, float]:
    """The largest eigenvalue of ``M -> E[G M G]`` with y in classes of equal weight, and its standard error.

    G is estimated twice from independent points, so that noise does not add to the product.
    """
    rng = np.random.default_rng(13)
    edges: Array | None = None
    groups = np.zeros((4, 2, BINS, variables, variables))
    for turn in range(_HALVES):
        z = normal_points(variables, _POINTS, rng)
        y = values(z)
        if edges is None:
            edges = np.unique(np.quantile(y, np.linspace(0, 1, BINS + 1)[1:-1]))
        place = np.searchsorted(edges, y)
        outer = z[:, :, None] * z[:, None, :] - np.eye(variables)
        for i in range(variables):
            for j in range(variables):
                groups[turn // 2 % 4, turn % 2, :, i, j] += np.bincount(place, outer[:, i, j], BINS)
    per = _HALVES * _POINTS / 8
    groups /= per
    share = (
        np.bincount(np.searchsorted(edges, y), minlength=BINS) / len(y) if edges is not None else np.ones(BINS) / BINS
    )
    signals = [_top(left, right, share) for left, right in groups]
    whole = groups.mean(axis=0)
    return _top(whole[0], whole[1], share), float(np.std(signals, ddof=1)) / 2


def _top(left: Array, right: Array, share: Array) -> float:
    """The largest eigenvalue of ``M -> sum_c left_c M right_c / share_c`` on symmetric matrices."""
    use = share > 0
    operator = np.einsum("cij,ckl,c->ikjl", left[use], right[use], 1 / share[use])
    r = left.shape[1]
    operator = operator.reshape(r * r, r * r)
    return float(np.linalg.eigvalsh((operator + operator.T) / 2)[-1])
