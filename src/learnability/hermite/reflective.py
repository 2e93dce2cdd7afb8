"""The largest reflective subspace of a polynomial target, without a search.

A subspace S of V is reflective for the target h and the activation sigma when ``E[z_S h(z) sigma'(u + v.z_perp)] = 0``
for all shifts u and all v: then gradient flow that starts with w_S = 0 never learns anything of z_S (Chen and Ge 2024,
arXiv 2402.08948, the reflective property and the necessary condition that follows from it).

With the smoothing ``H(v) = E h(z + v)`` and its homogeneous parts H_k the definition reads: the gradient of H_k maps
S_perp into S_perp for every k that the activation allows. So the complement of a reflective subspace is invariant under
these gradients, and the smallest invariant subspace is the limit of

    W_0 = {0},    W_{j+1} = W_j + span{grad H_k(y) : y in W_j, k allowed}.

``S* = W*_perp`` is the largest reflective subspace: every reflective S lies inside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learnability.hermite.activation_class import SMOOTH, ActivationClass
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.reflective_exact import exact_closure
from learnability.hermite.rotation import Integers, dense, rotate_values

Array = NDArray[np.float64]

#: Singular values of the normalised gradient maps above this count as a direction.
RANK_TOLERANCE = 1e-9


@dataclass
class AdaptedFrame:
    """A target in coordinates whose first ``known`` span the subspace found so far.

    ``frame`` (p, p) is orthogonal; its rows are the coordinate vectors, so ``frame[:known]`` spans the subspace.
    ``indices`` (count, p) and ``values`` (count,) are the Hermite coefficients in these coordinates.
    """

    frame: Array
    indices: Integers
    values: Array
    known: int = 0

    @classmethod
    def of(cls, target: HermiteExpansion) -> "AdaptedFrame":
        """The target's own coordinates, nothing known yet."""
        indices, values = dense(target)
        return cls(np.eye(target.variables), indices, values)

    def outside_degree(self) -> Integers:
        """The degree of each index in the coordinates outside the known subspace, (count,)."""
        return self.indices[:, self.known :].sum(1)

    def gradient_map(self, order: int, allowed: Sequence[bool]) -> Array:
        """Directions that the coefficients of outside degree ``order`` reach, (p - known, columns).

        The columns are the coefficients of ``d_i h`` (i outside) on the basis functions of outside degree order - 1,
        in units of the norm of their degree's part: singular values do not change under rotations inside or outside.
        For order 1 the columns span the part of ``grad H_k(W)`` outside W.
        """
        degree, outside = self.indices.sum(1), self.outside_degree()
        columns: dict[tuple[int, ...], int] = {}
        entries: list[tuple[int, int, float]] = []
        for k, ok in enumerate(allowed):
            norm = np.linalg.norm(self.values[degree == k])
            if not ok or k == 0 or norm == 0:
                continue
            for row in np.flatnonzero((degree == k) & (outside == order) & (self.values != 0)):
                index = self.indices[row]
                for i in range(self.known, len(index)):
                    if index[i]:
                        lowered = (*index.tolist()[:i], int(index[i]) - 1, *index.tolist()[i + 1 :])
                        place = columns.setdefault(lowered, len(columns))
                        entries.append((i - self.known, place, np.sqrt(index[i]) * self.values[row] / norm))
        matrix = np.zeros((len(self.frame) - self.known, len(columns)))
        for i, j, value in entries:
            matrix[i, j] = value
        return matrix

    def extend(self, directions: Array, count: int) -> None:
        """Take the first ``count`` columns of the orthogonal ``directions`` (outside, outside) into the subspace."""
        turn = np.eye(len(self.frame))
        turn[self.known :, self.known :] = directions.T
        self.frame = turn @ self.frame
        self.known += count
        if self.known < len(self.frame):
            self.values = rotate_values(self.indices, self.values, turn)


def _new_directions(matrix: Array, tolerance: float) -> tuple[Array, int, float, float]:
    """Left singular vectors, the rank, the smallest kept and the largest dropped singular value."""
    if matrix.shape[1] == 0:
        return np.eye(len(matrix)), 0, np.inf, 0.0
    left, singular, _ = np.linalg.svd(matrix, full_matrices=True)
    rank = int((singular > tolerance).sum())
    kept = float(singular[rank - 1]) if rank else np.inf
    dropped = float(singular[rank]) if rank < len(singular) else 0.0
    return left, rank, kept, dropped


@dataclass(frozen=True)
class Diagnosis:
    """What gradient flow from ``w = 0`` can and cannot see of a target.

    ``learnable`` (p, dim W*) and ``trapped`` (p, dim S*) are orthonormal bases; ``growth`` holds the dimensions of
    W_0, W_1, ...; ``loss_floor = E|h - E_{z_S} h|^2 / 2``. ``exact``: the dimensions were found in rational
    arithmetic. ``smallest_kept`` and ``largest_dropped`` are the singular values next to the rank decision
    (tolerance :data:`RANK_TOLERANCE`), infinite and 0 where there was none.
    """

    target: HermiteExpansion
    activation: ActivationClass
    growth: tuple[int, ...]
    learnable: Array
    trapped: Array
    loss_floor: float
    exact: bool
    smallest_kept: float
    largest_dropped: float
    leaps: tuple[int, ...]

    @property
    def is_trapped(self) -> bool:
        """Whether a nontrivial reflective subspace exists."""
        return self.trapped.shape[1] > 0

    @property
    def trapped_projector(self) -> Array:
        """The orthogonal projector onto S*, (p, p)."""
        return self.trapped @ self.trapped.T

    @property
    def information_exponent(self) -> int:
        """The lowest degree above zero that occurs in the target."""
        return self.target.information_exponent

    @property
    def leap(self) -> int:
        """The largest of the rotation-invariant leaps; 0 for a constant."""
        return max(self.leaps, default=0)


def leaps(target: HermiteExpansion, tolerance: float = RANK_TOLERANCE) -> tuple[int, ...]:
    """The rotation-invariant sequence of leaps: the lowest degree in which the target sees unknown directions.

    At each step the directions that the coefficients of this lowest outside degree reach become known, until the
    target depends on no others (Abbe, Boix-Adsera, Misiakiewicz 2023, the isotropic leap).
    """
    adapted, found = AdaptedFrame.of(target), []
    allowed = [True] * (target.degree + 1)
    order = 1
    while adapted.known < target.variables and order <= target.degree:
        left, rank, _, _ = _new_directions(adapted.gradient_map(order, allowed), tolerance)
        if rank:
            found.append(order)
            adapted.extend(left, rank)
        order = 1 if rank else order + 1
    return tuple(found)


def diagnose(
    target: HermiteExpansion, activation: ActivationClass = SMOOTH, tolerance: float = RANK_TOLERANCE
) -> Diagnosis:
    """The closure W*, the largest reflective subspace S* and the loss floor that it implies.

    Dimensions come from rational arithmetic where the coefficients are ratios of small integers within each degree
    and the work is small; otherwise from singular values above ``tolerance``. Rotating the target rotates the result.
    """
    adapted = AdaptedFrame.of(target)
    allowed = [activation.allows(k) for k in range(target.degree + 1)]
    exact = exact_closure(target, activation)
    growth, kept, dropped = [0], np.inf, 0.0
    while adapted.known < target.variables:
        left, rank, least, most = _new_directions(adapted.gradient_map(1, allowed), tolerance)
        if exact is not None:
            rank = exact[min(len(growth), len(exact) - 1)] - adapted.known
        if rank == 0:
            dropped = max(dropped, most)
            break
        kept, dropped = min(kept, least), max(dropped, most)
        adapted.extend(left, rank)
        growth.append(adapted.known)
    outside = adapted.outside_degree() if adapted.known < target.variables else np.zeros(len(adapted.values))
    return Diagnosis(
        target=target,
        activation=activation,
        growth=tuple(growth),
        learnable=adapted.frame[: adapted.known].T.copy(),
        trapped=adapted.frame[adapted.known :].T.copy(),
        loss_floor=float(0.5 * np.square(adapted.values[outside > 0]).sum()),
        exact=exact is not None,
        smallest_kept=kept,
        largest_dropped=dropped,
        leaps=leaps(target, tolerance),
    )
