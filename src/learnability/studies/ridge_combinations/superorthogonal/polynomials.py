"""Superorthogonal polynomials (Proposition 13): E[f^k h_l] = 0 for 1 <= k <= K, 1 <= l <= L, E f = 0, E f^2 = 1.

Polynomials of one parity. k = 1 says that f has no h_1..h_L; the others are solved by least squares in float64 with
Christoffel weights and then by Gauss-Newton in multiprecision on exact moments E x^{2n} = (2n-1)!!.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from learnability.hermite.basis import gauss_hermite, hermite_basis


def active_conditions(powers: int, degrees: int, parity: int) -> list[tuple[int, int]]:
    """The pairs (k, l) with 2 <= k <= K and 1 <= l <= L that parity does not satisfy by itself: f^k h_l is even."""
    return [(k, ell) for k in range(2, powers + 1) for ell in range(1, degrees + 1) if (k * parity + ell) % 2 == 0]


def free_degrees(degrees: int, parity: int, degree: int) -> list[int]:
    """Hermite degrees above L of the given parity, up to ``degree``; degree 0 is left out since E f = 0."""
    return [i for i in range(degrees + 1, degree + 1) if i % 2 == parity]


def least_eigenvalue(degree: int, parity: int, degrees: int = 2) -> float:
    """The least eigenvalue of Q_ij = E[h_i (x^2 - 1) h_j] over the free degrees, for K = 2 and L = 2 or 3.

    The only condition left is E[f^2 h_2] = 0, so that f exists if and only if Q takes both signs: iff this is <= 0.
    """
    return float(np.linalg.eigvalsh(_quadratic_form(degrees, degree, parity))[0])


def minimal_degree(parity: int, degrees: int = 2, limit: int = 60) -> int:
    """The least degree of a superorthogonal polynomial for K = 2 and L = ``degrees`` in (2, 3), in one parity."""
    for degree in range(degrees + 2, limit):
        if degree % 2 == parity and least_eigenvalue(degree, parity, degrees) <= 0:
            return degree
    raise ValueError(f"no degree below {limit}")


@dataclass(frozen=True)
class Solution:
    """Coefficients on the free degrees (decimal text), the largest residual, E f^4, and the float64 residual before."""

    coefficients: list[str]
    residual: float
    start_residual: float
    fourth_moment: float


def _quadratic_form(degrees: int, degree: int, parity: int) -> np.ndarray:
    """Q_ij = E[h_i (x^2 - 1) h_j] over the free degrees, by quadrature that is exact for it."""
    free = free_degrees(degrees, parity, degree)
    x, weights = gauss_hermite(degree + 3)
    basis = hermite_basis(x, degree)[:, free]
    return np.asarray(basis.T @ (basis * (weights * (x**2 - 1))[:, None]))


def _isotropic_vector(form: np.ndarray) -> np.ndarray:
    """A unit vector c with c^T Q c = 0, from the extreme eigenvectors of a form that takes both signs."""
    values, vectors = np.linalg.eigh(form)
    low, high = values[0], values[-1]
    return (np.sqrt(high) * vectors[:, 0] + np.sqrt(max(-low, 0.0)) * vectors[:, -1]) / np.sqrt(high - min(low, 0.0))


def _least_squares_start(
    powers: int, degrees: int, free: list[int], parity: int, rng: np.random.Generator
) -> np.ndarray:
    """Least squares in float64 from random starts; the best vector found."""
    from scipy.optimize import least_squares

    x, weights = gauss_hermite((powers * max(free) + degrees) // 2 + 2)
    basis = hermite_basis(x, max(free))
    active = active_conditions(powers, degrees, parity)

    def residuals(c: np.ndarray) -> np.ndarray:
        f = basis[:, free] @ c
        scaled = [weights @ (f**k * basis[:, ell]) / np.sqrt(weights @ f ** (2 * k)) for k, ell in active]
        return np.array([*scaled, c @ c - 1])

    best, best_size = np.zeros(len(free)), np.inf
    for _ in range(40):
        start = rng.standard_normal(len(free))
        found = least_squares(residuals, start / np.linalg.norm(start), xtol=1e-15, ftol=1e-15, gtol=1e-15)
        size = float(np.abs(found.fun).max())
        if size < best_size:
            best, best_size = found.x, size
        if best_size < 1e-11:
            break
    return best


def _hermite_table(mp: Any, top: int) -> list[list[Any]]:
    """Monomial coefficients of h_0..h_top in multiprecision."""
    table = [[mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]]
    for k in range(1, top):
        raised = [mp.mpf(0), *table[k]]
        lowered = table[k - 1] + [mp.mpf(0)] * 2
        root, norm = mp.sqrt(k), mp.sqrt(k + 1)
        table.append([(a - root * b) / norm for a, b in zip(raised, lowered, strict=True)])
    return table


def _product(mp: Any, p: list[Any], q: list[Any]) -> list[Any]:
    result = [mp.mpf(0)] * (len(p) + len(q) - 1)
    for i, a in enumerate(p):
        if a:
            for j, b in enumerate(q):
                result[i + j] += a * b
    return result


class _System:
    """Residuals and Jacobian of the conditions in multiprecision."""

    def __init__(self, mp: Any, powers: int, degrees: int, free: list[int], parity: int) -> None:
        self.mp, self.powers, self.free = mp, powers, free
        self.active = active_conditions(powers, degrees, parity)
        self.table = _hermite_table(mp, max(free))
        longest = 2 * powers * max(free) + degrees + 1
        self.moments = [mp.fac2(n - 1) if n % 2 == 0 else mp.mpf(0) for n in range(max(longest, 4 * max(free)) + 1)]

    def powers_of(self, c: list[Any]) -> list[list[Any]]:
        f = [self.mp.mpf(0)] * (max(self.free) + 1)
        for value, degree in zip(c, self.free, strict=True):
            for i, h in enumerate(self.table[degree]):
                f[i] += value * h
        result = [[self.mp.mpf(1)], f]
        while len(result) <= max(self.powers, 2):
            result.append(_product(self.mp, result[-1], f))
        return result

    def mean(self, p: list[Any], q: list[Any]) -> Any:
        product = _product(self.mp, p, q)
        return self.mp.fsum(a * self.moments[i] for i, a in enumerate(product) if a and i % 2 == 0)

    def residuals(self, c: list[Any], powers: list[list[Any]]) -> tuple[list[Any], list[Any]]:
        """E[f^k h_l] / |f^k| for the active pairs and |c|^2 - 1; and the scales |f^k|."""
        scales = [self.mp.sqrt(self.mean(p, p)) for p in powers]
        values = [self.mean(powers[k], self.table[ell]) / scales[k] for k, ell in self.active]
        return [*values, self.mp.fsum(v * v for v in c) - 1], scales

    def jacobian(self, c: list[Any], powers: list[list[Any]], scales: list[Any]) -> Any:
        """With the scales held fixed, which changes Gauss-Newton only by terms of the order of the residual."""
        matrix = self.mp.matrix(len(self.active) + 1, len(c))
        for row, (k, ell) in enumerate(self.active):
            base = _product(self.mp, powers[k - 1], self.table[ell])
            for j, degree in enumerate(self.free):
                matrix[row, j] = k * self.mean(base, self.table[degree]) / scales[k]
        for j, value in enumerate(c):
            matrix[len(self.active), j] = 2 * value
        return matrix


def solve(powers: int, degrees: int, parity: int, degree: int, digits: int, rng: np.random.Generator) -> Solution:
    """A superorthogonal polynomial of the given parity and degree, to ``digits`` digits."""
    import mpmath

    free = free_degrees(degrees, parity, degree)
    mp = mpmath.mp.clone()
    mp.dps = digits + 20
    system = _System(mp, powers, degrees, free, parity)
    if active_conditions(powers, degrees, parity) == [(2, 2)]:
        start = _isotropic_vector(_quadratic_form(degrees, degree, parity))
    else:
        start = _least_squares_start(powers, degrees, free, parity, rng)
    c = [mp.mpf(float(v)) for v in start]
    size, first = mp.inf, mp.inf
    for _ in range(12):
        powers_of_f = system.powers_of(c)
        residual, scales = system.residuals(c, powers_of_f)
        size = max(abs(r) for r in residual)
        first = min(first, size) if first == mp.inf else first
        if size < mp.mpf(10) ** (-digits):
            break
        matrix = system.jacobian(c, powers_of_f, scales)
        step = matrix.T * mp.lu_solve(matrix * matrix.T, mp.matrix(residual))
        c = [value - step[j] for j, value in enumerate(c)]
    square = system.powers_of(c)[2]
    text = [mpmath.nstr(value, digits) for value in c]
    return Solution(text, float(size), float(first), float(system.mean(square, square)))
