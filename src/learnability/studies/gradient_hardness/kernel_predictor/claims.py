"""Claims of the kind ``kernel_predictor``: the lecture's remark on highly over-parameterised networks."""

from learnability.results.claim import Analyses, AtMost, Claim, Measurement
from learnability.results.measuring import entry, seeds_of

EXPERIMENT = ("kernel_predictor",)


def _share(analyses: Analyses) -> Measurement:
    """The largest over the draws at d = 10; the note has it at each d, and the mean error at unseen points.

    At the points of the sample an interpolant errs nowhere, so a mean error of 1/2 over the cube is 1/2 / (1 - share)
    at the others.
    """
    dataset = analyses["kernel_predictor"]
    largest = float(entry(dataset, "dimension", 10, "d = 10")["cube_share"].max())
    shares = zip(dataset["cube_share"].max("seed").values, dataset["dimension"].values, strict=True)
    note = ", ".join(f"{share:.2f} at d = {d}" for share, d in shares)
    note += f"; mean error at unseen points {0.5 / (1 - largest):.2f} at d = 10, where predicting 0 has 1"
    return Measurement(largest, largest, largest, seeds_of(dataset), note)


CLAIMS = (
    Claim(
        id="kernel-curse",
        source="this study, on the introduction of the lecture",
        statement=(
            "over all parities the neural tangent kernel of a wide two-layer network learns the points that it is "
            "shown and nothing of the others, where it is on average no better than predicting 0: a mean error of 1/2 "
            "over the cube of d = 10 takes at most 1.25 times the 2^{d-1} distinct points that every kernel needs"
        ),
        measured=(
            "distinct points over 2^d at a mean error of 1/2 over the cube and all parities, d = 10, largest over the "
            "draws; 1/2 is needed by n of 2^d directions"
        ),
        rule=AtMost(0.625),
        measure=_share,
        experiments=EXPERIMENT,
        expected="0.60, falling from 0.81 at d = 4",
        evidence="existence",
        window_seen=True,
        seeds_needed=3,
    ),
)
