"""From a target to its diagnosis."""

import dataclasses
import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from learnability.diagnosis import shape, symmetries
from learnability.diagnosis.cube import diagnose_cube
from learnability.diagnosis.exponents import NO_ROOM_FOR_LABEL, GenerativeSearch, blind_outside, correlational
from learnability.diagnosis.moments import (
    Coefficients,
    Panels,
    PolynomialPowers,
    PolynomialValues,
    RandomPoints,
    Source,
)
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
from learnability.hermite.basis import hermite_basis
from learnability.hermite.expansion import HermiteExpansion
from learnability.hermite.feature_rank import exact_taylor_ranks
from learnability.hermite.function_expansion import Expanded, expand, kinks, normal_points
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
    """The diagnosis of a text or of a target; see :func:`learnability.diagnose`."""
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
    """The diagnosis of a target that is not a polynomial, with the threshold at this label noise."""
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
    group = symmetries.find(inner, r)
    blind = blind_degrees(inner)
    steps = _correlational(expanded, exactness, inner, group, blind)
    generative, group = _generative(inner, steps, group, blind, expanded)
    trapped = reflective.diagnose(coefficients, ACTIVATION_CLASSES[activation])
    whole = (
        coefficients if r == target.variables and np.array_equal(hidden, np.eye(r)) else _lifted(coefficients, hidden)
    )
    shares = {k: coefficients.homogeneous(k).norm_squared / variance for k in range(1, expanded.degree + 1)}
    closed = "coefficients in closed form" if expanded.closed else "coefficients by integration"
    missing = max(0.0, 1 - sum(shares.values()))
    words = f"{closed} to degree {expanded.degree}; {missing:.2g} of the variance is above"
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
        correlational=embedded(steps, hidden),
        generative=embedded(generative, hidden),
        weak_recovery=threshold(
            inner, r, generative, kinks(inner) if r == 1 else (), (second_moment(coefficients), variance), label_noise
        ),
        learnable_subspace=hidden @ trapped.learnable,
        reflective_subspace=hidden @ trapped.trapped,
        loss_floor=min(variance / 2, trapped.loss_floor + missing * variance / 2) if trapped.is_trapped else 0.0,
        exact=False,
        taylor=None,
        noise_sensitivity={},
        label_noise=label_noise,
    )


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
    if flat.shape[1] > 0 and inner.variables > 1:
        shift = z[:200] + np.random.default_rng(4).standard_normal((200, flat.shape[1])) @ flat.T
        if flat.shape[1] < inner.variables and np.abs(inner(shift) - inner(z[:200])).max() < 1e-9:
            kept = shape.axis_basis(np.eye(inner.variables) - flat @ flat.T)
            smaller = (
                FunctionTarget.from_callable(lambda w: target(w @ kept.T), kept.shape[1], target.text)
                if target.is_opaque
                else inner.mapped(lambda leaf: shape.restricted(leaf, kept), kept.shape[1])
            )
            return basis @ covariance @ basis.T, basis @ kept, smaller
    return basis @ covariance @ basis.T, basis, inner


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
    inner: FunctionTarget,
    group: Symmetries,
    blind: frozenset[tuple[int, int]],
) -> LeapSequence:
    """The correlational sequence; a coefficient below its error is zero by symmetry or not distinguished from it."""
    found = correlational(expanded.expansion, 1e-9, exactness, expanded.error)
    if exactness == "exact" and not expanded.error:
        return found
    elements = symmetries.closure(group.elements)
    mean = expanded.expansion.mean
    opposite = symmetries.opposites(lambda z: inner(z) - mean, inner.variables)
    known = np.zeros((inner.variables, 0))
    steps: list[LeapStep] = []
    for step in found.steps:
        rest = shape.axis_basis(np.eye(inner.variables) - known @ known.T)
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


def _generative(
    inner: FunctionTarget,
    steps: LeapSequence,
    group: Symmetries,
    blind: frozenset[tuple[int, int]],
    expanded: Expanded,
) -> tuple[LeapSequence, Symmetries]:
    """The generative sequence: of two values, of an injective function of a polynomial, or by bounded transforms."""
    r = inner.variables
    sample = np.asarray(inner(normal_points(r, 4096, np.random.default_rng(29))))
    if len(np.unique(np.round(sample, 9))) == 2:
        why = "the label has two values: every transform of it is affine in it"
        told = tuple(
            dataclasses.replace(s, seen=Evidence(s.seen.exactness, why, s.seen.precision)) for s in steps.steps
        )
        return dataclasses.replace(steps, steps=told), group
    polynomial = inner.injective_argument()
    coarser = inner.coarser()
    sources: tuple[Source, ...] = tuple(RandomPoints(inner, r, points, coarser) for points in (4096, 8192))
    if polynomial is not None:
        sources = (PolynomialPowers(polynomial), *sources)
    elif r == 1:
        sources = (Panels(inner, kinks(inner), coarser),)
    # An error of random points is five standard errors already.
    label = (
        Coefficients(expanded.expansion, expanded.error / 5, "measured")
        if expanded.random
        else Coefficients(expanded.expansion, expanded.error, "exact" if expanded.closed else "quadrature")
    )
    return GenerativeSearch(inner, r, (label, *sources), group, blind).run()


def blind_degrees(target: FunctionTarget, highest: int = 6) -> frozenset[tuple[int, int]]:
    """The pairs (i, j) for which ``E[T(f) q h_j(z_i)] = 0`` for every T and every q of the other variables.

    This holds where f, as a function of z_i, is a function F of ``u = h_{j-1} phi``: since ``u' = -sqrt(j) h_j phi``,
    ``E[T(f) h_j] = -1/sqrt(j) int T(F(u)) u' dz``, which is zero because u is 0 at both ends. Whether it is one is
    checked at random points: f must agree wherever u does. Odd j are left to symmetry.
    """
    rng = np.random.default_rng(31)
    found = set()
    for j in range(2, highest + 1, 2):
        z, partners, rows = _equal_heights(j, rng.standard_normal(48))
        if len(rows) < 2 * len(z) - 4:
            continue
        for i in range(target.variables):
            here = rng.standard_normal((len(z), target.variables))
            here[:, i] = z
            there = here[rows]
            there[:, i] = partners
            scale = float(np.sqrt(np.mean(target(here) ** 2))) or 1.0
            if float(np.abs(target(there) - target(here)[rows]).max()) < 1e-9 * scale:
                found.add((i, j))
    return frozenset(found)


def _equal_heights(degree: int, z: Array) -> tuple[Array, Array, NDArray[np.intp]]:
    """All x with ``h_{j-1}(x) phi(x)`` as at one of the points z, and which point each belongs to."""
    grid = np.linspace(-9, 9, 9001)

    def u(x: Array) -> Array:
        return np.asarray(hermite_basis(x, degree)[..., degree - 1] * np.exp(-x * x / 2))

    levels, on_grid = u(z), u(grid)
    row, cell = np.nonzero((on_grid[None, 1:] < levels[:, None]) != (on_grid[None, :-1] < levels[:, None]))
    low, high = grid[cell], grid[cell + 1]
    rising = on_grid[cell] < levels[row]
    for _ in range(60):
        middle = (low + high) / 2
        stay = (u(middle) < levels[row]) == rising
        low, high = np.where(stay, middle, low), np.where(stay, high, middle)
    return z, (low + high) / 2, row


def diagnose_polynomial(
    target: HermiteExpansion, activation: str = "smooth", text: str | None = None, label_noise: float = 0.0
) -> Diagnosis:
    """The diagnosis of a polynomial of Gaussian variables; ``text`` is what is shown as the target."""
    covariance = shape.gradient_covariance(target)
    hidden = shape.hidden_basis(covariance)
    if hidden.shape[1] == 0:
        raise ValueError("the target is constant: there is nothing to learn")
    inner = shape.restricted(target, hidden)
    values = PolynomialValues(inner)
    group = symmetries.find(values, inner.variables)
    random = [RandomPoints(values, inner.variables, points) for points in (4096, 8192)]
    search = GenerativeSearch(values, inner.variables, (Coefficients(inner), PolynomialPowers(inner), *random), group)
    generative, group = search.run()
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
        correlational=embedded(correlational(inner), hidden),
        generative=embedded(generative, hidden),
        weak_recovery=threshold(values, inner.variables, generative, label_noise=label_noise),
        learnable_subspace=hidden @ trapped.learnable,
        reflective_subspace=hidden @ trapped.trapped,
        loss_floor=trapped.loss_floor,
        exact=trapped.exact,
        taylor=_taylor(inner),
        noise_sensitivity={},
        label_noise=label_noise,
    )


def embedded(sequence: LeapSequence, hidden: Array) -> LeapSequence:
    """A sequence of the hidden coordinates in the coordinates of the target."""
    steps = tuple(
        LeapStep(s.exponent, hidden @ s.directions, s.seen, s.span, s.vanishing, s.signal, s.dropped)
        for s in sequence.steps
    )
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
