"""The kernel of the second stage: features of (1 + x)^n at trained weights, its spectrum, and the exact decay.

With w fixed and activation ``s(x) = (1 + x)^n`` the second layer follows a linear flow. In the orthonormal basis h_b,
|b| <= n, of the polynomials on the hidden subspace its kernel is ``K = E_w[phi(w) phi(w)^T]`` with

    phi_b(w) = E[h_b(z) (1 + w.z)^n] = n! / ((n - k)! sqrt(b!)) w^b sum_i C(n - k, 2i) (2i - 1)!! |w|^{2i},   k = |b|

(Chen and Ge 2024, the kernel of the sufficiency theorem). With a = 0 at the start and c the target in the eigenbasis,
``L(t) = sum_k c_k^2 e^{-2 lambda_k t} / 2``. The eigenvalues are squared singular values of the weighted features,
never eigenvalues of K, which loses everything below 1e-16. The columns of the features differ by powers of the training
time, so the singular values are taken by one-sided Jacobi rotations, which keep the *relative* accuracy of a graded
matrix.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.rotation import Integers, multi_indices

Array = NDArray[np.float64]

#: Eigenvalues are resolved while the features with columns of unit length are conditioned better than this.
RESOLVED_CONDITION = 1e9


def feature_indices(variables: int, degree: int) -> Integers:
    """The multi-indices of degree up to ``degree``, (C(p + n, n), p), by rising degree."""
    return np.concatenate([multi_indices(variables, k) for k in range(degree + 1)])


def normal_moment(power: int) -> int:
    """``E g^power`` for a standard normal g."""
    return 0 if power % 2 else math.factorial(power) // (2 ** (power // 2) * math.factorial(power // 2))


def features(weights: Array, degree: int) -> Array:
    """``phi_b(w)`` for weights (n, p) -> (n, features), in the order of :func:`feature_indices`."""
    square = np.square(weights).sum(1)
    columns = []
    for index in feature_indices(weights.shape[1], degree):
        k = int(index.sum())
        scale = math.factorial(degree) / math.factorial(degree - k)
        scale /= math.sqrt(math.prod(map(math.factorial, index.tolist())))
        tail = sum(
            math.comb(degree - k, i) * normal_moment(i) * square ** (i // 2) for i in range(0, degree - k + 1, 2)
        )
        columns.append(scale * tail * np.prod(weights**index, axis=1))
    return np.stack(columns, axis=1)


def averages(points: Array, masses: Array, copies: int) -> tuple[Array, Array]:
    """The law of the mean of ``copies`` independent draws from a discrete law: one point for each multiset of draws.

    (n, p), (n,) -> (C(n + copies - 1, copies), p) and the masses, which are multinomial.
    """
    grid = np.array(list(itertools.combinations_with_replacement(range(len(points)), copies)))
    repeats = np.array([math.prod(math.factorial(row.count(i)) for i in set(row)) for row in grid.tolist()])
    return points[grid].mean(1), math.factorial(copies) / repeats * masses[grid].prod(1)


def graded_singular_values(matrix: Array, sweeps: int = 40) -> tuple[Array, Array]:
    """Singular values (falling) and right singular vectors (columns) by one-sided Jacobi rotations.

    Hestenes' method after a QR factorisation: for ``matrix = B D`` with D diagonal the relative errors are those of B
    (Demmel and Veselic 1992). (rows, n) -> (n,), (n, n).
    """
    order = np.argsort(-np.linalg.norm(matrix, axis=0), kind="stable")
    work: Array = np.asarray(np.linalg.qr(matrix[:, order])[1])
    turn = np.eye(matrix.shape[1])
    for _ in range(sweeps):
        largest = 0.0
        for i, j in itertools.combinations(range(work.shape[1]), 2):
            largest = max(largest, _orthogonalise(work, turn, i, j))
        if largest < 1e-14:
            break
    values = np.linalg.norm(work, axis=0)
    ranks = np.argsort(-values, kind="stable")
    vectors = np.empty_like(turn)
    vectors[order] = turn
    return values[ranks], vectors[:, ranks]


def _orthogonalise(work: Array, turn: Array, i: int, j: int) -> float:
    """Rotate two columns to be orthogonal; their cosine before."""
    x, y = work[:, i], work[:, j]
    a, b, c = float(x @ x), float(y @ y), float(x @ y)
    if c == 0.0 or a == 0.0 or b == 0.0:
        return 0.0
    cosine = abs(c) / math.sqrt(a) / math.sqrt(b)
    if cosine < 1e-15:
        return cosine
    zeta = (b - a) / (2 * c)
    tangent = math.copysign(1.0, zeta) / (abs(zeta) + math.hypot(1.0, zeta))
    co = 1 / math.hypot(1.0, tangent)
    rotation = np.array([[co, co * tangent], [-co * tangent, co]])
    work[:, [i, j]] = work[:, [i, j]] @ rotation
    turn[:, [i, j]] = turn[:, [i, j]] @ rotation
    return cosine


@dataclass(frozen=True)
class KernelSpectrum:
    """Eigenvalues (falling; zeros where there are fewer weights than features) and the energies of the target.

    ``energies[k] = c_k^2`` on the eigenvector of ``eigenvalues[k]``; they sum to ``|h|^2``. ``scaled_condition`` is the
    condition number of the features with columns of unit length, which bounds the relative errors.
    """

    eigenvalues: Array
    energies: Array
    scaled_condition: float

    @property
    def smallest(self) -> float:
        """lambda_min of the kernel on all polynomials of the degree."""
        return float(self.eigenvalues[-1])

    @property
    def resolved(self) -> bool:
        """Whether lambda_min stands above the rounding errors of double precision."""
        return self.scaled_condition < RESOLVED_CONDITION

    def loss(self, times: Array) -> Array:
        """``L(t)`` of the second stage started from a = 0; time in flow time."""
        return 0.5 * np.exp(-2 * np.outer(times, self.eigenvalues)) @ self.energies

    def bound(self, times: Array) -> Array:
        """``L(0) e^{-2 lambda_min t}``, the stated bound."""
        return 0.5 * self.energies.sum() * np.exp(-2 * self.smallest * np.asarray(times))

    def time_to(self, fraction: float) -> float:
        """The time at which the loss has fallen to a fraction of its start, by bisection in log t; inf if never."""
        goal = fraction * 0.5 * self.energies.sum()
        low, high = -30.0, 300.0
        if self.loss(np.array([math.exp(high)]))[0] > goal:
            return math.inf
        for _ in range(80):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.loss(np.array([math.exp(middle)]))[0] > goal else (low, middle)
        return math.exp(high)


def kernel_spectrum(
    target: HermiteExpansion, points: Array, masses: Array, degree: int | None = None
) -> KernelSpectrum:
    """The spectrum for weights ``points`` (n, p) with ``masses`` (n,) summing to 1; ``degree`` n defaults to deg h."""
    degree = target.degree if degree is None else degree
    weighted = np.sqrt(masses)[:, None] * features(points, degree)
    if len(weighted) < weighted.shape[1]:
        weighted = np.vstack([weighted, np.zeros((weighted.shape[1] - len(weighted), weighted.shape[1]))])
    values, vectors = graded_singular_values(weighted)
    indices = feature_indices(target.variables, degree)
    coefficients = np.array([target.coefficients.get(tuple(index), 0.0) for index in indices.tolist()])
    lengths = np.linalg.norm(weighted, axis=0)
    singular = np.linalg.svd(weighted / np.where(lengths > 0, lengths, 1), compute_uv=False)
    condition = float(singular[0] / singular[-1]) if singular[-1] > 0 else math.inf
    return KernelSpectrum(values**2, np.square(vectors.T @ coefficients), condition)
