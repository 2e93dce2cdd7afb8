"""The Boolean counterparts: bits uniform on {-1, 1}, Walsh coefficients, leaps of sets.

With U the bits known so far, the next leap is the least ``|A - U| > 0`` over the sets A of the Walsh expansion; the
bits of all sets that reach it join U (the merged staircase, Abbe, Boix-Adsera, Misiakiewicz, arXiv 2202.08658; the
leap, arXiv 2302.11055). For every transform of the label at once, A ranges over the sets of the indicators ``1(f = v)``
(statistical queries; Joshi, Koubbi, Misiakiewicz, Srebro, arXiv 2407.05622). All of it is finite sums: exact.
"""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from learnability.diagnosis.result import Diagnosis, Evidence, LeapSequence, LeapStep, Symmetries
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.function_target import FunctionTarget, Polynomial
from learnability.hermite.target_language import TargetError, parse_target

Array = NDArray[np.float64]
Sets = list[frozenset[int]]

MOST_BITS = 14
ZERO = 1e-12
FLIPS = (0.01, 0.05, 0.1, 0.25)
_EXACT = Evidence("exact", "a sum over all points of the cube")


def points(bits: int) -> Array:
    """All points of {-1, 1}^bits, (2^bits, bits); bit i of the row number n is ``(1 - x_i) / 2``."""
    return np.asarray(1.0 - 2.0 * ((np.arange(1 << bits)[:, None] >> np.arange(bits)) & 1), dtype=np.float64)


def walsh(values: Array) -> Array:
    """``E[f chi_A]`` for every set A (its bits are those of the index), along the last axis."""
    result = np.array(values, dtype=np.float64)
    size = result.shape[-1]
    step = 1
    while step < size:
        pairs = result.reshape(*result.shape[:-1], -1, 2, step)
        result = np.stack([pairs[..., 0, :] + pairs[..., 1, :], pairs[..., 0, :] - pairs[..., 1, :]], axis=-2)
        result = result.reshape(*values.shape)
        step *= 2
    return result / size


def sets_of(coefficients: Array, size: float) -> Sets:
    """The sets with a coefficient above rounding."""
    found = np.flatnonzero(np.abs(coefficients) > ZERO * size)
    return [frozenset(i for i in range(int(a).bit_length()) if a >> i & 1) for a in found.tolist() if a]


def leap_sequence(
    sets: Sequence[frozenset[int]], bits: int, weights: Mapping[frozenset[int], float] | None = None
) -> LeapSequence:
    """The steps in which the bits of a family of sets become known; ``weights``: shares of the variance."""
    known: set[int] = set()
    steps: list[LeapStep] = []
    while True:
        fresh = [a - known for a in sets if a - known]
        if not fresh:
            break
        k = min(map(len, fresh))
        gained = sorted(set().union(*(a for a in fresh if len(a) == k)))
        blind = (Evidence("exact", "no set has so few bits that are not known"),) * (k - 1)
        seen = Evidence("exact", "a Walsh coefficient")
        shown = {} if weights is None else {a: weights[a] for a in sets if len(a - known) == k}
        least = min(math.fsum(w for a, w in shown.items() if i in a) / k for i in gained)
        share, weakest = (math.fsum(shown.values()), least) if shown else (math.nan, math.nan)
        steps.append(LeapStep(k, np.eye(bits)[:, gained], seen, _EXACT, blind, math.inf, 0.0, share, weakest))
        known |= set(gained)
    return LeapSequence(tuple(steps), np.zeros((bits, 0)), bits)


def diagnose_cube(text: str) -> Diagnosis:
    """The diagnosis of a function of bits ``x1, x2, ...`` uniform on {-1, 1}.

    Raises ValueError for a constant function; TargetError, which is one, for a text that cannot be parsed and for too
    many bits.
    """
    target = parse_target(text, letter="x")
    if target.variables > MOST_BITS:
        column = text.index(f"x{target.variables}") + 1
        raise TargetError(text, column, f"a function on the cube has at most {MOST_BITS} bits, not {target.variables}")
    function = (
        target if isinstance(target, FunctionTarget) else FunctionTarget(text, target.variables, Polynomial(target))
    )
    bits = target.variables
    values = np.asarray(function(points(bits)), dtype=np.float64) + np.zeros(1 << bits)
    coefficients = walsh(values)
    norm = math.sqrt(float(np.mean(values**2)))
    sets = sets_of(coefficients, norm)
    if not sets:
        raise ValueError("the target is constant on the cube: there is nothing to learn")
    variance = math.fsum(coefficients[1:] ** 2)
    # The values are exact up to rounding, and so are their classes.
    levels = np.unique(np.round(values / norm, 10))
    indicators = np.array([np.abs(values / norm - level) < 1e-9 for level in levels[:-1]], dtype=np.float64)
    transformed = {a for row in walsh(indicators) for a in sets_of(row, 1.0)}
    depends = sorted(set().union(*sets))
    expansion = HermiteExpansion(
        bits,
        {tuple(int(i in a) for i in range(bits)): float(coefficients[sum(1 << i for i in a)]) for a in sets}
        | ({(0,) * bits: float(coefficients[0])} if abs(coefficients[0]) > ZERO * norm else {}),
    )
    degrees = np.array([int(a).bit_count() for a in range(1 << bits)])
    weights = {k: math.fsum(coefficients[degrees == k] ** 2) / variance for k in range(1, bits + 1)}
    weight_of = {a: float(coefficients[sum(1 << i for i in a)]) ** 2 / variance for a in sets}
    influence = np.diag(
        [math.fsum(coefficients[[a for a in range(1 << bits) if a >> i & 1]] ** 2) for i in range(bits)]
    )
    return Diagnosis(
        text=text,
        inputs="cube",
        target=expansion,
        function=function if isinstance(target, FunctionTarget) else None,
        activation="smooth",
        mean=float(coefficients[0]),
        norm=norm,
        hidden=np.eye(bits)[:, depends],
        gradient_covariance=influence,
        spectrum={k: share for k, share in weights.items() if share > ZERO},
        spectrum_evidence=_EXACT,
        symmetries=_symmetries(function, bits),
        correlational=leap_sequence(sets, bits, weight_of),
        generative=leap_sequence(sorted(transformed, key=sorted), bits),
        weak_recovery=None,
        learnable_subspace=np.eye(bits)[:, depends],
        reflective_subspace=np.zeros((bits, 0)),
        loss_floor=0.0,
        exact=True,
        taylor=None,
        noise_sensitivity={
            flip: (1 - math.fsum((1 - 2 * flip) ** k * share for k, share in weights.items())) / 2 for flip in FLIPS
        },
    )


def _symmetries(function: FunctionTarget, bits: int) -> Symmetries:
    """Exchanges of two bits and sign changes of one or all of them that leave f unchanged, checked at every point."""
    x = points(bits)
    values = np.asarray(function(x)) + np.zeros(len(x))
    maps: list[tuple[str, Array]] = [("x -> -x", -np.eye(bits))] if bits > 1 else []
    for i in range(bits):
        flip = np.eye(bits)
        flip[i, i] = -1
        maps.append((f"x{i + 1} -> -x{i + 1}", flip))
    for i, j in itertools.combinations(range(bits), 2):
        swap = np.eye(bits)
        swap[[i, j]] = swap[[j, i]]
        maps.append((f"x{i + 1} <-> x{j + 1}", swap))
    kept = [(w, g) for w, g in maps if np.abs(function(x @ g.T) - values).max() < 1e-10 * np.abs(values).max()]
    words = [w for w, _ in kept]
    said = tuple(words[:5] + ([f"and {len(words) - 5} more"] if len(words) > 5 else []))
    return Symmetries(tuple(g for _, g in kept), (), 0.0, said)
