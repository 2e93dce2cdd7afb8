"""The claim on the limit of SGD."""

from learnability.results.claim import Analyses, AtMost, Claim, Measurement
from learnability.results.measuring import measured, seeds_of
from learnability.studies.subspace_polynomials.theory import PAPER


def _gap(analyses: Analyses) -> Measurement:
    """The gap of the target that has the largest."""
    gap = analyses["online_sgd"]["gap"]
    return measured(gap.isel(target=int(gap.isel(bound=0).values.argmax())), seeds_of(analyses["online_sgd"]))


CLAIMS = (
    Claim(
        id="sgd-follows",
        source=f"{PAPER}, mean-field limit of SGD",
        statement="Online SGD of a two-layer network follows the mean-field flow from the same particles.",
        measured="sup_t |mean over seeds of L_sgd - L_flow| / L(0), the worse of the targets",
        rule=AtMost(0.02),
        measure=_gap,
        experiments=("online_sgd",),
        evidence="statistical",
        expected="within the particle and batch noise, below 0.02",
        seeds_needed=4,
        figure="trapping",
    ),
)
