"""A diagnosis in words: one screen for a person, rows for a page."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from learnability.diagnosis.result import Diagnosis, LeapSequence, LeapStep, WeakRecovery
from learnability.diagnosis.shape import axis_basis
from learnability.diagnosis.sources import SOURCES, Row
from learnability.diagnosis.unseen import confined

Array = NDArray[np.float64]
_OF = " of the variance"
PRACTICAL = 1e-6
"""The share of the variance below which a leap is said to be out of reach: a correlation of that share stands above the
noise of n samples from n = 1/share on."""
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


def part(share: float) -> str:
    """A share of the variance, which is never rounded to all of it."""
    if 1 - share < 1e-12:
        return "all"
    return f"all but {1 - share:.2g}" if share > 0.995 else f"{share:.2g}"


def hardly_seen(share: float) -> str:
    """The caveat of a leap that rests on a share of the variance below :data:`PRACTICAL`; else empty."""
    if not share < PRACTICAL:
        return ""
    return f"{share:.0e} of the variance decides this: the constant is at least {fewest(share)}, no realistic n sees it"


def fewest(share: float) -> str:
    """``1 / share`` to one digit, rounded down, since it stands behind "at least"; share below one."""
    exponent = math.floor(-math.log10(share))
    return f"{math.floor(10 ** (-math.log10(share) - exponent))}e+{exponent:02d}"


def directions(columns: Array) -> str:
    """The directions of a step: coordinates where they span it, otherwise a basis."""
    projector = columns @ columns.T
    axes = np.flatnonzero(np.diag(projector) > 1 - 1e-9)
    if len(axes) == columns.shape[1]:
        return ", ".join(f"z{i + 1}" for i in axes)
    said = [direction(column) for column in axis_basis(projector).T]
    few = len(said) < 4 and max(map(len, said)) < 30
    return ", ".join(said) if few else f"{len(said)} direction{'s' if len(said) > 1 else ''}"


def steps(sequence: LeapSequence, letter: str = "z") -> str:
    """``2 (z1), then 1 (z2)``, with the share of the variance in the component that makes each leap of the label."""
    said = ", then ".join(f"{step.exponent} ({directions(step.directions)}{_share(step)})" for step in sequence.steps)
    first, of, others = said.partition(_OF)
    said = first + of + others.replace(_OF, "")
    left = sequence.unseen.shape[1]
    if left and sequence.steps:
        said += f"; {left} direction{'s' if left > 1 else ''} not seen up to degree {sequence.highest_degree}"
    said = said.replace("z", letter)
    return said or f"nothing is seen up to degree {sequence.highest_degree}"


def _share(step: LeapStep) -> str:
    """``; 0.44 of the variance``, and the least of it that a direction has where that is little."""
    if math.isnan(step.share):
        return ""
    least = f", {step.weakest:.0e} for one direction" if step.weakest < PRACTICAL < step.share else ""
    return f"; {part(step.share)}{_OF}{least}"


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
    cube = found.inputs == "cube"
    source = SOURCES["staircase"] if cube else SOURCES["correlational"]
    if not found.correlational.steps:
        none = f"none was found up to degree {found.expanded_to}: no coefficient is told from zero"
        size = f" at precision {found.spectrum_evidence.precision:.0e}" if found.spectrum_evidence.precision else ""
        return [*result, ("information exponent", f"{none}{size}", "undecided: the degrees above are not seen", source)]
    first = f"{found.information_exponent} (lowest degree above zero)"
    result.append(("information exponent", first, found.correlational.steps[0].exactness, source))
    letter = "x" if cube else "z"
    said = f"{steps(found.correlational, letter)}; largest: {found.leap}"
    result.append(("leaps", said, how(found.correlational), source))
    result.append(("generative leaps", steps(found.generative, letter), how(found.generative), SOURCES["generative"]))
    result += _samples(found)
    if found.weak_recovery is not None:
        known = str(found.weak_recovery.evidence)
        if not _is_told(found.weak_recovery):
            known = known.replace(found.weak_recovery.evidence.exactness, "undecided", 1)
        said = _threshold(found.weak_recovery)
        if not found.weak_recovery.alpha and (faint := _faint(found)):
            said += f"; {faint}"
        result.append(("weak recovery at n = alpha d", said, known, SOURCES["linear"]))
    result += _traps(found)
    if found.noise_sensitivity:
        text = ", ".join(f"{value:.4g} at {flip:g}" for flip, value in found.noise_sensitivity.items())
        result.append(("noise sensitivity", text, "exact", SOURCES["noise"]))
    return result


def _is_told(recovery: WeakRecovery) -> bool:
    """Whether the threshold exceeds its error."""
    return not 0 < recovery.alpha < math.inf or recovery.evidence.precision < recovery.alpha


def _threshold(recovery: WeakRecovery) -> str:
    alpha, precision = recovery.alpha, recovery.evidence.precision
    if not _is_told(recovery):
        # The signal 1 / alpha is known to precision / alpha^2.
        return f"undecided: alpha_c is at least {alpha / (1 + precision / alpha):.2g}, as far as it was computed"
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
    spectrum = _spectrum(found)
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
        known = f"f(g z) = f(z) to {found.symmetries.residual:.0e} of its size at all points tried"
        result.append(("symmetries", "; ".join(found.symmetries.words), known, ""))
    return result


def _spectrum(found: Diagnosis) -> str:
    """The shares of up to eight degrees, and what is above the last degree of the expansion."""
    shares = [(k, share) for k, share in found.spectrum.items() if share > 5e-4]
    said = [
        f"{share:.3g} at {k}" if len(found.spectrum) == 1 or share < 0.9995 else f"{part(share)} at {k}"
        for k, share in shares[:8]
    ] + (["..."] if len(shares) > 8 else [])
    above = 1 - math.fsum(found.spectrum.values())
    if found.expanded_to is not None and above > 5e-4:
        kept = math.fsum(found.spectrum.values())
        left = "all" if not kept else f"all but {kept:.2g}" if kept < 5e-3 else f"{above:.2g}"
        return "; ".join([*filter(None, [", ".join(said)]), f"{left} above degree {found.expanded_to}"])
    return ", ".join(said)


def _faint(found: Diagnosis) -> str:
    """The caveat of generative leaps that a small correlation alone shows; else empty."""
    signal = min((step.signal for step in found.generative.steps), default=math.inf) ** 2
    if signal >= PRACTICAL:
        return ""
    return f"{signal:.0e} of the variance of a transform shows it, and whether another shows more is not known"


def _samples(found: Diagnosis) -> list[Row]:
    log = " log d" if found.leap == 2 else ""
    caveat = hardly_seen(found.deciding_share)
    result: list[Row] = [
        (
            "online SGD",
            f"n ~ {power(found.sgd_exponent)}{log} (leap {found.leap}{caveat and '; '}{caveat})",
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
    if faint := _faint(found):
        reuse += f"; {faint}"
    elif found.weak_recovery is not None and 1 / PRACTICAL < found.weak_recovery.alpha < math.inf:
        reuse += "; the constant is alpha_c below"
    result.append(("best low-degree method", reuse, "theory", f"{SOURCES['generative']}; {SOURCES['reuse']}"))
    return result


def _traps(found: Diagnosis) -> list[Row]:
    if found.inputs == "cube":
        return []
    known = "exact, in rational arithmetic" if found.exact else "from singular values"
    if found.counted_as_zero:
        known = f"undecided: from singular values, where {found.counted_as_zero:.0e} is counted as zero"
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
        least = found.loss_floor if found.least_loss_floor is None else found.least_loss_floor
        most = "at most " if found.loss_floor - least > 5e-7 * initial else ""
        floor = f"{most}{found.loss_floor:.6g} of {initial:.6g}, left when all else is learned"
        if most:
            floor += f" (at least {least:.6g})"
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
