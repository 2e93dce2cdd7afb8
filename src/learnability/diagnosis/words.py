"""A diagnosis in words: one screen for a person, rows for a page."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from learnability.diagnosis.result import Diagnosis, LeapSequence
from learnability.diagnosis.shape import axis_basis
from learnability.diagnosis.sources import SOURCES, Row
from learnability.diagnosis.unseen import confined

Array = NDArray[np.float64]
NOISE = (
    "theory: correlations with the label are those without it; a transform of the label is first averaged over the "
    "noise, and a normal law, whose characteristic function has no zero, averages none of the others away"
)


def direction(vector: Array) -> str:
    """A unit vector as a linear form, such as ``z1`` or ``(z1 + z2)/sqrt 2``."""
    places = np.flatnonzero(np.abs(vector) > 1e-9)
    sizes = np.abs(vector[places])
    if len(places) == 1:
        return f"z{places[0] + 1}"
    lead = np.sign(vector[places[0]])
    if np.allclose(sizes, sizes[0], atol=1e-9):
        terms = "".join(f"{'+' if vector[i] * lead > 0 else '-'} z{i + 1} " for i in places)
        return f"({terms.removeprefix('+ ').strip()})/sqrt {len(places)}"
    terms = " ".join(f"{'+' if vector[i] * lead > 0 else '-'} {abs(vector[i]):.3g} z{i + 1}" for i in places)
    return terms.removeprefix("+ ")


def directions(columns: Array) -> str:
    """The directions of a step: coordinates where they span it, otherwise a basis."""
    projector = columns @ columns.T
    axes = np.flatnonzero(np.diag(projector) > 1 - 1e-9)
    if len(axes) == columns.shape[1]:
        return ", ".join(f"z{i + 1}" for i in axes)
    said = [direction(column) for column in axis_basis(projector).T]
    return ", ".join(said) if len(said) < 4 and max(map(len, said)) < 30 else f"{columns.shape[1]} directions"


def steps(sequence: LeapSequence, letter: str = "z") -> str:
    """``2 (z1), then 1 (z2)``."""
    said = ", then ".join(f"{step.exponent} ({directions(step.directions)})" for step in sequence.steps)
    left = sequence.unseen.shape[1]
    if left and sequence.steps:
        said += f"; {left} direction{'s' if left > 1 else ''} not seen up to degree {sequence.highest_degree}"
    said = said.replace("z", letter)
    return said or f"nothing is seen up to degree {sequence.highest_degree}"


def how(sequence: LeapSequence) -> str:
    """How a sequence is known: its weakest step, then the arguments step by step."""
    said: list[str] = []
    for step in sequence.steps:
        doubts = [str(e) for e in (*step.vanishing, step.span) if e.exactness == "undecided"]
        proofs = [e.argument for e in step.vanishing if e.exactness == "exact"]
        seen = step.seen.argument + (f" (precision {step.seen.precision:.0e})" if step.seen.precision else "")
        said += [*doubts, f"degree {step.exponent} by {seen}", *(f"below it {text}" for text in proofs)]
    said += [str(e) for e in sequence.blind if e.exactness != "exact"][-1:]
    return "; ".join([sequence.exactness, *dict.fromkeys(said)]).replace("undecided; undecided: ", "undecided: ", 1)


def power(exponent: float) -> str:
    """``d``, ``d^2`` or ``d^1.5``."""
    return "d" if exponent == 1 else f"d^{exponent:g}"


def rows(found: Diagnosis) -> list[Row]:
    """All that is found, in the order of the page; laws of incomplete leap sequences are confined to what was found."""
    return confined(found, _rows(found))


def _rows(found: Diagnosis) -> list[Row]:
    result = _shape(found)
    if not found.correlational.steps:
        return result
    cube = found.inputs == "cube"
    source = SOURCES["staircase"] if cube else SOURCES["correlational"]
    first = f"{found.information_exponent} (lowest degree above zero)"
    result.append(("information exponent", first, found.correlational.exactness, source))
    letter = "x" if cube else "z"
    said = f"{steps(found.correlational, letter)}; largest: {found.leap}"
    result.append(("leaps", said, how(found.correlational), source))
    result.append(("generative leaps", steps(found.generative, letter), how(found.generative), SOURCES["generative"]))
    result += _samples(found)
    if found.weak_recovery is not None:
        alpha, known = found.weak_recovery.alpha, str(found.weak_recovery.evidence)
        result.append(("weak recovery at n = alpha d", _threshold(alpha), known, SOURCES["linear"]))
    result += _traps(found)
    if found.noise_sensitivity:
        text = ", ".join(f"{value:.4g} at {flip:g}" for flip, value in found.noise_sensitivity.items())
        result.append(("noise sensitivity", text, "exact", SOURCES["noise"]))
    return result


def _threshold(alpha: float) -> str:
    if alpha == 0:
        return "any alpha > 0 recovers a direction"
    if math.isinf(alpha):
        return "no finite alpha: the generative exponent is above 2"
    return f"alpha_c = {alpha:.4g}"


def _shape(found: Diagnosis) -> list[Row]:
    r, inner = found.variables, found.intrinsic_dimension
    text = found.text if len(found.text) <= 90 else found.text[:87] + "..."
    hidden = f"{inner} of {r} variable{'s' if r > 1 else ''}"
    if found.inputs == "cube":
        hidden = f"{inner} of {r} bits"
    shares = [(k, share) for k, share in found.spectrum.items() if share > 5e-4]
    spectrum = ", ".join(f"{share:.3g} at {k}" for k, share in shares[:8]) + (", ..." if len(shares) > 8 else "")
    kind = "Walsh" if found.inputs == "cube" else "Hermite"
    result: list[Row] = [
        ("target", text, f"mean {found.mean:.6g}, norm {found.norm:.6g}", ""),
        ("intrinsic dimension", hidden, "rank of E[grad f grad f^T]", ""),
        (f"{kind} spectrum", f"share of the variance by degree: {spectrum}", str(found.spectrum_evidence), ""),
    ]
    for name, link in ({} if found.function is None else found.function.links).items():
        said = f"{name}: {len(link.z)} points from {link.z[0]:.4g} to {link.z[-1]:.4g}, cubic pieces between them"
        result.append(("link", said, "given; its error is what half of the points would change", ""))
    if found.label_noise:
        share = found.label_noise**2 / (found.label_noise**2 + found.norm**2 - found.mean**2)
        said = f"standard deviation {found.label_noise:g}, {share:.2g} of the variance of y; no exponent changes"
        result.append(("label noise", said, NOISE, ""))
    if found.symmetries.words:
        known = f"f(g z) = f(z) to {found.symmetries.residual:.0e} at random points"
        result.append(("symmetries", "; ".join(found.symmetries.words), known, ""))
    return result


def _samples(found: Diagnosis) -> list[Row]:
    log = " log d" if found.leap == 2 else ""
    result: list[Row] = [
        (
            "online SGD",
            f"n ~ {power(found.sgd_exponent)}{log} (leap {found.leap})",
            "theory, in order of magnitude",
            SOURCES["sgd"],
        ),
        ("correlational queries", f"n >= {power(found.correlational_exponent)}", "theory", SOURCES["sgd"]),
    ]
    if found.sample_exponent is None:
        return result
    best = power(found.sample_exponent)
    # An exponent below which something was not distinguished from zero is an upper bound.
    most = "at most " if found.generative.exactness == "undecided" else ""
    gap = found.leap > (found.generative_leap or 0)
    reuse = (
        f"n ~ {most}{best}: a transform of the label or a second pass over the data replaces leap {found.leap} by "
        f"{found.generative_leap}"
        if gap
        else f"n ~ {most}{best}: no transform of the label lowers the leap"
    )
    result.append(("best low-degree method", reuse, "theory", f"{SOURCES['generative']}; {SOURCES['reuse']}"))
    return result


def _traps(found: Diagnosis) -> list[Row]:
    if found.inputs == "cube":
        return []
    known = "exact, in rational arithmetic" if found.exact else "from singular values"
    inner, source = found.intrinsic_dimension, SOURCES["reflective"]
    if not found.is_trapped:
        note = f"none ({found.activation} activation): no direction is trapped at w = 0"
        result: list[Row] = [("reflective subspace", note, known, source)]
    else:
        note = (
            f"dimension {found.reflective_subspace.shape[1]} of {inner} ({found.activation} activation): mean-field "
            f"flow that starts with no weight on it never learns it; a random start has weight of order 1/sqrt(d) on "
            f"it and can leave it"
        )
        initial = 0.5 * (found.norm**2 - found.mean**2)
        floor = f"{found.loss_floor:.6g} of {initial:.6g}, left when all else is learned"
        result = [("reflective subspace", note, known, source), ("loss floor", floor, known, source)]
    if found.taylor is not None:
        ranks, order = found.taylor.ranks, found.taylor.spanning_order
        said = f"rank {ranks[-1]} of {inner} up to order {len(ranks)}"
        if order:
            said = f"the coefficients span the hidden subspace at order {order}"
        result.append(("Taylor rank", said, "exact" if found.taylor.exact else "floating point", source))
    return result


def screen(found: Diagnosis) -> str:
    """One screen: name and answer; in brackets how it is known where it is not exact, in full where it is undecided."""
    import textwrap

    table = [(name, f"{text}{_doubt(known)}") for name, text, known, _ in rows(found)]
    width = max(len(name) for name, _ in table)
    lines: Sequence[str] = [
        textwrap.fill(text, 118, initial_indent=f"{name:<{width}}  ", subsequent_indent=" " * (width + 2))
        for name, text in table
    ]
    return "\n".join(lines)


def _doubt(known: str) -> str:
    if known.startswith(("measured", "quadrature")):
        return f" [{known.split(':')[0].split(';')[0]}]"
    return f" [{known}]" if known.startswith(("undecided", "from", "floating")) else ""
