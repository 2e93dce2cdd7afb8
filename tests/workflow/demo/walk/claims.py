"""What the demo claims of its walks."""

from learnability.results.claim import Between, Claim
from learnability.results.measuring import exactly

CLAIMS = (
    Claim(
        id="bounded",
        source="arithmetic",
        statement="a cosine is at most one",
        measured="the mean",
        rule=Between(-1.0, 1.0),
        measure=exactly("first", lambda analysis: analysis["mean"].max()),
        experiments=("first",),
        figure="means",
    ),
)
