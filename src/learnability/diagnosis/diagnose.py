"""From a target to its diagnosis."""

import dataclasses
import itertools
import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from learnability.diagnosis import shape, symmetries
from learnability.diagnosis.cube import diagnose_cube
from learnability.diagnosis.exponents import (
    NO_ROOM_FOR_LABEL,
    ROUNDING,
    GenerativeSearch,
    blind_outside,
    correlational,
    tilt,
)
from learnability.diagnosis.moments import (
    Coefficients,
    Panels,
    PolynomialPowers,
    PolynomialValues,
    RandomPoints,
    Source,
    Square,
)
from learnability.diagnosis.probe import POINTS, Probe
from learnability.diagnosis.result import (
    Diagnosis,
    Evidence,
    Exactness,
    LeapSequence,
    LeapStep,
    Symmetries,
)
from learnability.diagnosis.weak_recovery import second_moment, threshold
from learnability.hermite import reflective
from learnability.hermite.activation_class import ACTIVATION_CLASSES
from learnability.hermite.basis import gauss_hermite, hermite_columns
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.feature_rank import exact_taylor_ranks
from learnability.hermite.function_expansion import Expanded, expand, kinks, mean_over_others, norm_squared
from learnability.hermite.function_target import FunctionTarget
from learnability.hermite.rotation import dense, rotate_values
from learnability.hermite.target_language import TargetError, parse_target
from learnability.hermite.taylor_rank import TaylorRanks, rational_terms, taylor_ranks

Array = NDArray[np.float64]

MOST_TAYLOR_TERMS = 60
MOST_VARIABLES = 8


def diagnose(
    target: str | HermiteExpansion | FunctionTarget,
    activation: str = "smooth",
    inputs: Literal["gaussian", "cube"] = "gaussian",
    label_noise: float = 0.0,
) -> Diagnosis:
    """The diagnosis of a text or of a target; see :func:`learnability.diagnose`.

    Raises ValueError for an unknown activation or unknown inputs, a label noise that is negative or not finite, a
    target on the cube that is no text, and a target that is constant or has no second moment; TargetError, which is
    one, for a text that cannot be parsed and for too many variables.
    """
    if activation not in ACTIVATION_CLASSES:
        raise ValueError(f"activation is {activation!r}; it must be one of {', '.join(ACTIVATION_CLASSES)}")
    if inputs not in ("gaussian", "cube"):
        raise ValueError(f"inputs is {inputs!r}; it must be 'gaussian' or 'cube'")
    if not 0 <= label_noise < math.inf:
        raise ValueError(f"label_noise is {label_noise}; it must be a standard deviation, 0 or more")
    if inputs == "cube":
        if not isinstance(target, str):
            raise ValueError("a target on the cube is given as text in x1, x2, ...")
        return dataclasses.replace(diagnose_cube(target), label_noise=label_noise)
    text = target if isinstance(target, str) else None
    parsed = parse_target(target) if isinstance(target, str) else target
    used = parsed.variables if isinstance(parsed, FunctionTarget) else _used(parsed)
    if used > MOST_VARIABLES:
        column = text.index(f"z{parsed.variables}") + 1 if text is not None else 1
        raise TargetError(text or str(parsed), column, f"a question has at most {MOST_VARIABLES} variables, not {used}")
    if isinstance(parsed, FunctionTarget):
        return diagnose_function(parsed, activation, label_noise)
    return diagnose_polynomial(parsed, activation, text, label_noise)


def _used(target: HermiteExpansion) -> int:
    """The number of variables that occur."""
    return sum(any(b[i] for b in target.coefficients) for i in range(target.variables))


def diagnose_function(target: FunctionTarget, activation: str = "smooth", label_noise: float = 0.0) -> Diagnosis:
    """The diagnosis of a target that is not a polynomial, with the threshold at this label noise.

    Raises ValueError for a constant target, and for one whose second moment is not finite or cannot be computed.
    """
    covariance, hidden, inner = _hidden_part(target)
    r = inner.variables
    with np.errstate(over="ignore", invalid="ignore"):
        expanded = expand(inner)
    if not np.isfinite(expanded.norm_squared) or expanded.norm_error > 0.3 * expanded.norm_squared:
        raise ValueError("the second moment of the target is not finite, or is too heavy-tailed to be computed")
    coefficients = expanded.expansion
    variance = expanded.norm_squared - coefficients.mean**2
    if (
        variance <= max(1e-12, 5 * expanded.norm_error) * expanded.norm_squared
        and not coefficients.centred().coefficients
    ):
        raise ValueError("the target is constant: there is nothing to learn")
    exactness: Exactness = "measured" if expanded.random else "exact" if expanded.closed else "quadrature"
    # The median error of random points counts three times: some coefficients have a larger one.
    error = 3 * expanded.error if expanded.random else expanded.error
    probe = Probe.of(inner, r, coefficients, error)
    # What the label carries is what the argument of an injective function carries, without its saturation.
    argument = inner.injective_argument()
    carried = probe if argument is None else Probe.of(PolynomialValues(argument), r, argument)
    group = symmetries.find(carried)
    blind = blind_degrees(carried, coefficients, error)
    steps = _correlational(expanded, exactness, probe, group, blind)
    generative, group = (
        (_of_two_values(steps), group)
        if probe.has_two_values
        else _generative(inner, steps, group, blind, expanded, carried)
    )
    label, bends = (inner, kinks(inner) if r == 1 else ()) if argument is None or label_noise else (carried.values, ())
    two_values = (second_moment(coefficients), variance) if probe.has_two_values else None
    trapped = reflective.diagnose(coefficients, ACTIVATION_CLASSES[activation])
    least, most = _loss_floor(inner, expanded, trapped) if trapped.is_trapped else (0.0, 0.0)
    whole = (
        coefficients if r == target.variables and np.array_equal(hidden, np.eye(r)) else _lifted(coefficients, hidden)
    )
    shares = {k: coefficients.homogeneous(k).norm_squared / variance for k in range(1, expanded.degree + 1)}
    closed = "coefficients in closed form" if expanded.closed else "coefficients by integration"
    words = f"{closed} to degree {expanded.degree}; what is above is the rest of the variance"
    return Diagnosis(
        text=target.text,
        inputs="gaussian",
        target=whole,
        function=target,
        activation=activation,
        mean=coefficients.mean,
        norm=math.sqrt(expanded.norm_squared),
        hidden=hidden,
        gradient_covariance=covariance,
        spectrum={k: share for k, share in shares.items() if share > 0},
        spectrum_evidence=Evidence(exactness, words, expanded.error),
        symmetries=embedded_symmetries(group, hidden),
        correlational=_shared(embedded(steps, hidden), coefficients.centred().norm_squared / variance),
        generative=embedded(generative, hidden),
        weak_recovery=threshold(label, r, generative, bends, two_values, label_noise),
        learnable_subspace=hidden @ trapped.learnable,
        reflective_subspace=hidden @ trapped.trapped,
        loss_floor=most,
        exact=False,
        taylor=None,
        noise_sensitivity={},
        label_noise=label_noise,
        expanded_to=expanded.degree,
        least_loss_floor=least,
        counted_as_zero=_counted_as_zero(trapped),
    )


def _loss_floor(inner: FunctionTarget, expanded: Expanded, trapped: reflective.Diagnosis) -> tuple[float, float]:
    """Bounds of ``E|f - E[f | z_W]|^2 / 2``.

    They agree where W is {0}, or where the mean over the rest can be taken term by term: by Pythagoras the floor is
    then half of what ``E[E[f | z_W]^2]`` lacks. Otherwise the coefficients give the lower bound, and what is above
    their degree may be on either side.
    """
    variance = expanded.norm_squared - expanded.expansion.mean**2
    if trapped.learnable.shape[1] == 0:
        return variance / 2, variance / 2
    axes = np.flatnonzero((trapped.learnable**2).sum(axis=1) > 1 - ROUNDING)
    aligned = len(axes) == trapped.learnable.shape[1] and not expanded.random
    kept = mean_over_others(inner, frozenset(axes.tolist())) if aligned else None
    if kept is not None:
        square, error = norm_squared(kept)
        if error + expanded.norm_error < 1e-9 * expanded.norm_squared:
            exact = max(0.0, expanded.norm_squared - square) / 2
            return exact, exact
    known = trapped.target.centred().norm_squared
    return min(trapped.loss_floor, variance / 2), min(trapped.loss_floor + max(0.0, variance - known) / 2, variance / 2)


def _counted_as_zero(trapped: reflective.Diagnosis) -> float:
    """The largest number, beyond rounding, that was counted as zero where directions were found to be trapped."""
    if trapped.exact or not trapped.is_trapped:
        return 0.0
    dropped = trapped.largest_dropped
    return max(dropped if dropped > ROUNDING else 0.0, tilt(trapped.learnable))


def _shared(sequence: LeapSequence, part: float) -> LeapSequence:
    """Shares of the variance of the whole function, of which the expansion has this part."""
    told = (dataclasses.replace(s, share=s.share * part, weakest=s.weakest * part) for s in sequence.steps)
    return dataclasses.replace(sequence, steps=tuple(told))


def _hidden_part(target: FunctionTarget) -> tuple[Array, Array, FunctionTarget]:
    """``E[grad f grad f^T]`` at random points, a basis of the hidden subspace, the target in its coordinates.

    The span of the gradients of all polynomials in the tree holds the hidden subspace; directions along which f itself
    does not change are then removed from it.
    """
    r = target.variables
    basis = np.eye(r)
    inner = target
    if not target.is_opaque:
        total = np.zeros((r, r))
        for leaf in target.leaves():
            if leaf.centred().norm_squared:
                total += shape.gradient_covariance(leaf) / leaf.centred().norm_squared
        if not total.any():
            raise ValueError("the target is constant: there is nothing to learn")
        basis = shape.hidden_basis(total)
        inner = target.mapped(lambda leaf: shape.restricted(leaf, basis), basis.shape[1])
    z = np.random.default_rng(3).standard_normal((2000, inner.variables))
    gradient = symmetries.finite_gradient(inner, z)
    covariance = gradient.T @ gradient / len(z)
    eigenvalues, vectors = np.linalg.eigh(covariance)
    flat = vectors[:, eigenvalues < 1e-12 * max(eigenvalues[-1], 1e-12)]
    if 0 < flat.shape[1] < inner.variables and _is_constant_along(inner, flat):
        kept = shape.axis_basis(np.eye(inner.variables) - flat @ flat.T)
        smaller = (
            FunctionTarget.from_callable(lambda w: target(w @ kept.T), kept.shape[1], target.text)
            if target.is_opaque
            else inner.mapped(lambda leaf: shape.restricted(leaf, kept), kept.shape[1])
        )
        return basis @ covariance @ basis.T, basis @ kept, smaller
    return basis @ covariance @ basis.T, basis, inner


def _is_constant_along(target: FunctionTarget, flat: Array) -> bool:
    """Whether f stays what it is when the part of z in the span of ``flat`` becomes that of another point."""
    probe = Probe.of(target, target.variables)
    rng = np.random.default_rng(4)
    for _ in range(3):
        other = probe.points[rng.permutation(len(probe.points))]
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            miss = np.abs(target(probe.points + (other - probe.points) @ flat @ flat.T) - probe.label) / probe.size
        if not float(np.nan_to_num(miss, nan=np.inf).max()) < symmetries.SAME:
            return False
    return True


def _lifted(expansion: HermiteExpansion, hidden: Array) -> HermiteExpansion:
    """An expansion of the hidden coordinates in all variables."""
    variables, count = hidden.shape
    frame = np.concatenate([hidden, shape.axis_basis(np.eye(variables) - hidden @ hidden.T)], axis=1)
    indices, values = dense(expansion.in_variables(variables)) if count < variables else dense(expansion)
    turned = rotate_values(indices, values, frame)
    pairs = zip(indices.tolist(), turned.tolist(), strict=True)
    return HermiteExpansion(variables, {tuple(b): v for b, v in pairs if abs(v) > 1e-14 * expansion.norm})


def _correlational(
    expanded: Expanded,
    exactness: Exactness,
    probe: Probe,
    group: Symmetries,
    blind: frozenset[tuple[int, int]],
) -> LeapSequence:
    """The correlational sequence; a coefficient below its error is zero by symmetry or not distinguished from it."""
    found = correlational(expanded.expansion, 1e-9, exactness, expanded.error)
    if exactness == "exact" and not expanded.error:
        return found
    elements = symmetries.closure(group.elements)
    opposite = symmetries.opposites(probe, expanded.expansion.mean)
    known = np.zeros((probe.variables, 0))
    steps: list[LeapStep] = []
    for step in found.steps:
        rest = shape.axis_basis(np.eye(probe.variables) - known @ known.T)
        maps = symmetries.fixing(elements, known, rest)
        negative = symmetries.fixing(opposite, known, rest)
        vanishing = []
        for k in range(1, step.exponent):
            room = symmetries.invariants(maps, rest.shape[1], k, blind_outside(blind, rest), negative)
            proof = Evidence("exact", NO_ROOM_FOR_LABEL)
            doubt = Evidence("undecided", "not distinguished from zero", expanded.error)
            vanishing.append(doubt if room.shape[1] else proof)
        steps.append(dataclasses.replace(step, vanishing=tuple(vanishing)))
        known = np.concatenate([known, step.directions], axis=1)
    return dataclasses.replace(found, steps=tuple(steps))


def _of_two_values(steps: LeapSequence) -> LeapSequence:
    """The generative sequence of a label with two values, from its correlational one."""
    why = "the label has two values: every transform of it is affine in it"
    told = (
        dataclasses.replace(s, seen=Evidence(s.seen.exactness, why, s.seen.precision), share=math.nan, weakest=math.nan)
        for s in steps.steps
    )
    return dataclasses.replace(steps, steps=tuple(told))


def _generative(
    inner: FunctionTarget,
    steps: LeapSequence,
    group: Symmetries,
    blind: frozenset[tuple[int, int]],
    expanded: Expanded,
    carried: Probe,
) -> tuple[LeapSequence, Symmetries]:
    """The generative sequence: of an injective function of a polynomial, or by bounded transforms.

    ``carried`` is the label, or the argument of the injective function: either carries as much as the other.
    """
    r = inner.variables
    polynomial = inner.injective_argument()
    coarser = inner.coarser()
    sources: tuple[Source, ...] = tuple(RandomPoints(carried.values, r, points, coarser) for points in (4096, 8192))
    if polynomial is not None:
        sources = (PolynomialPowers(polynomial), *sources)
    elif r == 1:
        sources = (Panels(inner, kinks(inner), coarser),)
    elif not expanded.random and coarser is None:
        sources = (Square(inner), *sources)
    # An error of random points is five standard errors already.
    label = (
        Coefficients(expanded.expansion, expanded.error / 5, "measured")
        if expanded.random
        else Coefficients(expanded.expansion, expanded.error, "exact" if expanded.closed else "quadrature")
    )
    return GenerativeSearch(carried, (label, *sources), group, blind, steps).run()


def blind_degrees(
    probe: Probe, expansion: HermiteExpansion, error: float, highest: int = 6
) -> frozenset[tuple[int, int]]:
    """The pairs (i, j) for which ``E[T(f) q h_j(z_i)] = 0`` for every T and every q of the other variables.

    This holds where f, as a function of z_i, is a function F of ``u = h_{j-1} phi``: since ``u' = -sqrt(j) h_j phi``,
    ``E[T(f) h_j] = -1/sqrt(j) int T(F(u)) u' dz``, which is zero because u is 0 at both ends. Whether it is one is
    checked at the points of the probe: f must agree wherever u does, and no coefficient of the label (``error``) may
    be one that vanishes. Odd j are left to symmetry.
    """
    found = set()
    for j, i in itertools.product(range(2, highest + 1, 2), range(probe.variables)):
        shown = max((abs(c) for b, c in expansion.coefficients.items() if b[i] == j), default=0.0)
        if shown > error + 1e-9 * expansion.norm:
            continue
        # Few functions come as far as the second part.
        if all(_agrees_at_equal_heights(probe, i, j, part) for part in (slice(0, POINTS), slice(POINTS, None))):
            found.add((i, j))
    return frozenset(found)


def _agrees_at_equal_heights(probe: Probe, variable: int, degree: int, part: slice) -> bool:
    """Whether f agrees where ``h_{j-1} phi`` of one variable does, the others being those of each point."""
    inside = np.abs(probe.points[part, variable]) < 8.5
    here, label, size = probe.points[part][inside], probe.label[part][inside], probe.size[part][inside]
    partners, rows = _equal_heights(degree, here[:, variable])
    # All but a few have partners: those at 0 have them at infinity.
    if len(rows) < 1.9 * len(here):
        return False
    there = here[rows]
    there[:, variable] = partners
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        miss = np.abs(probe.values(there) - label[rows]) / size[rows]
    return float(np.nan_to_num(miss, nan=np.inf).max(initial=0.0)) < 1e-9


def _equal_heights(degree: int, z: Array) -> tuple[Array, NDArray[np.intp]]:
    """All x with ``u(x) = h_{j-1}(x) phi(x)`` as at one of the points z, and which point each belongs to.

    u turns at the zeros of h_j alone, so that bisection between two of them finds the one x there.
    """

    def u(x: Array) -> Array:
        return np.asarray(hermite_columns(x, degree - 1)[degree - 1] * np.exp(-x * x / 2))

    turns = np.concatenate([[-9.0], gauss_hermite(degree)[0], [9.0]])
    levels, ends = u(z), u(turns)
    rising = ends[1:] > ends[:-1]
    branch, row = np.nonzero((ends[:-1, None] < levels) != (ends[1:, None] < levels))
    low, high, rising, levels = turns[branch], turns[branch + 1], rising[branch], levels[row]
    for _ in range(60):
        middle = (low + high) / 2
        stay = (u(middle) < levels) == rising
        low, high = np.where(stay, middle, low), np.where(stay, high, middle)
    return (low + high) / 2, row


def diagnose_polynomial(
    target: HermiteExpansion, activation: str = "smooth", text: str | None = None, label_noise: float = 0.0
) -> Diagnosis:
    """The diagnosis of a polynomial of Gaussian variables; ``text`` is what is shown as the target.

    Raises ValueError for a constant target.
    """
    covariance = shape.gradient_covariance(target)
    hidden = shape.hidden_basis(covariance)
    if hidden.shape[1] == 0:
        raise ValueError("the target is constant: there is nothing to learn")
    inner = shape.restricted(target, hidden)
    values = PolynomialValues(inner)
    probe = Probe.of(values, inner.variables, inner)
    group = symmetries.find(probe)
    leaps = correlational(inner)
    random = [RandomPoints(values, inner.variables, points) for points in (4096, 8192)]
    sources: tuple[Source, ...] = (Coefficients(inner), PolynomialPowers(inner), *random)
    generative, group = GenerativeSearch(probe, sources, group, label=leaps).run()
    trapped = reflective.diagnose(inner, ACTIVATION_CLASSES[activation])
    return Diagnosis(
        text=str(target) if text is None else text,
        inputs="gaussian",
        target=target,
        function=None,
        activation=activation,
        mean=target.mean,
        norm=target.norm,
        hidden=hidden,
        gradient_covariance=covariance,
        spectrum=shape.spectrum(target),
        spectrum_evidence=Evidence("exact", "Hermite coefficients of the polynomial"),
        symmetries=embedded_symmetries(group, hidden),
        correlational=embedded(leaps, hidden),
        generative=embedded(generative, hidden),
        weak_recovery=threshold(values, inner.variables, generative, label_noise=label_noise),
        learnable_subspace=hidden @ trapped.learnable,
        reflective_subspace=hidden @ trapped.trapped,
        loss_floor=trapped.loss_floor,
        exact=trapped.exact,
        taylor=_taylor(inner),
        noise_sensitivity={},
        label_noise=label_noise,
        least_loss_floor=trapped.loss_floor,
        counted_as_zero=_counted_as_zero(trapped),
    )


def embedded(sequence: LeapSequence, hidden: Array) -> LeapSequence:
    """A sequence of the hidden coordinates in the coordinates of the target."""
    steps = tuple(dataclasses.replace(s, directions=hidden @ s.directions) for s in sequence.steps)
    return LeapSequence(steps, hidden @ sequence.unseen, sequence.highest_degree, sequence.blind)


def embedded_symmetries(group: Symmetries, hidden: Array) -> Symmetries:
    """Symmetries of the hidden coordinates as maps of all of them: the identity on what does not matter."""
    if np.array_equal(hidden, np.eye(len(hidden))):
        return group
    rest = np.eye(len(hidden)) - hidden @ hidden.T
    elements = tuple(hidden @ g @ hidden.T + rest for g in group.elements)
    rotations = tuple(hidden @ a @ hidden.T for a in group.rotations)
    return Symmetries(elements, rotations, group.residual, symmetries.words(elements, rotations, len(hidden)))


def _taylor(target: HermiteExpansion) -> TaylorRanks | None:
    if len(target.coefficients) > MOST_TAYLOR_TERMS:
        return None
    # The recursion in polynomials of flint is a hundred times as fast as the one in Python's fractions.
    ranks = taylor_ranks if rational_terms(target) is None else exact_taylor_ranks
    return ranks(target, "sine")
