"""Leap sequences: which degree shows new directions, to the label itself and to any transform of it.

With S the subspace known so far (at first {0}), z_S and z_perp the coordinates inside and outside:

- *correlational*: the least k with ``E[f(z) q(z_S) He_k(z_perp)] != 0`` for some polynomial q (information exponent at
  the first step; Abbe, Boix-Adsera, Misiakiewicz, arXiv 2302.11055; Bietti, Bruna, Pillaud-Vivien, arXiv 2310.19793);
- *generative*: the least k with ``E[He_k(z_perp) | y, z_S]`` not identically 0 (generative exponent: Damian,
  Pillaud-Vivien, Lee, Bruna, arXiv 2403.05529; leap: Damian, Lee, Bruna, arXiv 2506.05500).

The span of these tensors, contracted on all but one slot, joins S. Zeros are proved by symmetry
(:mod:`learnability.diagnosis.symmetries`), by the coefficients of a polynomial, or by an identity of the level sets;
what is not zero is proved by one moment beyond its error. What is neither is reported as not distinguished from zero.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from learnability.diagnosis import symmetries
from learnability.diagnosis.moments import Moments, Source
from learnability.diagnosis.probe import Probe
from learnability.diagnosis.result import Evidence, Exactness, LeapSequence, LeapStep, Symmetries
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.reflective import AdaptedFrame

Array = NDArray[np.float64]

HIGHEST_DEGREE = 8
#: Singular values of coefficients below this are rounding; from here to the tolerance they are not decided.
ROUNDING = 1e-12
#: Entries of directions between rounding and this are a tilt: see :func:`tilt`.
TILTED = 1e-3
#: Degrees of the polynomials q(z_S) in generative moments.
ALONG = 2
#: The largest number of tensor entries of one degree: beyond, the sequence ends as not decided.
MOST_ENTRIES = 8000
NO_ROOM = "no tensor of this degree has the symmetries of the target"
NO_ROOM_FOR_LABEL = (
    "no tensor of this degree has the symmetries and antisymmetries of the target and survives its level sets"
)
LEVEL_SETS = (
    "the symmetries leave h_j(z_i) alone, whose level sets cancel: f depends on z_i through h_(j-1) exp(-z_i^2/2)"
)
_COEFFICIENTS = "no coefficient of the label has this degree in the directions that are left"


def correlational(
    expansion: HermiteExpansion, tolerance: float = 1e-10, exactness: Exactness = "exact", precision: float = 0.0
) -> LeapSequence:
    """The correlational leap sequence of an expansion, from its coefficients in adapted coordinates."""
    adapted = AdaptedFrame.of(expansion.centred())
    allowed = [True] * (expansion.degree + 1)
    scale = expansion.centred().norm or 1.0
    steps: list[LeapStep] = []
    zero = Evidence(exactness, _COEFFICIENTS, precision)
    while adapted.known < expansion.variables:
        vanishing: list[Evidence] = []
        for k in range(1, expansion.degree + 1):
            vanishing.append(zero)
            matrix = adapted.gradient_map(k, allowed)
            if matrix.size == 0:
                continue
            left, singular, _ = np.linalg.svd(matrix, full_matrices=True)
            rank = int((singular > tolerance).sum())
            if rank:
                break
            if singular[0] > ROUNDING:
                vanishing[-1] = Evidence("undecided", "not distinguished from zero", float(singular[0]))
        else:
            break
        directions = adapted.frame[adapted.known :].T @ left[:, :rank]
        dropped = float(singular[rank]) if rank < len(singular) else 0.0
        shares = _shares(adapted, k, left[:, :rank]) / scale**2
        size = math.sqrt(shares.sum())
        seen = Evidence(exactness, "a Hermite coefficient of the label", precision)
        if size < 1e-14:
            seen = Evidence("undecided", "the coefficients that show it are within rounding of zero", size)
        span = zero if dropped <= ROUNDING else Evidence("undecided", "more directions were counted as none", dropped)
        below = tuple(_doubted(e, tilt(adapted.frame[: adapted.known])) for e in vanishing[:-1])
        signal, share, weakest = float(singular[rank - 1]), float(shares.sum()), float(shares.min())
        steps.append(LeapStep(k, directions, seen, span, below, signal, dropped, share, weakest))
        adapted.extend(left, rank)
    unseen = adapted.frame[adapted.known :].T
    return LeapSequence(tuple(steps), unseen, expansion.degree, (zero,) * expansion.degree if unseen.size else ())


def _shares(adapted: AdaptedFrame, degree: int, directions: Array) -> Array:
    """What each of the ``directions`` (outside, count) has of the squared norm of the component of this outside degree.

    With ``C_ij = E[d_i f d_j f]`` over the component, k times its squared norm is the trace of C: the eigenvalues of C
    on the directions, over k.
    """
    gradients: dict[tuple[int, ...], Array] = {}
    for row in np.flatnonzero((adapted.outside_degree() == degree) & (adapted.values != 0)):
        index = tuple(adapted.indices[row].tolist())
        for i in range(adapted.known, len(index)):
            if index[i]:
                lowered = (*index[:i], index[i] - 1, *index[i + 1 :])
                gradient = gradients.setdefault(lowered, np.zeros(len(index) - adapted.known))
                gradient[i - adapted.known] = math.sqrt(index[i]) * adapted.values[row]
    seen = np.array(list(gradients.values())) @ directions
    return np.asarray(np.linalg.svd(seen, compute_uv=False)[: directions.shape[1]] ** 2 / degree)


def tilt(rows: Array) -> float:
    """The largest entry of unit vectors that is small and yet no rounding: a tensor of degree k that they turn has
    parts that are smaller by up to its k-th power, which no computation with numbers of its size tells from zero."""
    sizes = np.abs(rows)
    return float(sizes[(sizes > ROUNDING) & (sizes < TILTED)].max(initial=0.0))


def _doubted(zero: Evidence, tilted: float) -> Evidence:
    """A degree that vanishes, not decided where a direction found before is tilted."""
    words = "not distinguished from zero, as a direction found before is tilted slightly"
    return Evidence("undecided", words, tilted) if tilted and zero.exactness != "undecided" else zero


@dataclass
class GenerativeSearch:
    """The generative leap sequence of a label, z ~ N(0, I).

    ``blind`` holds pairs (i, j) for which the moments of every ``h_b`` with ``b_i = j`` vanish by the level sets.
    ``label`` is the correlational sequence: the label is one of its transforms, so no generative leap is above that of
    the label from the same directions. A proof that says otherwise is dropped.
    """

    probe: Probe
    sources: Sequence[Source]
    symmetries: Symmetries
    blind: frozenset[tuple[int, int]] = frozenset()
    label: LeapSequence | None = None
    highest: int = HIGHEST_DEGREE
    _searched: bool = False
    _group: list[Array] = field(default_factory=list)

    @property
    def variables(self) -> int:
        """How many coordinates z has."""
        return self.probe.variables

    def run(self) -> tuple[LeapSequence, Symmetries]:
        """The sequence, and the symmetries with those that were found on the way."""
        self._group = symmetries.closure(self.symmetries.elements)
        known = np.zeros((self.variables, 0))
        steps: list[LeapStep] = []
        blind: tuple[Evidence, ...] = ()
        while known.shape[1] < self.variables:
            step, blind = self._next(known)
            if step is None:
                break
            steps.append(step)
            known = np.concatenate([known, step.directions], axis=1)
        return LeapSequence(tuple(steps), _complement(known), len(blind), blind), self.symmetries

    def _next(self, known: Array) -> tuple[LeapStep | None, tuple[Evidence, ...]]:
        rest = _complement(known)
        frame = np.concatenate([known, rest], axis=1)
        outside = rest.shape[1]
        vanishing: list[Evidence] = []
        shown = self._shown(known)
        for k in range(1, self.highest + 1):
            if math.comb(outside + k - 1, k) > MOST_ENTRIES:
                break
            if shown is not None and k > shown.exponent:
                return self._at_most(shown, known, vanishing)
            room = self._room(known, rest, k)
            if room.shape[1] == 0:
                vanishing.append(Evidence("exact", self._reason(k)))
                continue
            found = self._span(frame, known.shape[1], k, room)
            if found.rank == 0 and self._search():
                room = self._room(known, rest, k)
                if room.shape[1] == 0:
                    vanishing.append(Evidence("exact", self._reason(k)))
                    continue
            if found.rank == 0 and math.isinf(found.precision):
                break
            if found.rank == 0:
                vanishing.append(Evidence("undecided", "not distinguished from zero", found.precision))
                continue
            if found.rank < room.shape[1] and self._search():
                room = self._room(known, rest, k)
                found = self._span(frame, known.shape[1], k, room)
            return self._step(k, rest, found, room.shape[1], vanishing), ()
        if shown is not None and shown.exponent <= len(vanishing):
            return self._at_most(shown, known, vanishing)
        return None, tuple(vanishing)

    def _shown(self, known: Array) -> LeapStep | None:
        """The first correlational step with directions that are not known yet."""
        for step in self.label.steps if self.label is not None else ():
            if np.abs(step.directions - known @ (known.T @ step.directions)).max() > 1e-6:
                return step
        return None

    def _at_most(
        self, shown: LeapStep, known: Array, vanishing: list[Evidence]
    ) -> tuple[LeapStep | None, tuple[Evidence, ...]]:
        """The step of the label itself, where no degree up to it was seen; anew without what excludes them all."""
        if all(e.exactness == "exact" for e in vanishing[: shown.exponent]):
            self._drop(known, shown.exponent)
            return self._next(known)
        outside = shown.directions - known @ (known.T @ shown.directions)
        left, singular, _ = np.linalg.svd(outside, full_matrices=False)
        span = Evidence(shown.exactness, "the directions of the leap of the label itself")
        below = tuple(vanishing[: shown.exponent - 1])
        directions = left[:, singular > 1e-6]
        return LeapStep(shown.exponent, directions, shown.seen, span, below, shown.signal, shown.dropped), ()

    def _drop(self, known: Array, degree: int) -> None:
        """Without the maps that alone leave no tensor of a degree that the label shows; without any, if none does."""
        rest = _complement(known)
        kept = []
        for g in self.symmetries.elements:
            alone = symmetries.fixing([g], known, rest)
            if not alone or symmetries.invariants(alone, rest.shape[1], degree).shape[1]:
                kept.append(g)
        if len(kept) == len(self.symmetries.elements):
            kept, self.blind = [], frozenset()
        self.symmetries, self._searched = symmetries.only(self.symmetries, kept), True
        self._group = symmetries.closure(kept)

    def _step(self, k: int, rest: Array, found: "_Span", room: int, vanishing: list[Evidence]) -> LeapStep:
        seen = Evidence(found.exactness, found.words, found.precision)
        if found.rank >= room:
            why = "all directions that the symmetries leave" if room < rest.shape[1] else "all directions that are left"
            span = Evidence(found.exactness, why)
        else:
            more = room - found.rank
            span = Evidence("undecided", f"{more} more direction(s) not distinguished from zero", found.precision)
        return LeapStep(k, rest @ found.directions, seen, span, tuple(vanishing), found.signal, found.dropped)

    def _room(self, known: Array, rest: Array, degree: int) -> Array:
        """The directions (outside, count) that tensors with the symmetries of the target can span."""
        maps = symmetries.fixing(self._group, known, rest)
        outside = rest.shape[1]
        blind = blind_outside(self.blind, rest)
        if not maps and not blind:
            return np.eye(outside)
        basis = symmetries.invariants(maps, outside, degree, blind)
        if basis.shape[1] == 0:
            return np.zeros((outside, 0))
        left, singular, _ = np.linalg.svd(symmetries.unfold(basis, outside, degree), full_matrices=False)
        return np.asarray(left[:, singular > 1e-7])

    def _reason(self, degree: int) -> str:
        return LEVEL_SETS if any(j == degree for _, j in self.blind) else NO_ROOM

    def _search(self) -> bool:
        """Look for symmetries in other directions, once; whether there are more now."""
        if self._searched or self.variables == 1:
            return False
        self._searched = True
        before = len(self.symmetries.elements)
        self.symmetries = symmetries.search(self.probe, self.symmetries)
        self._group = symmetries.closure(self.symmetries.elements)
        return len(self.symmetries.elements) > before

    def _span(self, frame: Array, known: int, degree: int, room: Array) -> "_Span":
        """The span of the moments of degree ``degree``, as soon as it fills the room that the symmetries leave."""
        outside = frame.shape[0] - known
        span = _Span.none(outside)
        for source in self.sources:
            before, parts = span, list[Moments]()
            for batch in source.batches(frame, known, degree, ALONG if known else 0):
                parts.append(batch)
                span = before.extended(parts, room, degree)
                if span.rank >= room.shape[1]:
                    return span
        return span


@dataclass(frozen=True)
class _Span:
    """``directions`` (outside, rank) that moments span; singular values below ``precision`` were not counted."""

    directions: Array
    signal: float
    dropped: float
    precision: float
    exactness: Exactness
    words: str

    @property
    def rank(self) -> int:
        return self.directions.shape[1]

    @classmethod
    def none(cls, outside: int) -> "_Span":
        return cls(np.zeros((outside, 0)), math.inf, 0.0, math.inf, "undecided", "")

    def extended(self, parts: list[Moments], room: Array, degree: int) -> "_Span":
        """With the directions that further moments show inside ``room`` (outside, count) and beyond these.

        The spectral norm of the error is bounded by its Frobenius norm; standard errors count five times, over the
        root of the smaller side of the matrix (a random matrix with m x n entries has a spectral norm of about
        (sqrt m + sqrt n) times that of one entry). False alarms are then below 1e-5 for each degree.
        """
        left = room.shape[1]
        beyond = room
        if self.rank:
            inner = room.T @ self.directions
            vectors, _, _ = np.linalg.svd(inner, full_matrices=True)
            beyond = room @ vectors[:, self.rank :]
            left = beyond.shape[1]
        values = np.concatenate([part.values for part in parts], axis=1)
        matrix = beyond.T @ symmetries.unfold(values, room.shape[0], degree)
        error = math.sqrt(sum(float((part.error**2).sum()) for part in parts) * left / room.shape[0])
        exactness = parts[-1].exactness
        bound = 5 * error / math.sqrt(max(1, min(matrix.shape))) if exactness == "measured" else error
        vectors, singular, _ = np.linalg.svd(matrix, full_matrices=True)
        rank = int((singular > bound).sum())
        dropped = float(singular[rank]) if rank < len(singular) else 0.0
        if rank == 0:
            # That one transform shows nothing says nothing of the others; of several sources the last is the richest.
            precision = self.precision if parts[-1].single else bound
            return _Span(self.directions, self.signal, dropped, precision, self.exactness, self.words)
        signal = min(self.signal, float(singular[rank - 1]))
        # The batch that first shows something names the argument.
        first = next((p.words for p in parts if np.abs(p.values).max(initial=0) > bound), parts[-1].words)
        directions = np.concatenate([self.directions, beyond @ vectors[:, :rank]], axis=1)
        return _Span(directions, signal, dropped, bound, exactness, self.words or first)


def blind_outside(blind: frozenset[tuple[int, int]], rest: Array) -> set[tuple[int, int]]:
    """The pairs in the coordinates of ``rest``, where these are coordinate axes."""
    axes = {
        int(np.abs(column).argmax()): place for place, column in enumerate(rest.T) if np.abs(column).max() > 1 - 1e-12
    }
    return {(axes[i], j) for i, j in blind if i in axes}


def _complement(known: Array) -> Array:
    """An orthonormal basis of the complement; coordinate axes where they are orthogonal to what is known."""
    r, s = known.shape
    if s == 0:
        return np.eye(r)
    rest = np.eye(r) - known @ known.T
    kept: list[Array] = []
    for axis in np.argsort(-np.diag(rest), kind="stable"):
        vector = rest[:, axis].copy()
        for other in kept:
            vector -= other * (other @ vector)
        if np.linalg.norm(vector) > 1e-7 and len(kept) < r - s:
            vector -= known @ (known.T @ vector)
            kept.append(vector / np.linalg.norm(vector))
    return np.stack(kept, axis=1) if kept else np.zeros((r, 0))
