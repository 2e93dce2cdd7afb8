"""Superorthogonal polynomials (Proposition 13): E[f^k h_l] = 0 for 1 <= k <= K, 1 <= l <= L, with E f = 0 and f != 0.

k = 1 says that f has no h_1..h_L. The condition (k, l) = (2, 2) is a quadratic form of the coefficients c that keeps
the parities apart, Q_ij = E[h_i (x^2 - 1) h_j] = sqrt 2 E[h_i h_2 h_j]: tridiagonal in steps of two, with 2i on the
diagonal and sqrt(i (i-1)) beside it. Its pivots are rational,

    d_i = 2i - i (i-1) / d_{i-2},

and as many of them are negative as Q has negative directions. Where all are positive nothing but f = 0 satisfies the
condition, whatever K >= 2. Where K = 2 and L <= 3 no other condition is left for a polynomial of one parity, so that
the first pivot that is not positive decides: below that degree in both parities there is none of mixed parity either,
since E[f^2 h_2] = Q(even part) + Q(odd part).

For K = 3 a condition (3, l) is a cubic form T. Where Q has one negative direction the vectors with Q(c) = 0 are, up to
scale, those of a sphere, and a T with one strict sign on it excludes the degree (:func:`excluded`, in ball arithmetic).

Other conditions (K = 3) are solved numerically, and a polynomial is accepted when interval Newton (Krawczyk's test, in
ball arithmetic with exact moments E x^{2n} = (2n-1)!!) proves that an exact solution lies within a certified distance.
A degree at which neither argument decides is undecided.
"""

import math
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from learnability.hermite.basis import gauss_hermite, hermite_basis

# Starts of the numerical solution, and the scaled residual below which one is handed to the certificate.
_STARTS = 8
_SOLVED = 1e-8
# Bits, and intervals of a line, of the proof that a cubic condition has no zero.
_BITS = 400
_INTERVALS = 1000


class Outcome(IntEnum):
    """What is known of a degree in one parity; codes of the study's own, beside those of a run's status."""

    EXISTS = 16
    IMPOSSIBLE = 17
    UNDECIDED = 18


def active_conditions(powers: int, degrees: int, parity: int) -> list[tuple[int, int]]:
    """The pairs (k, l) with 2 <= k <= K and 1 <= l <= L that parity does not satisfy by itself: f^k h_l is even."""
    return [(k, ell) for k in range(2, powers + 1) for ell in range(1, degrees + 1) if (k * parity + ell) % 2 == 0]


def free_degrees(degrees: int, parity: int, degree: int) -> list[int]:
    """Hermite degrees above L of the given parity, up to ``degree``; degree 0 is left out since E f = 0."""
    return [i for i in range(degrees + 1, degree + 1) if i % 2 == parity]


def pivots(degrees: int, parity: int, degree: int) -> list[Fraction]:
    """The pivots d_i of Q over the free degrees, exact: Q = L D L^T in the basis He_i."""
    found: list[Fraction] = []
    for i in free_degrees(degrees, parity, degree):
        found.append(Fraction(2 * i) - (Fraction(i * (i - 1)) / found[-1] if found else 0))
    return found


def least_degree(degrees: int, parity: int, limit: int = 200) -> int:
    """The least degree at which Q takes both signs, certified by rational pivots; for L >= 2.

    For K = 2 and L = 2, 3 it is the least degree of a superorthogonal polynomial of this parity; for larger K or L a
    lower bound. Raises ValueError where there is none up to ``limit``.
    """
    for degree, pivot in zip(free_degrees(degrees, parity, limit), pivots(degrees, parity, limit), strict=True):
        if pivot <= 0:
            return degree
    raise ValueError(f"no degree up to {limit}")


def quadratic_form(degrees: int, parity: int, degree: int) -> np.ndarray:
    """Q_ij = E[h_i (x^2 - 1) h_j] over the free degrees."""
    free = np.array(free_degrees(degrees, parity, degree), dtype=float)
    beside = np.sqrt(free[1:] * (free[1:] - 1))
    return np.diag(2 * free) + np.diag(beside, 1) + np.diag(beside, -1)


def least_eigenvalue(degree: int, parity: int, degrees: int = 2) -> float:
    """The least eigenvalue of Q, for the figure: its sign is that of the pivots."""
    return float(np.linalg.eigvalsh(quadratic_form(degrees, parity, degree))[0])


def triple_mean(i: int, j: int, k: int) -> float:
    """E[h_i h_j h_k] = sqrt(i! j! k!) / ((s-i)! (s-j)! (s-k)!), s = (i+j+k)/2; 0 where s is none or too small."""
    total = i + j + k
    s = total // 2
    if total % 2 or s < max(i, j, k):
        return 0.0
    log = math.lgamma
    above = 0.5 * (log(i + 1) + log(j + 1) + log(k + 1))
    return math.exp(above - log(s - i + 1) - log(s - j + 1) - log(s - k + 1))


def form(free: list[int], power: int, ell: int) -> np.ndarray:
    """The symmetric tensor of E[f^k h_l] over the free degrees, k = 2 or 3; its entries are not negative."""
    if power == 2:
        return np.array([[triple_mean(i, j, ell) for j in free] for i in free])
    middle = range(2 * max(free) + 1)
    pairs = np.array([[[triple_mean(i, j, m) for m in middle] for j in free] for i in free])
    others = np.array([[triple_mean(k, ell, m) for m in middle] for k in free])
    return np.asarray(np.einsum("ijm,km->ijk", pairs, others))


def _contract(tensor: np.ndarray, c: np.ndarray, slots: int) -> np.ndarray:
    for _ in range(slots):
        tensor = tensor @ c
    return tensor


def scaled_residual(tensors: list[np.ndarray], c: np.ndarray) -> np.ndarray:
    """E[f^k h_l] over the same sum with all terms positive: 1 where nothing cancels, whatever the size of f^k."""
    return np.array([float(_contract(t, c, t.ndim) / _contract(t, np.abs(c), t.ndim)) for t in tensors])


def numerical_solution(tensors: list[np.ndarray], rng: np.random.Generator) -> np.ndarray | None:
    """Unit coefficients with a scaled residual below 1e-8, those of the first start that gets there; else None."""
    from scipy.optimize import least_squares

    def residuals(c: np.ndarray) -> np.ndarray:
        return np.array([*scaled_residual(tensors, c), c @ c - 1])

    for _ in range(_STARTS):
        start = rng.standard_normal(tensors[0].shape[0])
        found = least_squares(residuals, start / np.linalg.norm(start), xtol=1e-15, ftol=1e-15, gtol=1e-15)
        if np.abs(scaled_residual(tensors, found.x)).max() < _SOLVED:
            return np.asarray(found.x / np.linalg.norm(found.x))
    return None


@dataclass(frozen=True)
class Certificate:
    """An exact solution lies within ``radius`` of ``coefficients`` (decimal text) in every entry.

    ``kurtosis`` encloses E f^4 / (E f^2)^2 of the exact solution.
    """

    coefficients: list[str]
    radius: float
    kurtosis: tuple[float, float]


class _Conditions:
    """E[f^k h_l] and its derivatives in ball arithmetic, from exact moments."""

    def __init__(self, powers: int, degrees: int, parity: int, degree: int) -> None:
        import flint

        self.arb, self.poly = flint.arb, flint.arb_poly
        self.free, self.active = (
            free_degrees(degrees, parity, degree),
            active_conditions(powers, degrees, parity),
        )
        table = [flint.arb_poly([1]), flint.arb_poly([0, 1])]
        x = table[1]
        for k in range(1, max(degree, degrees)):
            table.append((x * table[k] - self.arb(k).sqrt() * table[k - 1]) * (1 / self.arb(k + 1).sqrt()))
        self.table = table
        moments, odd = [self.arb(1)], self.arb(1)
        for n in range(1, max(powers + 1, 4) * degree // 2 + degrees + 2):
            odd *= 2 * n - 1
            moments.append(odd)
        self.moments = moments

    def mean(self, polynomial: Any) -> Any:
        """E of a polynomial of a standard normal number."""
        return sum((polynomial[2 * n] * self.moments[n] for n in range(polynomial.degree() // 2 + 1)), self.arb(0))

    def function(self, c: list[Any]) -> Any:
        return sum((value * self.table[i] for value, i in zip(c, self.free, strict=True)), self.poly([0]))

    def values(self, c: list[Any]) -> list[Any]:
        f = self.function(c)
        return [self.mean(f**k * self.table[ell]) for k, ell in self.active]

    def derivatives(self, c: list[Any], moving: list[int]) -> list[list[Any]]:
        """The Jacobian (condition, moving entry)."""
        f = self.function(c)
        rows = [k * f ** (k - 1) * self.table[ell] for k, ell in self.active]
        return [[self.mean(row * self.table[self.free[j]]) for j in moving] for row in rows]


def certify(powers: int, degrees: int, parity: int, degree: int, c: np.ndarray, digits: int) -> Certificate | None:
    """Newton from ``c`` in multiprecision, then Krawczyk's test on a box of radius 10^-digits; None where it fails.

    As many entries as there are conditions move, the others stay at their decimals: those whose columns of the
    Jacobian are best conditioned.
    """
    import flint
    from scipy.linalg import qr

    with flint.ctx.workprec(int(8 * digits) + 400):
        system = _Conditions(powers, degrees, parity, degree)
        point = [flint.arb(float(value)) for value in c]
        every = list(range(len(c)))
        slope = np.array([[float(v.mid()) for v in row] for row in system.derivatives(point, every)])
        slope /= np.abs(slope).max(1, keepdims=True)
        moving = [int(j) for j in qr(slope, pivoting=True, mode="r")[1][: len(system.active)]]
        for _ in range(12):
            jacobian = flint.arb_mat(system.derivatives(point, moving))
            step = jacobian.mid().inv() * flint.arb_mat([[v] for v in system.values(point)])
            for row, j in enumerate(moving):
                point[j] = (point[j] - step[row, 0]).mid()
        radius = flint.arb(10) ** (-digits)
        box = list(point)
        for j in moving:
            box[j] = point[j] + flint.arb(0, 1) * radius
        inverse = flint.arb_mat(system.derivatives(point, moving)).mid().inv().mid()
        values = flint.arb_mat([[v] for v in system.values(point)])
        identity = flint.arb_mat([[int(i == j) for j in moving] for i in moving])
        spread = flint.arb_mat([[box[j] - point[j]] for j in moving])
        image = (identity - inverse * flint.arb_mat(system.derivatives(box, moving))) * spread - inverse * values
        if not all(abs(image[row, 0]) < radius for row in range(len(moving))):
            return None
        square = system.function(box) ** 2
        kurtosis = system.mean(square**2) / system.mean(square) ** 2
        text = [value.str(digits, radius=False) for value in point]
        ends = float(kurtosis.lower()), float(kurtosis.upper())
    return Certificate(text, 10.0**-digits, ends)


def excluded(powers: int, degrees: int, parity: int, degree: int) -> bool:
    """Whether some cubic condition T(c) = E[f^3 h_l] is proved to have no zero c != 0 with Q(c) = 0.

    Where Q has one negative direction, write c = S (t, z) with S such that Q(c) is about -t^2 + |z|^2: Q(c) = 0 leaves
    t != 0 and, at t = 1, |z| <= rho with rho just above 1. With s the coordinate of z along the derivative of T at
    z = 0 and r across it, |r|^2 <= rho^2 - s^2, T is a cubic of s and terms in r, which are bounded by the norms of
    their coefficients. S is made of floats and taken as exact; what it does to Q and T is enclosed.
    """
    import flint

    values, vectors = np.linalg.eigh(quadratic_form(degrees, parity, degree))
    if len(values) < 3 or not values[0] < 0 < values[1]:
        return False
    first, others = vectors[:, 0], vectors[:, 1:] * np.sqrt(-values[0] / values[1:])
    with flint.ctx.workprec(_BITS):
        system = _Conditions(powers, degrees, parity, degree)
        for power, ell in system.active:
            if power != 3:
                continue
            slope = others.T @ _contract(form(system.free, 3, ell), first, 2)
            turned = others @ np.linalg.qr(np.column_stack([slope, np.eye(len(slope))]))[0]
            functions = [system.function([flint.arb(float(v)) for v in c]) for c in (first, *turned.T)]
            radius = _sphere_radius(system, functions)
            if radius is not None and _one_sign(system, functions, ell, radius):
                return True
    return False


def _sphere_radius(system: "_Conditions", functions: list[Any]) -> Any:
    """rho such that Q(g_0 + sum_i z_i g_i) = 0 has |z| <= rho, where Q > 0 on the span of the g_i; None if unproved.

    Q is -a on g_0, and on the others at least p |z|^2 by Gershgorin's circles: a + 2 |q| |z| >= p |z|^2.
    """
    weight = system.poly([-1, 0, 1])
    q = [[system.mean(f * weight * g) for g in functions] for f in functions]
    a, mixed = -q[0][0], _norm(q[0][1:])
    least = [q[i][i] - sum(abs(v) for j, v in enumerate(q[i][1:], 1) if j != i) for i in range(1, len(q))]
    p = min(least, key=lambda v: float(v.lower())).lower()
    return (mixed + (mixed**2 + p * a).sqrt()) / p if a > 0 and p > 0 else None


def _norm(values: list[Any]) -> Any:
    """An upper bound of the Euclidean norm; squares of balls around 0 would have no root."""
    return sum((abs(v).upper() ** 2 for v in values), 0 * values[0]).sqrt().upper()


def _one_sign(system: "_Conditions", functions: list[Any], ell: int, radius: Any) -> bool:
    """Whether E[f^3 h_l] has one strict sign for f = g_0 + s g_1 + sum_i r_i g_i, s^2 + |r|^2 <= radius^2."""
    across = range(2, len(functions))

    def t(i: int, j: int, k: int) -> Any:
        return system.mean(functions[i] * functions[j] * functions[k] * system.table[ell])

    line = [t(0, 0, 0), 3 * t(0, 0, 1), 3 * t(0, 1, 1), t(1, 1, 1)]
    sign = 1 if line[0] > 0 else -1
    once = [[t(i, j, k) for k in across] for i, j in ((0, 0), (0, 1), (1, 1))]
    twice = [[t(i, j, k) for j in across for k in across] for i in (0, 1)]
    thrice = _norm([t(i, j, k) for i in across for j in across for k in across])
    end = float(radius.upper())
    for s_low, s_high in pairwise(np.linspace(-end, end, _INTERVALS + 1).tolist()):
        s = system.arb((s_low + s_high) / 2, (s_high - s_low) * 0.5000001)
        room = (radius**2 - s * s).upper()
        w = room.sqrt() if room > 0 else system.arb(0)
        main = line[0] + s * (line[1] + s * (line[2] + s * line[3]))
        rest = 3 * w * _norm([a + 2 * s * b + s * s * c for a, b, c in zip(*once, strict=True)])
        rest += 3 * w**2 * _norm([a + s * b for a, b in zip(*twice, strict=True)]) + w**3 * thrice
        if not sign * main > rest:
            return False
    return True


@dataclass(frozen=True)
class Decision:
    """What is known of polynomials of one parity and degree at most ``degree``.

    ``scaled_residual`` is that of the numerical solution, NaN where none was found or looked for.
    """

    outcome: Outcome
    certificate: Certificate | None
    scaled_residual: float


def decide(powers: int, degrees: int, parity: int, degree: int, digits: int, rng: np.random.Generator) -> Decision:
    """Whether superorthogonal polynomials of this parity and degree exist: by pivots, by a cubic condition
    without a zero, else by interval Newton.

    K = 2 or 3, L >= 2.
    """
    if all(pivot > 0 for pivot in pivots(degrees, parity, degree)):
        return Decision(Outcome.IMPOSSIBLE, None, math.nan)
    if excluded(powers, degrees, parity, degree):
        return Decision(Outcome.IMPOSSIBLE, None, math.nan)
    free = free_degrees(degrees, parity, degree)
    tensors = [form(free, k, ell) for k, ell in active_conditions(powers, degrees, parity)]
    c = numerical_solution(tensors, rng)
    if c is None:
        return Decision(Outcome.UNDECIDED, None, math.nan)
    certificate = certify(powers, degrees, parity, degree, c, digits)
    outcome = Outcome.UNDECIDED if certificate is None else Outcome.EXISTS
    return Decision(outcome, certificate, float(np.abs(scaled_residual(tensors, c)).max()))


def cancellation(powers: int, degrees: int, parity: int, coefficients: list[str], degree: int) -> float:
    """The largest |E[f^k h_l]| / E|f^k h_l| of the active conditions, by quadrature in float64."""
    x, weights = gauss_hermite((powers * degree + degrees) // 2 + 2)
    basis = hermite_basis(x, degree)
    f = basis[:, free_degrees(degrees, parity, degree)] @ np.array([float(v) for v in coefficients])
    pairs = active_conditions(powers, degrees, parity)
    return max(
        float(abs(weights @ (f**k * basis[:, ell])) / (weights @ np.abs(f**k * basis[:, ell]))) for k, ell in pairs
    )
