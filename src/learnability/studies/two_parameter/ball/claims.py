"""Claims on balls of targets: the learnable targets are not dense."""

from collections.abc import Callable

import numpy as np

from learnability.results.claim import Analyses, AtMost, Claim, Measurement, NotAtThisScale, OutOfSteps
from learnability.results.labelled import bounds_of, texts
from learnability.results.measuring import Measure
from learnability.studies.two_parameter.theory import PAPER


def _over_barrier(chosen: Callable[[str], bool]) -> Measure:
    """The larger of two ratios, over the chosen models, that stay below 1 where no flow gets through the barrier.

    Raises OutOfSteps where flows did not finish and the others stay behind it.
    """

    def measure(analyses: Analyses) -> Measurement:
        balls = analyses["balls"]
        balls = balls.isel(model=[i for i, name in enumerate(texts(balls.model)) if chosen(name)])
        if not balls.sizes["model"]:
            raise NotAtThisScale("a model of this kind")
        reach = float(balls.largest_reach.max())
        with np.errstate(divide="ignore"):
            nearness = float((balls.clearance / balls.least_distance).max())
        unresolved, n = int(balls.unresolved.sum()), int(balls.targets) * balls.sizes["model"]
        found = max(reach, nearness)
        if unresolved and found < 1:
            raise OutOfSteps(f"{unresolved} of {n} flows did not finish, none of the others got through the barrier")
        learned = round(float((bounds_of(balls.learned)[0] * (balls.targets - balls.unresolved)).sum()))
        note = (
            f"largest reach {reach:.3f} of the disc, constructed clearance at most {nearness:.3f} of a final distance, "
            f"{learned} of {n} targets learned"
        )
        return Measurement(found, found, found, n, note)

    return measure


CLAIMS: tuple[Claim, ...] = tuple(
    Claim(
        f"not-dense.{kind}",
        f"{PAPER}, Theorem 3",
        "Learnable targets are not dense: no flow to a target of the ball constructed around one orthogonal to the "
        f"range of J_0 gets through its barrier or to its target, {kind} model{plural}",
        "over flows to targets of the constructed ball, the largest of two ratios: |w| at the end over the radius of "
        "the disc that the loss barrier closes, and the constructed distance of the ball from the disc's image over "
        "the final distance. A loss that falls crosses no barrier, so that both are below 1 wherever the construction "
        "is right: what is tried is the construction between its points, and the solver",
        AtMost(0.99),
        _over_barrier(chosen),
        ("balls",),
        "below 1",
        evidence="existence",
        window_seen=True,
        seeds_needed=200,
        reason="a check of the construction, no search for a flow that could cross: barrier and image of the disc are "
        "computed at 720 angles (x 25 radii), nothing is proved in between",
    )
    for kind, plural, chosen in (
        ("hierarchical", "", lambda name: name == "hierarchical"),
        ("elementary", "s", lambda name: name != "hierarchical"),
    )
)
