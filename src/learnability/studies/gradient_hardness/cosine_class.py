"""Cosine neurons ``cos(2 pi w.x)``, |w| = sqrt(d): inner products under N(0, I) and on the sphere, packings and
SQ dimensions, gradient variance, Barron norm.

Everything is a number of the size e^{-cd}, so everything is a logarithm. t and c are cosines of angles
between frequencies.
"""

import math
from collections.abc import Callable

import flint
import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, betaln, dawsn, gammaln, hankel1, logsumexp

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
    none will do.

    ``cosh(s c) = cosh(s)/count^2`` with ``s = 4 pi^2 d``, solved in closed form.
    """
    scale = FOUR_PI2 * dimension
    level = scale - math.log(2) + math.log1p(math.exp(-2 * scale)) - 2 * math.log(count)
    if level < 0:
        return 0.0
    return min(1.0, (level + math.log1p(math.sqrt(-math.expm1(-2 * level)))) / scale)


def planar_sq_dimension() -> int:
    """The SQ dimension at d = 2, proved in ball arithmetic.

    Of n lines in the plane two are at an angle of at most pi/n, and n lines at multiples of pi/n attain it. So n
    cosines do if and only if ``n^2 cosh(8 pi^2 cos(pi/n)) <= cosh(8 pi^2)``; the left side grows with n, so the first n
    that fails ends the search. Both sides are compared as balls of 200 bits; ArithmeticError if they overlap.
    """
    precision, flint.ctx.prec = flint.ctx.prec, 200
    try:
        scale, count = 8 * flint.arb.pi() ** 2, 1
        bound = scale.cosh()
        while True:
            needed = (count + 1) ** 2 * (scale * (flint.arb.pi() / (count + 1)).cos()).cosh()
            if needed > bound:
                return count
            if not needed <= bound:
                raise ArithmeticError(f"200 bits do not decide whether {count + 1} cosines fit in the plane")
            count += 1
    finally:
        flint.ctx.prec = precision


def greedy_packing(dimension: int, candidates: int, limit: int, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Lines (n, d) of a packing that certifies an SQ dimension of at least n, and whether n is the search's ``limit``.

    Lines are drawn and kept while they stay far enough apart. The allowed cosine depends on the final number n, so n
    grows until ``candidates`` draws no longer yield n lines, by bisection over n to two per cent.
    """
    draws = rng.standard_normal((candidates, dimension))
    draws /= np.linalg.norm(draws, axis=1, keepdims=True)
    best, low, high = draws[:1], 1, 2
    while True:
        found = _packed(draws, high, largest_cosine(high, dimension))
        if len(found) < high:
            break
        best, low = found, high
        if low == limit:
            return best, True
        high = min(limit, 2 * high)
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        found = _packed(draws, middle, largest_cosine(middle, dimension))
        if len(found) == middle:
            best, low = found, middle
        else:
            high = middle
    return best, False


def _packed(draws: np.ndarray, wanted: int, cosine: float) -> np.ndarray:
    """The lines that a greedy pass over the draws finds at |cosine| at most ``cosine``, up to ``wanted`` of them."""
    # A margin far above rounding, so that the lines are a certificate.
    cosine -= 1e-12
    kept = np.empty((wanted, draws.shape[1]))
    count = 0
    for chunk in np.array_split(draws, max(1, len(draws) // 256)):
        free = chunk[(np.abs(chunk @ kept[:count].T) <= cosine).all(1)]
        for line in free:
            if (np.abs(kept[:count] @ line) <= cosine).all():
                kept[count] = line
                count += 1
                if count == wanted:
                    return kept
    return kept[:count]


# Lower bounds of the SQ dimension at one d
# -------------------------------------------------------------------------------------------


def log_cap(cosine: float, dimension: int) -> float:
    """log of the probability that a uniform line has |cosine| above ``cosine`` with a given one:
    ``I_{1-t^2}((d-1)/2, 1/2)``."""
    with np.errstate(divide="ignore"):
        return float(np.log(betainc((dimension - 1) / 2, 0.5, 1 - cosine**2)))


def log_sq_bound(dimension: int, log_inner: Callable[[float, int], float]) -> float:
    """log of a proved lower bound of the SQ dimension: lines are added while caps leave room.

    ``log_inner(t, d)`` bounds the log of every normalised inner product at |cosine| <= t. As long as ``n P(|cosine| >
    t) < 1`` one more line fits, so ``n >= 1/P``; and n functions need inner products of at most 1/n^2. The better t
    balances both. The value holds at the t that was found, however well it was found.
    """

    def logs(cosine: float) -> tuple[float, float]:
        return -log_cap(cosine, dimension), -log_inner(cosine, dimension) / 2

    def excess(cosine: float) -> float:
        room, orthogonal = logs(cosine)
        return float(np.clip(room - orthogonal, -1e6, 1e6))

    if excess(0.0) > 0:
        return max(0.0, min(logs(0.0)))
    return max(0.0, min(logs(float(brentq(excess, 0.0, 1 - 1e-12)))))


def log_lecture_bound(dimension: int) -> float:
    """log of the n of the lecture's own construction: uniform lines with |cosine| at most ``t = d^{-1/4}``.

    The union bound over n^2/2 pairs, each with the exact probability of a cap in place of ``2 e^{-C d t^2}``, is at
    most 1/2 for ``n = P^{-1/2}``; the inner product at t must be at most 1/n^2.
    """
    cosine = float(dimension) ** -0.25
    return min(-log_cap(cosine, dimension) / 2, -float(log_inner_product(cosine, dimension)) / 2)


def log_inner_product_sphere(cosine: float, dimension: int) -> float:
    """log of a bound of the normalised inner products at |cosine| <= ``cosine`` for x uniform on the sphere of radius
    sqrt(d).

    ``E cos(k.x) = phi(|k| sqrt(d))``, ``phi(r) = Gamma(nu+1) (2/r)^nu J_nu(r)``, nu = d/2 - 1, and the inner product
    is ``(phi(r_-) + phi(r_+)) / (1 + phi(4 pi d))``, ``r_-+ = 2 pi d sqrt(2 (1 -+ c))``. J oscillates, so it is
    replaced by ``|J + i Y|``, which falls in r (Nicholson).
    """
    nu = dimension / 2 - 1

    def envelope(radius: float) -> float:
        log_power = gammaln(nu + 1) + nu * math.log(2 / radius)
        return float(log_power + np.log(np.abs(hankel1(nu, radius))))

    near, far = (envelope(2 * math.pi * dimension * math.sqrt(2 * (1 + sign * cosine))) for sign in (-1, 1))
    return float(np.logaddexp(near, far) - math.log1p(-math.exp(envelope(4 * math.pi * dimension))))


# Fourier coefficients c_k of periodic links phi(t) = sum_k c_k cos(2 pi k t) of mean zero, k odd.
PERIODIC_LINKS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "triangle": lambda k: 1.0 / k**2,
    "square": lambda k: np.where(k % 4 == 1, 1.0, -1.0) / k,
}


def log_inner_product_periodic(link: str, cosine: float, dimension: int, terms: int = 60) -> float:
    """The same under N(0, I) for ``phi(w.x)`` with a periodic link in place of the cosine.

    ``sum_{k,l} |c_k c_l| e^{-2 pi^2 d (k^2 + l^2)} cosh(4 pi^2 d k l t)`` over the norm. The term (k, l) is at most
    ``e^{-2 pi^2 d ((k-l)^2 + 2 k l (1-t))}``: what 60 odd k leave out at (1-t) d > 1e-3 is below e^{-500} of the first.
    """
    k = 2.0 * np.arange(terms) + 1
    log_coefficients = np.log(np.abs(PERIODIC_LINKS[link](k)))
    log_products = log_coefficients[:, None] + log_coefficients
    scale, squares = FOUR_PI2 * dimension, (k[:, None] ** 2 + k**2) / 2
    grid = k[:, None] * k

    def total(t: float) -> np.ndarray:
        return log_products - scale * squares + np.logaddexp(scale * grid * t, -scale * grid * t)

    # Other pairs (k, l) lower the norm by their size at most.
    same = np.eye(terms, dtype=bool)
    at_one = total(1.0)
    rest = logsumexp(at_one[~same]) - logsumexp(at_one[same])
    return float(logsumexp(total(cosine)) - logsumexp(at_one[same]) - math.log1p(-math.exp(rest)))


def packing_gram(lines: np.ndarray) -> np.ndarray:
    """Gram matrix (n, n) of the normalised cosine neurons on the lines (n, d)."""
    gram = np.exp(log_inner_product(np.clip(lines @ lines.T, -1, 1), lines.shape[1]))
    np.fill_diagonal(gram, 1)
    return gram


def largest_packing_variance(lines: np.ndarray) -> float:
    """Largest variance over the packing, uniform on its n functions, of the gradient of E(h - f)^2 for E|grad h|^2 = 1.

    ``grad R_f = const - 2 <f, grad h>``; over all grad h of norm one the variance of ``2 <f, grad h>`` is largest at
    ``(4/n) lambda_max(C G C)``, G the Gram matrix and C the projection that takes away the mean.
    """
    gram = packing_gram(lines)
    centred = gram - gram.mean(0) - gram.mean(1)[:, None] + gram.mean()
    return float(4 / len(lines) * np.linalg.eigvalsh(centred)[-1])


def relu_packing_variance(lines: np.ndarray) -> float:
    """Upper bound of the same for one ReLU neuron along the first line, scaled to E|grad h|^2 = 1: its second moment.

    By the terms of :func:`log_variance_relu`, twice each for the norm of the cosine, over ``E|grad h|^2 = (d+1)/2``.
    """
    dimension = lines.shape[1]
    cosines = lines @ lines[0]
    k = 2 * math.pi * math.sqrt(dimension) * cosines
    sine = dawsn(k / math.sqrt(2)) / math.sqrt(math.pi)
    ramp = 1 / math.sqrt(2 * math.pi) - k * sine
    crossing = FOUR_PI2 * dimension * np.clip(1 - cosines**2, 0, None)
    squares = 2 * np.exp(-crossing) * (2 * ramp**2 + crossing * sine**2)
    return float(4 * squares.mean() / ((dimension + 1) / 2))


def union_bound_rate() -> float:
    """log n per dimension that the union bound proves: ``n = e^{d t^2/4}`` with ``4 pi^2 (1 - t) = 2
    (t^2/4)`` as d grows."""
    cosine = brentq(lambda t: FOUR_PI2 * (1 - t) - t * t / 2, 0.5, 1.0)
    return float(cosine**2 / 4)


def cap_bound_rate() -> float:
    """log n per dimension from covering by caps: ``n = (1 - t^2)^{-d/2}`` with ``4 pi^2 (1 - t) = -log(1 - t^2)``."""
    cosine = brentq(lambda t: FOUR_PI2 * (1 - t) + math.log1p(-t * t), 0.5, 1 - 1e-6)
    return float(-0.5 * math.log1p(-(cosine**2)))


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


def barron_lower_bound(dimension: int, coordinates: int) -> float:
    """Lower bound of the path norm of any two-layer ReLU network for the same function on [-1, 1]^d.

    On the line ``x = s sign(w)`` the function is ``cos(R s)``, R = |xi|_1, and a neuron ``a relu(u.x + b)`` is a ramp
    whose slope jumps by at most ``|a| |u|_1``. So the path norm is at least the total variation of the derivative,
    ``int_{-1}^1 R^2 |cos(R s)| ds = 2 R int_0^R |cos|``; this holds for limits of networks, so for the Barron norm.
    """
    reach = frequency_reach(dimension, coordinates)
    periods, rest = divmod(reach, math.pi)
    return 2 * reach * (2 * periods + (math.sin(rest) if rest <= math.pi / 2 else 2 - math.sin(rest)))


def ridge_path_norm(reach: float) -> float:
    """Path norm of an explicit network for ``cos(xi.x)`` where |xi.x| <= ``reach`` = |xi|_1.

    From ``cos z = 1 - int_0^R cos(s)(|z| - s)_+ ds``: one pair of ReLUs with weights ``+-xi`` and bias ``-s`` for each
    s up to R: norm ``1 + 2 int_0^R |cos s| (R + s) ds``.
    """
    nodes, weights = np.polynomial.legendre.leggauss(8)
    # One panel for each half period, so that |cos| is smooth inside a panel.
    edges = np.concatenate(([0.0], np.arange(0.5, reach / math.pi) * math.pi, [reach]))
    half = np.diff(edges)[:, None] / 2
    points = edges[:-1, None] + half * (1 + nodes)
    return float(1 + 2 * (half * weights * np.abs(np.cos(points)) * (reach + points)).sum())
