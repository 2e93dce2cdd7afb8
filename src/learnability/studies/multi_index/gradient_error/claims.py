"""What the paper suggests of the empirical gradient."""

from dataclasses import replace
from functools import partial

from learnability.results.claim import Analyses, AtMost, Claim, Equals, Measurement
from learnability.results.measuring import entry, limit_of
from learnability.studies.multi_index.theory import PAPER


def exponent(analyses: Analyses, degree: int, which: str) -> Measurement:
    """The limit of the local exponents of a number of samples."""
    data = analyses["gradient_error"]
    one = entry(data, "degree", degree)
    found = limit_of(one, "gradient", which)
    largest = data["dimension"].values[-1]
    return replace(found, note=f"{found.note}; {float(one[which][-1]):.3g} samples at d = {largest}")


def _power(exponent: int) -> str:
    return "d" if exponent == 1 else f"d^{exponent}"


CLAIMS: tuple[Claim, ...] = tuple(
    claim
    for s in (2, 3)
    for claim in (
        Claim(
            id=f"samples.gradient.h{s}",
            source=f"{PAPER}, section 5, as summarised",
            statement=f"For h{s}(z1) the empirical Stiefel gradient concentrates around the population's at "
            f"starts near the equator for n ~ {_power(s - 1)}, with a ridge of "
            "appropriate size.",
            measured="exponent of the n at which the r.m.s. error of the tangent gradient is half of the "
            "population's, link "
            "fitted on degrees 1 to 4, closed second moments; a ridge on orthonormal features scales the population's "
            "gradient and the empirical one alike",
            rule=AtMost(s - 1 + 0.1),
            measure=partial(exponent, degree=s, which="gradient"),
            experiments=("gradient_error",),
            expected=f"{s - 1}",
            evidence="summary",
            figure="samples",
        ),
        Claim(
            id=f"samples.component.h{s}",
            source="this study",
            statement=f"With n ~ {_power(s - 1)} samples the component towards the target of D_{s}, the gradient of "
            f"the fit of degree {s} alone, is resolved in sign and size for h{s}(z1) at starts near the equator.",
            measured=f"exponent of the n at which the component towards the target of D_{s} = mean y grad "
            f"h{s}(w.x) has a relative r.m.s. error of one half, closed second moments",
            rule=AtMost(s - 1 + 0.1),
            measure=partial(exponent, degree=s, which="degree_component"),
            experiments=("gradient_error",),
            expected=f"{s - 1}",
            evidence="asymptotic",
            figure="samples",
        ),
        Claim(
            id=f"samples.vector.h{s}",
            source="this study",
            statement=f"As a vector D_{s}, the gradient of the fit of degree {s} alone, points to the target for "
            f"h{s}(z1) near the equator from n ~ {_power(s)} samples on, not from {_power(s - 1)}, where it is mostly "
            "noise across the target.",
            measured=f"exponent of the n at which the r.m.s. error of D_{s} = mean y grad h{s}(w.x), in the "
            "d - 1 directions of the tangent space, is half of the length of its mean, closed second moments",
            rule=Equals(s, 0.1),
            measure=partial(exponent, degree=s, which="degree_vector"),
            experiments=("gradient_error",),
            expected=f"{s}",
            evidence="asymptotic",
            window_seen=True,
            figure="samples",
        ),
    )
)
