"""The joint flow in spectral coordinates: exact on plateaus of any length, and smooth where singular values cross.

With ``Y = G (I - G)^{-1}`` the joint flow ``dG = (I - G) S G + G S (I - G)`` becomes ``dY = S Y + Y S``: the odds Y
of the correlations grow exponentially. Write ``Y = V L exp(u) L^T V^T`` with V orthogonal, L unit lower triangular
and ``u_i`` the log-odds of direction i, the best learned first. Within one step V is constant (the chart), and with
``K = L^{-1} S L``, S in the frame V,

    du_i = 2 K_ii,      dL = L X,      X_ij = K_ij + K_ji exp(u_i - u_j)  for i > j.

After each step a triangular (QR, then LQ) factorisation moves L back towards I and the rotation into V, the tensors of
the target are rotated into the new frame, and directions change places when their order changes.

Why this form. In the form in M the speed of a direction still to be learned is a difference of numbers of order one,
which fails when ``d^{s-1}`` reaches 1e16. Here, with L = I, ``K_ii`` is a sum of squares of the target's coefficients
in the frame V, and an error e of the frame enters it as e^2. In the eigenvectors of G the flow has the denominators
``mu_i - mu_j`` and stalls when two directions are learned at the same pace (targets that are symmetric under
permutations); a triangular factorisation has none: X stays bounded by 2 |K|. The limit of the form is e^2 ~ 1e-32
against the speed lambda^(2s-2) of the direction: in float64 it fails in its turn near d^{s-1} = 1e30.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learnability.flows.contractions import Contractions, contractions
from learnability.flows.multi_index import START_FRACTION, TRAPPED, norm_squared
from learnability.flows.small_matrices import (
    identity,
    inverse_definite,
    multiply,
    orthonormal_columns,
    transpose,
)
from learnability.flows.solver import RUNNING
from learnability.hermite.tensors import Tensors
from learnability.results.status import Status

if TYPE_CHECKING:
    from learnability.flows.compiled_steps import CompiledSteps

SATURATED = 60.0
"""Log-odds at which a direction is fully learned: 1 - lambda^2 is below 1e-26."""

TAPER = 10.0
"""Growth falls linearly to zero over this much below :data:`SATURATED`: a sudden stop would make the steps chatter."""

MOST_ENTRIES = 400
"""Entries of all tensors up to which the flow has compiled steps: their tape is built in a second or two."""

LEARNED = 40.0
"""Two directions beyond these log-odds no longer rotate into each other; their span is all that matters."""

LARGEST_RATIO = 30.0


def trap_rate(dimensions: NDArray[np.int64], exponent: int) -> NDArray[np.float64]:
    """Rate of the log-odds, in units of |f|^2, below which a run counts as trapped: ``1e-9 (1e-10 / d)^(s - 1)``, s
    the largest leap.

    A direction with lambda^2 = 1/d leaves a saddle of exponent s at the rate d^(1 - s).
    """
    return np.asarray(1e-9 * (START_FRACTION**2 / np.asarray(dimensions, dtype=float)) ** (exponent - 1))


@dataclass(frozen=True)
class SpectralFlow:
    """Joint flow in (l, u): the entries of L below the diagonal by rows, then the r log-odds.

    The chart holds the trap rate, V (r, r) by rows, and the rotated tensors. Observed are the r cosines of the
    principal angles, falling, and the loss as a fraction of ``|f|^2 / 2``.
    """

    r: int
    total: float
    success_loss: float
    degrees: tuple[int, ...]
    forms: tuple[Contractions, ...]
    tensors: tuple[Tensor, ...]
    lower: Tensor
    below: Tensor

    logarithmic = True

    @classmethod
    def build(cls, tensors: Tensors, device: str = "cpu", success_loss: float = 1e-6) -> "SpectralFlow":
        """The flow of the target with symmetric tensors ``{k: T_k}``."""
        r = next(iter(tensors.values())).shape[0]
        rows, columns = np.tril_indices(r, -1)
        places = rows * r + columns
        spread = np.zeros((r * r, len(places)))
        spread[places, np.arange(len(places))] = 1
        forms = tuple(contractions(r, k, device) for k in tensors)
        values = tuple(form.values(t).to(device) for form, t in zip(forms, tensors.values(), strict=True))
        lower, below = torch.from_numpy(spread).to(device), torch.from_numpy(places).to(device)
        return cls(r, norm_squared(tensors), success_loss, tuple(tensors), forms, values, lower, below)

    def start(self, correlations: NDArray[np.float64], rates: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
        """(state, chart) of the starts M (sample, r, r) with trap rates (sample,)."""
        device = self.lower.device
        vectors, values, _ = np.linalg.svd(correlations)
        log_odds = np.log(values**2) - np.log1p(-(values**2))
        state = np.concatenate([np.zeros((len(values), len(self.below))), log_odds], axis=1).T
        frame = torch.from_numpy(np.ascontiguousarray(vectors.transpose(1, 2, 0))).to(device)
        return torch.from_numpy(state.copy()).to(device), self._chart(torch.from_numpy(rates).to(device), frame)

    @cached_property
    def steps(self) -> "CompiledSteps | None":
        """Compiled steps of the solver, for a target of small tensors on the CPU."""
        return self.compiled(own=False)

    def compiled(self, own: bool) -> "CompiledSteps | None":
        """Compiled steps; with ``own`` the chart ends with the tensors of each sample."""
        size = sum(tensor.numel() for tensor in self.tensors)
        full = size == sum(self.r**k for k in self.degrees)
        if not full or size > MOST_ENTRIES or self.tensors[0].device.type != "cpu":
            return None
        from learnability.flows import closed_tapes  # Numba is imported where a flow is solved
        from learnability.flows.compiled_steps import CompiledSteps

        build = closed_tapes.spectral if self.r > 1 else closed_tapes.single
        tensors = [tensor.numpy() for tensor in self.tensors]
        return CompiledSteps(build(self.r, self.total, self.success_loss, self.degrees, own, tensors))

    def settle(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        """L back towards I and the rotation into V; exactly the same Y."""
        entries, log_odds = self._split(state)
        if self.r == 1:
            return state, chart
        factor = self._triangle(entries) * (log_odds / 2).exp()
        order = factor.square().sum(dim=0).argsort(dim=0, descending=True, stable=True)
        factor = factor.gather(1, order.expand_as(factor))
        turn, upper = orthonormal_columns(factor)
        sizes = transpose(orthonormal_columns(transpose(upper))[1])
        diagonal = sizes.diagonal(dim1=0, dim2=1).T
        entries = (sizes / diagonal).view(self.r**2, -1).index_select(0, self.below)
        frame = multiply(chart[1 : 1 + self.r**2].view(self.r, self.r, -1), turn)
        frame = multiply(frame, 1.5 * identity(self.r, frame) - 0.5 * multiply(transpose(frame), frame))
        return torch.cat([entries, 2 * diagonal.log()]), self._chart(chart[0], frame)

    def field(self, state: Tensor, chart: Tensor) -> Tensor:
        entries, log_odds = self._split(state)
        if self.r == 1:
            mu = torch.sigmoid(log_odds)
            slope = sum(k * t.square() * mu ** (k - 1) for k, t in zip(self.degrees, self.tensors, strict=True))
            return 2 * slope * _room(log_odds)
        triangle = self._triangle(entries)
        gram = self._gram(triangle, log_odds)
        slope = torch.zeros_like(gram)
        for k, form, values in self._rotated(chart):
            slope = slope + k * form.contracted(values, gram)
        change = multiply(multiply(_inverse_triangle(triangle), slope), triangle)
        spin = self._spin(change, log_odds)
        turn = multiply(triangle, spin).view(self.r**2, -1).index_select(0, self.below)
        rates = 2 * change.diagonal(dim1=0, dim2=1).T
        return torch.cat([turn, rates * _room(log_odds)])

    def linearise(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        """Tangents run over the coordinates: ``dG = A (Z + Xi) G + G Z^T A`` with A = I - G, Z = dL L^{-1}, Xi = L du
        L^{-1}."""
        if self.r == 1:
            return self._linearise_single(state, chart)
        r, (entries, log_odds) = self.r, self._split(state)
        triangle = self._triangle(entries)
        inverse = _inverse_triangle(triangle)
        gram = self._gram(triangle, log_odds)
        slope, curvature = self._slope_and_curvature(gram, chart)
        below, places = len(self.below), range(r)
        units = self.lower.view(r, r, below, 1).expand(r, r, below, state.shape[1])
        # Z = dL L^{-1} for the entries of L, Xi = column i of L times row i of L^{-1} for the log-odds.
        shears = _times(units, inverse)
        growths = torch.stack([triangle[:, None, i] * inverse[None, i] for i in places], dim=2)
        rest = self._remainder(gram, log_odds)
        left = _from_left(rest, _times(torch.cat([shears, growths], dim=2), gram))
        gram_change = torch.cat([left[:, :, :below] + transpose(left[:, :, :below]), left[:, :, below:]], dim=2)
        slope_change = _applied(curvature, gram_change)
        change = multiply(multiply(inverse, slope), triangle)
        change_change = _times(_from_left(inverse, slope_change), triangle)
        moved = _from_left(inverse, units)
        commutator = _from_left(change, moved) - _times(moved, change)
        change_change = torch.cat([change_change[:, :, :below] + commutator, change_change[:, :, below:]], dim=2)
        spin, spin_change = self._spin_change(change, change_change, log_odds)
        turn = _from_left(triangle, spin_change)
        turn = torch.cat([turn[:, :, :below] + _times(units, spin), turn[:, :, below:]], dim=2)
        rates = 2 * change.diagonal(dim1=0, dim2=1).T
        rate_change = torch.stack([2 * change_change[i, i] for i in places]) * _room(log_odds)[:, None]
        for i in places:
            rate_change[i, below + i] += rates[i] * _room_slope(log_odds[i])
        rates = rates * _room(log_odds)
        turned = multiply(triangle, spin).view(r * r, -1).index_select(0, self.below)
        rows = turn.reshape(r * r, *turn.shape[2:]).index_select(0, self.below)
        return torch.cat([turned, rates]), torch.cat([rows, rate_change])

    def observe(self, state: Tensor, chart: Tensor) -> Tensor:
        entries, log_odds = self._split(state)
        if self.r == 1:
            mu = torch.sigmoid(log_odds)
            shares = [t.square() * mu**k for k, t in zip(self.degrees, self.tensors, strict=True)]
            return torch.cat([mu.sqrt(), 1 - torch.stack(shares).sum(dim=0) / self.total])
        gram = self._gram(self._triangle(entries), log_odds)
        shares = [(form.contracted(t, gram) * gram).sum(dim=(0, 1)) for _, form, t in self._rotated(chart)]
        loss = 1 - torch.stack(shares).sum(dim=0) / self.total
        return torch.cat([_eigenvalues(gram).sqrt(), loss[None]])

    def outcome(self, state: Tensor, chart: Tensor, observed: Tensor, speed: Tensor) -> Tensor:
        _, rates = self._split(speed)
        trapped = rates.amax(dim=0) <= self.total * chart[0]
        code = torch.where(trapped, TRAPPED, RUNNING).to(torch.int8)
        return torch.where(observed[-1] <= self.success_loss, int(Status.CONVERGED), code)

    def _linearise_single(self, state: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        mu, rest = torch.sigmoid(state), torch.sigmoid(-state)
        terms = [2 * k * t.square() * mu ** (k - 1) for k, t in zip(self.degrees, self.tensors, strict=True)]
        value = torch.stack(terms).sum(dim=0)
        slope = torch.stack([(k - 1) * term for k, term in zip(self.degrees, terms, strict=True)]).sum(dim=0) * rest
        return value * _room(state), (slope * _room(state) + value * _room_slope(state))[None]

    def _split(self, state: Tensor) -> tuple[Tensor, Tensor]:
        return state[: len(self.below)], state[len(self.below) :]

    def _chart(self, rate: Tensor, frame: Tensor) -> Tensor:
        parts = [rate[None], frame.reshape(self.r**2, -1)]
        if self.r > 1:
            parts += [form.rotated(t[:, None], frame) for form, t in zip(self.forms, self.tensors, strict=True)]
        return torch.cat(parts)

    def _rotated(self, chart: Tensor) -> list[tuple[int, Contractions, Tensor]]:
        sizes = [form.size for form in self.forms]
        return list(zip(self.degrees, self.forms, chart[1 + self.r**2 :].split(sizes), strict=True))

    def _triangle(self, entries: Tensor) -> Tensor:
        return (self.lower @ entries).view(self.r, self.r, -1) + identity(self.r, entries)

    def _gram(self, triangle: Tensor, log_odds: Tensor) -> Tensor:
        """``G = L E (I + E (L^T L - I) E)^{-1} E L^T`` with E^2 = sigmoid(u): no large number occurs."""
        root = torch.sigmoid(log_odds).sqrt()
        one = identity(self.r, triangle)
        strict = triangle - one
        excess = strict + transpose(strict) + multiply(transpose(strict), strict)
        middle = inverse_definite(one + root[:, None] * excess * root[None])
        half = triangle * root
        return multiply(multiply(half, middle), transpose(half))

    def _remainder(self, gram: Tensor, log_odds: Tensor) -> Tensor:
        """I - G, its diagonal without cancellation."""
        mu, rest = torch.sigmoid(log_odds), torch.sigmoid(-log_odds)
        return torch.diag_embed(rest.T).permute(1, 2, 0) + (torch.diag_embed(mu.T).permute(1, 2, 0) - gram)

    def _spin(self, change: Tensor, log_odds: Tensor) -> Tensor:
        """X: strictly lower triangular."""
        ratio = (log_odds[:, None] - log_odds[None]).clamp(max=LARGEST_RATIO).exp()
        return (change + transpose(change) * ratio) * self._turning(log_odds)

    def _turning(self, log_odds: Tensor) -> Tensor:
        """One where two directions still rotate into each other (i > j), else zero."""
        learned = log_odds > LEARNED
        mask = self.lower.sum(dim=1).view(self.r, self.r, 1)
        return mask * ~(learned[:, None] & learned[None])

    def _spin_change(self, change: Tensor, tangents: Tensor, log_odds: Tensor) -> tuple[Tensor, Tensor]:
        difference = log_odds[:, None] - log_odds[None]
        ratio = difference.clamp(max=LARGEST_RATIO).exp()
        weighted = transpose(change) * ratio
        free = weighted * (difference < LARGEST_RATIO)
        growth = torch.zeros_like(tangents)
        for i in range(self.r):
            growth[i, :, len(self.below) + i] += free[i]
            growth[:, i, len(self.below) + i] -= free[:, i]
        turning = self._turning(log_odds)
        spin_change = tangents + transpose(tangents) * ratio[:, :, None] + growth
        return (change + weighted) * turning, spin_change * turning[:, :, None]

    def _slope_and_curvature(self, gram: Tensor, chart: Tensor) -> tuple[Tensor, Tensor]:
        """S (r, r, sample) and dS/dG (r, r, r, r, sample), ``dS_ij = sum_ab curvature[i, a, j, b] dG_ab``."""
        r = self.r
        slope = torch.zeros_like(gram)
        curvature = gram.new_zeros((r, r, r, r, gram.shape[-1]))
        for k, form, tensor in self._rotated(chart):
            if k == 1:
                slope = slope + tensor[:, None] * tensor[None]
                continue
            pair = form.pair(tensor, gram)
            slope = slope + k * (pair * gram[None, :, None]).sum(dim=(1, 3))
            curvature = curvature + k * (k - 1) * pair
        return slope, curvature


def observed_gram(flow: SpectralFlow, state: Tensor, chart: Tensor) -> Tensor:
    """G in the axes of the target, shape (r, r, sample)."""
    entries, log_odds = flow._split(state)
    if flow.r == 1:
        return torch.sigmoid(log_odds)[None]
    frame = chart[1 : 1 + flow.r**2].view(flow.r, flow.r, -1)
    return multiply(multiply(frame, flow._gram(flow._triangle(entries), log_odds)), transpose(frame))


def _room(log_odds: Tensor) -> Tensor:
    return ((SATURATED - log_odds) / TAPER).clamp(0.0, 1.0)


def _room_slope(log_odds: Tensor) -> Tensor:
    inside = (log_odds > SATURATED - TAPER) & (log_odds < SATURATED)
    return torch.where(inside, -1 / TAPER, 0.0)


def _inverse_triangle(triangle: Tensor) -> Tensor:
    """(I + N)^{-1} = I - N + N^2 - ..., which ends."""
    r = triangle.shape[0]
    strict = triangle - identity(r, triangle)
    power, total = -strict, identity(r, triangle) - strict
    for _ in range(r - 2):
        power = -multiply(power, strict)
        total = total + power
    return total


def _times(tangents: Tensor, matrix: Tensor) -> Tensor:
    """(i, k, tangent, sample) times (k, j, sample)."""
    return (tangents[:, :, None] * matrix[None, :, :, None]).sum(dim=1)


def _from_left(matrix: Tensor, tangents: Tensor) -> Tensor:
    """(i, k, sample) times (k, j, tangent, sample)."""
    return (matrix[:, :, None, None] * tangents[None]).sum(dim=1)


def _applied(curvature: Tensor, tangents: Tensor) -> Tensor:
    """``dS_ij = sum_ab curvature[i, a, j, b] dG_ab`` for every tangent."""
    r = curvature.shape[0]
    spread = curvature.transpose(1, 2).reshape(r * r, r * r, 1, -1)
    return (spread * tangents.reshape(1, r * r, *tangents.shape[2:])).sum(dim=1).view_as(tangents)


def _eigenvalues(gram: Tensor) -> Tensor:
    """Eigenvalues, falling, in [0, 1]; those of a 2 x 2 from the determinant, to relative accuracy."""
    if gram.shape[0] == 2:
        a, b, c = gram[0, 0], gram[0, 1], gram[1, 1]
        largest = (a + c + torch.hypot(a - c, 2 * b)) / 2
        values = torch.stack([largest, (a * c - b * b) / largest])
    else:
        values = torch.linalg.eigvalsh(gram.permute(2, 0, 1)).T.flip(0)
    return values.clamp(0.0, 1.0)
