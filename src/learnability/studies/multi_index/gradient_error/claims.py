"""What the paper suggests of the empirical gradient."""

from dataclasses import replace
from functools import partial

from learnability.results.claim import Analyses, AtMost, Claim, Measurement
from learnability.results.measuring import entry, limit_of
from learnability.studies.multi_index.theory import PAPER


def exponent(analyses: Analyses, degree: int, which: str) -> Measurement:
    """The limit of the local exponents of a number of samples."""
    data = analyses["gradient_error"]
    one = entry(data, "degree", degree)
    found = limit_of(one, "gradient", which)
    largest = data["dimension"].values[-1]
    return replace(found, note=f"{found.note}; {float(one[which][-1]):.3g} samples at d = {largest}")


CLAIMS: tuple[Claim, ...] = tuple(
    claim
    for s in (2, 3)
    for claim in (
        Claim(
            id=f"samples.gradient.h{s}",
            source=f"{PAPER}, section 5, as summarised",
            statement=f"For h{s}(z1) the empirical Stiefel gradient concentrates around the population's at "
            f"starts near the "
            f"equator for n ~ d^{s - 1}.",
            measured="exponent of the n at which the r.m.s. error of the tangent gradient is half of the "
            "population's, link "
            "fitted on degrees 1 to 4, closed second moments",
            rule=AtMost(s - 1 + 0.1),
            measure=partial(exponent, degree=s, which="gradient"),
            experiments=("gradient_error",),
            expected=f"{s - 1}",
            evidence="summary",
            form="printed",
            figure="samples",
        ),
        Claim(
            id=f"samples.direction.h{s}",
            source="this study",
            statement=f"With n ~ d^{s - 1} samples the degree s of the fit points to the target for h{s}(z1): "
            f"the error of the "
            "gradient beyond that is one of its length and of the other degrees.",
            measured="exponent of the n at which the component towards the target of mean y grad h_s(w.x) has a "
            "relative "
            "r.m.s. error of one half, closed second moments",
            rule=AtMost(s - 1 + 0.1),
            measure=partial(exponent, degree=s, which="direction"),
            experiments=("gradient_error",),
            expected=f"{s - 1}",
            evidence="asymptotic",
            figure="samples",
        ),
    )
)
