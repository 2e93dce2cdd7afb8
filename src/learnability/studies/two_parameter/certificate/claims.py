"""The claim on the sign of du/dt: the step of the proof of Theorem 6 that turns levels into progress."""

from learnability.results.claim import Analyses, AtMost, Claim, Measurement, OutOfSteps
from learnability.studies.two_parameter.theory import PAPER


def _undecided(analyses: Analyses) -> Measurement:
    found = analyses["certificate"]
    if int(found.unfinished.sum()):
        raise OutOfSteps(f"{int(found.unfinished.sum())} trajectories did not reach the end of their stages")
    targets, maps, undecided = int(found.trajectories), found.sizes["map"], float(found.undecided.sum())
    positive, inward = int(found.positive.sum()), int(found.inward.sum())
    note = (
        f"{targets * maps} trajectories: {maps} maps, {targets} target each; du/dt >= 0 proved on {positive} strips, "
        f"only upward through 0 on {inward}; the flow itself is not proved to stay in the tubes"
    )
    return Measurement(undecided, undecided, undecided, targets, note)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "u-monotone",
        f"{PAPER}, proof of Theorem 6",
        "The parameter u never falls along the flow to a target of the guaranteed set F0",
        "strips of the tubes around computed trajectories (laptop: to one target of F0 in each of two maps) on which "
        "ball arithmetic proves neither du/dt >= 0 nor that du/dt can only rise through 0; half width: the error "
        "allowed for one step, which does not bound the distance to the flow",
        AtMost(0.0),
        _undecided,
        ("certificate",),
        "0",
        evidence="existence",
    ),
)
