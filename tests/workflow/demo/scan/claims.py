"""What the demo claims of its scans."""

from learnability.results.claim import AtLeast, Claim
from learnability.results.measuring import entry, estimated, measured, seeds_of


def _at_nine(analyses):
    one = entry(analyses["third"], "dimension", 9, "d = 9")
    return measured(one["norm"], seeds_of(one))


CLAIMS = (
    Claim(
        id="positive",
        source="arithmetic",
        statement="The squared norm of a normal vector in two dimensions has a mean above 0.01.",
        measured="the mean norm at d = 2",
        rule=AtLeast(0.01),
        measure=estimated("third", "norm", where={"dimension": 0}),
        experiments=("third",),
        evidence="statistical",
        figure="norms",
    ),
    Claim(
        id="positive.nine",
        source="arithmetic",
        statement="The squared norm of a normal vector in nine dimensions has a mean above 0.01.",
        measured="the mean norm at d = 9",
        rule=AtLeast(0.01),
        measure=_at_nine,
        experiments=("third",),
        evidence="statistical",
        figure="norms",
    ),
)
