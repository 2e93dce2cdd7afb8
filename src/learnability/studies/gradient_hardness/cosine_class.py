"""Cosine neurons ``cos(2 pi w.x)``, |w| = sqrt(d), under N(0, I): inner products, packings, gradient
variance, Barron norm.

Everything is a number of the size e^{-cd}, so everything is a logarithm. t and c are cosines of angles
between frequencies.
"""

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import betaln, dawsn, logsumexp

FOUR_PI2 = 4 * math.pi**2


def log_inner_product(cosine: np.ndarray | float, dimension: float) -> np.ndarray:
    """log of the normalised inner product of two cosine neurons at angle ``arccos(cosine)``.

    ``<f_w, f_w'> / |f_w|^2 = 2 e^{-4 pi^2 d} cosh(4 pi^2 d c) / (1 + e^{-8 pi^2 d})``; the norm is sqrt(1/2),
    not the 1 that the definition of the SQ dimension asks for, so the class is taken with the factor sqrt(2).
    """
    scale = FOUR_PI2 * dimension
    return -scale + np.logaddexp(scale * np.asarray(cosine), -scale * np.asarray(cosine)) - np.log1p(np.exp(-2 * scale))


def largest_cosine(count: float, dimension: int) -> float:
    """The cosine at which the inner product is 1/count^2, for ``count`` functions in the SQ dimension; 0 if
    none will do."""

    def excess(cosine: float) -> float:
        return float(log_inner_product(cosine, dimension)) + 2 * math.log(count)

    if excess(0.0) > 0:
        return 0.0
    return 1.0 if excess(1.0) <= 0 else float(brentq(excess, 0.0, 1.0, xtol=1e-15))


def planar_sq_dimension() -> int:
    """The SQ dimension at d = 2: n lines in the plane are best spread at angles pi/n, so the condition on n
    is exact."""
    # The needed angle grows with log n while pi/n shrinks: the first n that fails ends the search.
    count = 1
    while log_inner_product(math.cos(math.pi / (count + 1)), 2) <= -2 * math.log(count + 1):
        count += 1
    return count


def greedy_packing(dimension: int, candidates: int, limit: int, rng: np.random.Generator) -> int:
    """A lower bound of the SQ dimension by construction: lines are drawn and kept while they stay far enough apart.

    The allowed cosine depends on the final number n, so n grows until ``candidates`` draws no longer yield n
    lines, by bisection over n; at most ``limit``.
    """
    draws = rng.standard_normal((candidates, dimension))
    draws /= np.linalg.norm(draws, axis=1, keepdims=True)
    low, high = 1, 2
    while high < limit and _packed(draws, high, largest_cosine(high, dimension)):
        low, high = high, min(limit, 2 * high)
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        packed = _packed(draws, middle, largest_cosine(middle, dimension))
        low, high = (middle, high) if packed else (low, middle)
    return low


def _packed(draws: np.ndarray, wanted: int, cosine: float) -> bool:
    """Whether a greedy pass over the draws finds ``wanted`` lines at |cosine| at most ``cosine``."""
    kept = np.empty((wanted, draws.shape[1]))
    count = 0
    for chunk in np.array_split(draws, max(1, len(draws) // 256)):
        free = chunk[(np.abs(chunk @ kept[:count].T) <= cosine).all(1)]
        for line in free:
            if (np.abs(kept[:count] @ line) <= cosine).all():
                kept[count] = line
                count += 1
                if count == wanted:
                    return True
    return False


def union_bound_rate() -> float:
    """log n per dimension that the union bound proves: ``n = e^{d t^2/4}`` with ``4 pi^2 (1 - t) = 2
    (t^2/4)`` as d grows."""
    cosine = brentq(lambda t: FOUR_PI2 * (1 - t) - t * t / 2, 0.5, 1.0)
    return float(cosine**2 / 4)


def cap_bound_rate() -> float:
    """log n per dimension from covering by caps: ``n = (1 - t^2)^{-d/2}`` with ``4 pi^2 (1 - t) = -log(1 - t^2)``."""
    cosine = brentq(lambda t: FOUR_PI2 * (1 - t) + math.log1p(-t * t), 0.5, 1 - 1e-6)
    return float(-0.5 * math.log1p(-(cosine**2)))


def log_union_bound(dimension: int) -> float:
    """log of the n that the union bound proves at this d: ``4 pi^2 (1-t) d - log 2 >= 2 log n``, ``n = e^{d
    t^2/4}``."""

    def gap(t: float) -> float:
        return FOUR_PI2 * (1 - t) * dimension - math.log(2) - dimension * t * t / 2

    return dimension * brentq(gap, 0.0, 1.0) ** 2 / 4


# Variance of the gradient
# -------------------------------------------------------------------------------------------


def angle_quadrature(dimension: int, panels: int = 400, order: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Angles in (0, pi) and the log weights of the law of the angle of a uniform direction, density ``sin^{d-2}``.

    Composite Gauss-Legendre on uniform panels: the narrowest peak of an integrand (d = 400) is half a panel
    wide, 16 nodes a panel.
    """
    nodes, weights = np.polynomial.legendre.leggauss(order)
    edges = np.linspace(0, math.pi, panels + 1)
    half = np.diff(edges)[:, None] / 2
    angles = (edges[:-1, None] + half * (1 + nodes)).ravel()
    log_density = (dimension - 2) * np.log(np.sin(angles)) - betaln((dimension - 1) / 2, 0.5)
    return angles, log_density + np.log((half * weights).ravel())


def log_variance_cosine(dimension: int) -> float:
    """log variance of the gradient of E(cos(2 pi theta.x) - f_w)^2 in theta, |theta|^2 = d, w uniform on the sphere.

    ``Var = 32 pi^4 E[2 d (1-c) e^{-8 pi^2 d (1-c)}] - |mean|^2``, ``|mean| = 8 pi^2 sqrt(d) E[(1-c) e^{-4
    pi^2 d (1-c)}]``.
    """
    angles, log_weights = angle_quadrature(dimension)
    versine = 2 * np.sin(angles / 2) ** 2
    scale = FOUR_PI2 * dimension
    second = math.log(32 * math.pi**4 * 2 * dimension) + logsumexp(log_weights + np.log(versine) - 2 * scale * versine)
    mean = math.log(8 * math.pi**2 * math.sqrt(dimension)) + logsumexp(log_weights + np.log(versine) - scale * versine)
    return float(second + np.log1p(-np.exp(2 * mean - second)))


def log_variance_relu(dimension: int) -> float:
    """log variance over the class of the gradient of one ReLU neuron ``a relu(u.x)`` with a = |u| = 1.

    ``Var = 4 E[e^{-4 pi^2 d sin^2}(2 Er^2 + 4 pi^2 d sin^2 Es^2)]`` with ``k = 2 pi sqrt(d) c``, ``Es =
    Dawson(k/sqrt 2)/sqrt pi`` and ``Er = 1/sqrt(2 pi) - k Es``.
    """
    angles, log_weights = angle_quadrature(dimension)
    k = 2 * math.pi * math.sqrt(dimension) * np.cos(angles)
    sine = dawsn(k / math.sqrt(2)) / math.sqrt(math.pi)
    ramp = 1 / math.sqrt(2 * math.pi) - k * sine
    crossing = FOUR_PI2 * dimension * np.sin(angles) ** 2
    return float(math.log(4) + logsumexp(log_weights - crossing + np.log(2 * ramp**2 + crossing * sine**2)))


def saddle_cosine() -> float:
    """``max_y [log(y)/2 - 8 pi^2 (1 - sqrt(1-y))]``, the rate of :func:`log_variance_cosine` per dimension."""
    # Stationary: sqrt(1-y)/y = 8 pi^2, a quadratic in sqrt(1-y).
    scale = 8 * math.pi**2
    root = (-1 + math.sqrt(1 + 4 * scale**2)) / (2 * scale)
    return 0.5 * math.log1p(-(root**2)) - scale * (1 - root)


def saddle_relu() -> float:
    """``max_y [log(y)/2 - 4 pi^2 y] = -(log(8 pi^2) + 1)/2``, the rate of :func:`log_variance_relu` per dimension."""
    return -(math.log(8 * math.pi**2) + 1) / 2


def frequency_reach(dimension: int, coordinates: int) -> float:
    """``|xi|_1`` of the rescaled frequency ``xi = 2 pi sqrt(d) w``, w of length sqrt(d) spread evenly over
    some coordinates."""
    return 2 * math.pi * dimension * math.sqrt(coordinates)


def barron_bound(dimension: int, coordinates: int) -> float:
    """Upper bound of the Barron norm of the cosine neuron on the sphere of radius sqrt(d), rescaled to [-1, 1]^d.

    ``2 |xi|_1^2 + 2 |f(0)|`` with ``xi = 2 pi sqrt(d) w`` and w the direction times sqrt(d) (equation 8 of
    the lecture).
    """
    return 2 * frequency_reach(dimension, coordinates) ** 2 + 2


def ridge_path_norm(dimension: int, coordinates: int) -> float:
    """Path norm of an explicit network for the cosine neuron on [-1, 1]^d, from ``cos z = 1 - int_0^R
    cos(s)(|z| - s)_+ ds``.

    One pair of ReLUs with weights ``+-xi`` and bias ``-s`` for each s up to R = |xi|_1: norm
    ``1 + 2 int_0^R |cos s| (R + s) ds``.
    """
    reach = frequency_reach(dimension, coordinates)
    nodes, weights = np.polynomial.legendre.leggauss(8)
    # One panel for each half period, so that |cos| is smooth inside a panel.
    edges = np.concatenate(([0.0], np.arange(0.5, reach / math.pi) * math.pi, [reach]))
    half = np.diff(edges)[:, None] / 2
    points = edges[:-1, None] + half * (1 + nodes)
    return float(1 + 2 * (half * weights * np.abs(np.cos(points)) * (reach + points)).sum())
