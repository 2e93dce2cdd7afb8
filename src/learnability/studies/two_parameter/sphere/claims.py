"""The claim on spheres: none consists of learnable targets."""

from learnability.results.claim import Analyses, Claim, Equals, Measurement
from learnability.studies.two_parameter.theory import PAPER


def _with_counterexample(analyses: Analyses) -> Measurement:
    found = analyses["spheres"].counterexamples.values > 0
    return Measurement.exact(float(found.mean()), f"{int(found.sum())} of {len(found)} spheres")


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "spheres",
        f"{PAPER}, Theorem 4",
        "Every embedded 2-sphere holds a target that is not learned",
        "fraction of spheres on which one was found, also inside boxes of a coarser F0",
        Equals(1.0, 0.0),
        _with_counterexample,
        ("spheres",),
        "found on every one",
        figure="sphere",
    ),
)
