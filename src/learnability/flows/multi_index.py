"""Gradient flow of multi-index models, closed on the r x r correlations ``M = W*^T W``: the forms in M.

Target ``F(x) = f(W*^T x)`` with x ~ N(0, I_d) and ``f = sum_k <T_k, He_k>/sqrt(k!)`` centred; W on the Stiefel
manifold. The dimension d enters through the start alone (:func:`haar_correlations`). Unit of time: the
flow of the loss with its factor 1/2. Source: Bietti, Bruna and Pillaud-Vivien, arXiv 2310.19793.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.special import gammaincinv
from torch import Tensor

from learnability.flows.small_matrices import identity, multiply, transpose
from learnability.flows.solver import RUNNING
from learnability.hermite.polynomial_map import PolynomialMap, contraction_map
from learnability.hermite.tensors import Tensors
from learnability.results.status import Status

if TYPE_CHECKING:
    from learnability.flows.compiled_steps import CompiledSteps

TRAPPED = 16
"""Status of a run that stopped short of the target: its speed fell below what a slow escape can have."""

START_FRACTION = 1e-5
"""A run counts as trapped when it is slower than a run that starts this fraction of the typical distance off a
saddle."""

MOST_TERMS = 20_000
"""Terms of a polynomial map and of its derivative up to which its flow has compiled steps: their tape is built in a
second."""

ROUNDING = 1e-13
"""Speeds below this, in units of the correlations' own power, are rounding."""


def haar_correlations(dimensions: Sequence[int], r: int, samples: int, rng: np.random.Generator) -> np.ndarray:
    """``M = W*^T W`` for W uniform on St(d, r): shape (dimension, sample, r, r), exactly distributed for each d > 2r.

    ``M = X (X^T X + L L^T)^{-1/2}`` with X standard normal and L L^T a Wishart matrix of d - r degrees of freedom in
    Bartlett's form: lower triangular, ``L_ii^2 ~ chi^2(d - r - i)``, standard normal below the diagonal. X and the
    normal entries of L are shared by all dimensions, and so are the probabilities whose chi^2 quantiles stand on its
    diagonal: common random numbers take the sampling noise out of fitted exponents. No array of size d exists.

    Raises ValueError for a dimension d <= 2r.
    """
    if min(dimensions) < 2 * r + 1:
        raise ValueError(f"the dimension {min(dimensions)} is too small for a subspace of dimension {r}")
    shared = rng.standard_normal((samples, r, r))
    below = np.tril(rng.standard_normal((samples, r, r)), -1)
    probabilities = rng.uniform(size=(samples, r))
    starts = []
    for dimension in dimensions:
        bartlett = below.copy()
        for i in range(r):
            bartlett[:, i, i] = np.sqrt(2 * gammaincinv((dimension - r - i) / 2, probabilities[:, i]))
        gram = shared.mT @ shared + bartlett @ bartlett.mT
        values, vectors = np.linalg.eigh(gram)
        starts.append(shared @ (vectors * values[:, None, :] ** -0.5) @ vectors.mT)
    return np.stack(starts)


def trap_speed(dimensions: np.ndarray, power: float) -> np.ndarray:
    """Speed, in units of |f|^2, below which a run counts as trapped: ``1e-9 (1e-5 / sqrt(d))^power``.

    ``power`` is the degree at which the speed vanishes near the saddle: 2s - 1 for the joint flow in M, s - 1 for the
    planted one. A threshold that does not scale with d counts slow runs as trapped.
    """
    return np.asarray(1e-9 * (START_FRACTION / np.sqrt(np.asarray(dimensions, dtype=float))) ** power)


def norm_squared(tensors: Tensors) -> float:
    """``|f|^2 = sum_k |T_k|^2`` of the centred link."""
    return math.fsum(float((tensor**2).sum()) for tensor in tensors.values())


def singular_values(matrix: Tensor) -> Tensor:
    """Singular values, falling, of (r, r, sample): shape (r, sample); both of a 2 x 2 to full relative accuracy."""
    r = matrix.shape[0]
    if r == 1:
        return matrix[0].abs()
    if r == 2:
        (a, b), (c, d) = matrix[0], matrix[1]
        sums, differences = torch.hypot(a + d, b - c), torch.hypot(a - d, b + c)
        largest = (sums + differences) / 2
        return torch.stack([largest, (a * d - b * c).abs() / largest.clamp(min=1e-300)])
    return torch.linalg.svdvals(matrix.permute(2, 0, 1)).T


@lru_cache(maxsize=16)
def _upper_places(r: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """(places of the entries i <= j in an r x r matrix, place in that list of every entry)."""
    rows, columns = np.triu_indices(r)
    whole = np.zeros((r, r), dtype=np.int64)
    whole[rows, columns] = whole[columns, rows] = np.arange(len(rows))
    return torch.from_numpy(rows * r + columns).to(device), torch.from_numpy(whole.ravel()).to(device)


def _compilable(gradient: PolynomialMap, own: bool) -> bool:
    parts = gradient.coefficients, gradient.derivative
    if parts[0].device.type != "cpu":
        return False
    return sum(part.numel() if own else _nonzero(part) for part in parts) <= MOST_TERMS


def _nonzero(matrix: Tensor) -> int:
    return matrix.values().numel() if matrix.is_sparse else int(matrix.count_nonzero())


@dataclass(frozen=True)
class _CorrelationFlow:
    """What both forms in M share: the coordinates are the entries of M by rows, the chart is the trap speed.

    Observed are the r cosines of the principal angles, falling, and the loss as a fraction of ``|f|^2 / 2``.
    """

    r: int
    total: float
    success_loss: float
    gradient: PolynomialMap
    potential: PolynomialMap

    logarithmic = False

    def settle(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        return state, chart

    def _matrix(self, state: Tensor) -> Tensor:
        return state.view(self.r, self.r, -1)

    def observe(self, state: Tensor, chart: Tensor) -> Tensor:
        cosines = singular_values(self._matrix(state))
        return torch.cat([cosines, self.loss(state)[None]])

    def loss(self, state: Tensor) -> Tensor:
        """The loss as a fraction of that of the zero predictor, shape (sample,)."""
        raise NotImplementedError

    def field(self, state: Tensor, chart: Tensor) -> Tensor:
        raise NotImplementedError

    def outcome(self, state: Tensor, chart: Tensor, observed: Tensor, speed: Tensor) -> Tensor:
        running = torch.full_like(observed[0], RUNNING, dtype=torch.int8)
        trapped = speed.abs().amax(dim=0) <= self.total * self._least_speed(state, chart)
        code = torch.where(trapped, TRAPPED, running)
        return torch.where(observed[-1] <= self.success_loss, int(Status.CONVERGED), code)

    def _least_speed(self, state: Tensor, chart: Tensor) -> Tensor:
        return chart[0]


@dataclass(frozen=True)
class JointFlow(_CorrelationFlow):
    """Joint learning, the link refitted instantly: ``dM/dt = (I - G) S(G) M`` with ``G = M M^T``, ``S = dQ/dG``.

    ``Q(G) = sum_k <T_k, G^{(x)k} T_k>``, loss ``(|f|^2 - Q) / 2``. In float64 the form loses the escape of a saddle
    once ``d^{s-1}`` approaches 1e16, because ``I - G`` cancels; :mod:`~learnability.flows.multi_index_spectral` does
    not.
    """

    @classmethod
    def build(cls, tensors: Tensors, device: str = "cpu", success_loss: float = 1e-6) -> "JointFlow":
        """The flow of the target with symmetric tensors ``{k: T_k}``."""
        r = next(iter(tensors.values())).shape[0]
        gradient = contraction_map(tensors, {k: float(k) for k in tensors}, symmetric=True)
        potential = contraction_map(tensors, dict.fromkeys(tensors, 1.0), symmetric=True)
        return cls(r, norm_squared(tensors), success_loss, gradient.to(device), potential.to(device))

    @cached_property
    def steps(self) -> "CompiledSteps | None":
        """Compiled steps of the solver, for a target of few terms on the CPU."""
        return self.compiled(own=False)

    def compiled(self, own: bool) -> "CompiledSteps | None":
        """Compiled steps; with ``own`` the chart holds, behind the trap speed, coefficients of the sample's own."""
        if not _compilable(self.gradient, own):
            return None
        from learnability.flows import closed_tapes  # Numba is imported where a flow is solved
        from learnability.flows.compiled_steps import CompiledSteps

        maps = self.gradient, self.potential
        return CompiledSteps(closed_tapes.joint(self.r, self.total, self.success_loss, *maps, own))

    def _gram(self, matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        gram = multiply(matrix, transpose(matrix))
        upper, whole = _upper_places(self.r, matrix.device)
        return gram, gram.view(self.r**2, -1).index_select(0, upper), whole

    def field(self, state: Tensor, chart: Tensor) -> Tensor:
        matrix = self._matrix(state)
        gram, entries, whole = self._gram(matrix)
        slope = self.gradient(entries).index_select(0, whole).view_as(gram)
        pull = multiply(slope, matrix)
        return (pull - multiply(gram, pull)).view_as(state)

    def loss(self, state: Tensor) -> Tensor:
        gram, entries, whole = self._gram(self._matrix(state))
        learned = (self.potential(entries).index_select(0, whole) * gram.view(self.r**2, -1)).sum(dim=0)
        return 1 - learned / self.total

    def linearise(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        """Tangents run over the entries (a, b) of M: ``dG_ij = delta_ia M_jb + delta_ja M_ib``."""
        r, matrix = self.r, self._matrix(state)
        gram, entries, whole = self._gram(matrix)
        values, slopes = self.gradient.with_derivative(entries)
        slope = values.index_select(0, whole).view_as(gram)
        pull = multiply(slope, matrix)
        unit = identity(r, state)
        half = unit[:, None, :, None] * matrix[None, :, None, :]
        gram_change = (half + transpose(half)).view(r * r, r * r, -1)
        upper, _ = _upper_places(r, state.device)
        slope_change = multiply(slopes, gram_change.index_select(0, upper)).index_select(0, whole)
        slope_change = slope_change.view(r, r, r * r, -1)
        # d(S M)_ij = sum_k dS_ik M_kj + S_ia delta_jb
        pull_change = multiply(slope_change.transpose(1, 2).reshape(r * r * r, r, -1), matrix)
        pull_change = pull_change.view(r, r * r, r, -1).transpose(1, 2)
        pull_change = pull_change + (slope[:, None, :, None] * unit[None, :, None, :]).reshape(r, r, r * r, -1)
        first = multiply(gram_change.view(r, r, r * r, -1).transpose(1, 2).reshape(r * r * r, r, -1), pull)
        first = first.view(r, r * r, r, -1).transpose(1, 2)
        second = (gram[:, :, None, None] * pull_change[None]).sum(dim=1)
        jacobian = (pull_change - first - second).reshape(r * r, r * r, -1)
        return (pull - multiply(gram, pull)).view_as(state), jacobian


@dataclass(frozen=True)
class PlantedFlow(_CorrelationFlow):
    """Planted link, known and fixed: ``dM/dt = R - M sym(M^T R)`` with ``R = dP/dM``, ``P = sum_k <T_k, M^{(x)k}
    T_k>``.

    The Euclidean metric of the Stiefel manifold; loss ``|f|^2 - P``, as a fraction of ``|f|^2``.
    """

    exponent: int = 1

    @classmethod
    def build(cls, tensors: Tensors, device: str = "cpu", success_loss: float = 1e-6) -> "PlantedFlow":
        """The flow of the target with symmetric tensors ``{k: T_k}``."""
        r = next(iter(tensors.values())).shape[0]
        gradient = contraction_map(tensors, {k: float(k) for k in tensors}, symmetric=False)
        potential = contraction_map(tensors, dict.fromkeys(tensors, 1.0), symmetric=False)
        total = norm_squared(tensors)
        return cls(r, total, success_loss, gradient.to(device), potential.to(device), exponent=min(tensors))

    @cached_property
    def steps(self) -> "CompiledSteps | None":
        """Compiled steps of the solver, for a target of few terms on the CPU."""
        if not _compilable(self.gradient, own=False):
            return None
        from learnability.flows import closed_tapes
        from learnability.flows.compiled_steps import CompiledSteps

        maps = self.gradient, self.potential
        return CompiledSteps(closed_tapes.planted(self.r, self.total, self.success_loss, *maps, self.exponent))

    def field(self, state: Tensor, chart: Tensor) -> Tensor:
        matrix = self._matrix(state)
        pull = self.gradient(state).view_as(matrix)
        product = multiply(transpose(matrix), pull)
        return (pull - multiply(matrix, (product + transpose(product)) / 2)).view_as(state)

    def loss(self, state: Tensor) -> Tensor:
        return 1 - (self.potential(state) * state).sum(dim=0) / self.total

    def linearise(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        """Tangents run over the entries (a, b) of M: ``dM_ij = delta_ia delta_jb``."""
        r, matrix = self.r, self._matrix(state)
        values, slopes = self.gradient.with_derivative(state)
        pull = values.view_as(matrix)
        product = multiply(transpose(matrix), pull)
        symmetric = (product + transpose(product)) / 2
        unit = identity(r, state)
        pull_change = slopes.view(r, r, r * r, -1)
        # d(M^T R)_ij = delta_ib R_aj + sum_k M_ki dR_kj
        change = (unit[:, None, None, :] * pull.transpose(0, 1)[None, :, :, None]).reshape(r, r, r * r, -1)
        change = change + (transpose(matrix)[:, :, None, None] * pull_change[None]).sum(dim=1)
        change = (change + transpose(change)) / 2
        moved = (unit[:, None, :, None] * transpose(symmetric)[None, :, None, :]).reshape(r, r, r * r, -1)
        turned = (matrix[:, :, None, None] * change[None]).sum(dim=1)
        jacobian = (pull_change - moved - turned).reshape(r * r, r * r, -1)
        return (pull - multiply(matrix, symmetric)).view_as(state), jacobian

    def _least_speed(self, state: Tensor, chart: Tensor) -> Tensor:
        """Near the equator the scaled threshold rules; at correlations of order one, rounding."""
        size = state.abs().amax(dim=0)
        return torch.maximum(chart[0], ROUNDING * size ** (self.exponent - 1))
