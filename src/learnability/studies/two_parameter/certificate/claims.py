"""The claim on the sign of du/dt: the step of the proof of Theorem 6 that turns levels into progress."""

from learnability.results.claim import Analyses, AtMost, Claim, Measurement, OutOfSteps
from learnability.studies.two_parameter.theory import PAPER


def _undecided(analyses: Analyses) -> Measurement:
    found = analyses["certificate"]
    if int(found.unfinished.sum()):
        raise OutOfSteps(f"{int(found.unfinished.sum())} trajectories did not reach the end of their stages")
    count = int(found.trajectories) * found.sizes["map"]
    positive, inward = int(found.positive.sum()), int(found.inward.sum())
    note = f"{count} trajectories; du/dt >= 0 proved on {positive} strips, only upward through 0 on {inward}"
    return Measurement.exact(float(found.undecided.sum()), note)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "u-monotone",
        f"{PAPER}, proof of Theorem 6",
        "The parameter u never falls along the flow to a target of the guaranteed set F0",
        "strips of the tubes around trajectories (half width: the error allowed for a step) on which ball arithmetic "
        "proves neither du/dt >= 0 nor that du/dt can only rise through 0",
        AtMost(0.0),
        _undecided,
        ("certificate",),
        "0",
        evidence="exact",
    ),
)
