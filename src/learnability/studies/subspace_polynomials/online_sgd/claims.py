"""The claim on the limit of SGD."""

from learnability.results.claim import Analyses, AtMost, Claim, Measurement
from learnability.results.labelled import bounds_of, texts
from learnability.results.measuring import seeds_of
from learnability.studies.subspace_polynomials.theory import PAPER


def _gap(analyses: Analyses) -> Measurement:
    """The largest gap of any target, bound by bound: the intervals of all targets hold together."""
    sgd = analyses["online_sgd"]
    parts = [part.values for part in bounds_of(sgd["gap"])]
    rows = zip(texts(sgd["target"]), *parts, strict=True)
    note = ", ".join(f"{name}: {gap:.4f} [{least:.4f}, {most:.4f}]" for name, gap, least, most in rows)
    value, low, high = (float(part.max()) for part in parts)
    return Measurement(value, low, high, seeds_of(sgd), note)


CLAIMS = (
    Claim(
        id="sgd-follows",
        source=f"{PAPER}, mean-field limit of SGD",
        statement="Online SGD of a two-layer network follows the mean-field flow from the same particles.",
        measured="sup_t |mean over seeds of L_sgd - L_flow| / L(0), the largest of the targets; the interval holds for "
        "all times of all targets together",
        rule=AtMost(0.02),
        measure=_gap,
        experiments=("online_sgd",),
        evidence="statistical",
        expected="within the particle and batch noise, below 0.02",
        seeds_needed=4,
        figure="trapping",
    ),
)
