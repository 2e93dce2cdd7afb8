"""The claim of the paper's Figure 4. Nothing else can be concluded at d = 2."""

from learnability.results.claim import Analyses, AtLeast, Claim, Measurement
from learnability.studies.two_parameter.theory import PAPER


def _trapped_over_nearest(analyses: Analyses) -> Measurement:
    picture = analyses["pictures"]
    trapped, nearest = float(picture.trapped_distance), float(picture.nearest_distance)
    return Measurement.exact(trapped / nearest, f"stops at {trapped:.3f}, the curve passes at {nearest:.5f}")


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "figure-4",
        f"{PAPER}, Figure 4",
        "Gradient flow of the one-parameter model (sin w, sin sqrt2 w), whose image is dense in the square, is trapped "
        "away from its target",
        "distance where the flow stops over the least distance of the curve, |w| <= 3000",
        AtLeast(10.0),
        _trapped_over_nearest,
        ("pictures",),
        "trapped",
        evidence="existence",
        figure="figure_4",
    ),
)
