"""What the demo claims of its walks."""

from learnability.results.claim import Between, Claim
from learnability.results.measuring import exactly

CLAIMS = (
    Claim(
        id="bounded",
        source="arithmetic",
        statement="The mean of cosines lies between -1 and 1.",
        measured="the mean",
        rule=Between(-1.0, 1.0),
        measure=exactly("first", lambda analysis: analysis["mean"].max()),
        experiments=("first",),
        evidence="exact",
        figure="means",
    ),
)
