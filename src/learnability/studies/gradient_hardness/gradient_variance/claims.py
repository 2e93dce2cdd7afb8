"""Claims of the kind ``gradient_variance``: Theorem 5 over all parities."""

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Equals, Measurement
from learnability.results.measuring import entry, estimated, measured, over_draws, seeds_of

EXPERIMENT = ("gradient_variance",)
LARGEST = {"dimension": -1}


def _outlier(analyses: Analyses) -> Measurement:
    """The spectrum at the full parity from a Rademacher start at d = 16."""
    dataset = analyses["gradient_variance"]
    rademacher = entry(dataset, "initialization", "rademacher", "the Rademacher start")
    full = entry(entry(rademacher, "dimension", 16, "d = 16"), "degree", 16)
    return measured(full["spectrum"], seeds_of(dataset))


CLAIMS = (
    Claim(
        id="variance-parity.printed",
        source="lecture, Theorem 5, equation (9)",
        statement="the variance of grad R_f over the parities is at most E|grad h|^2 / |F|",
        measured="variance over this bound at the largest d, smallest of the initialisations",
        rule=AtMost(1),
        measure=estimated("gradient_variance", "printed_ratio", lambda ratio: ratio.min(), LARGEST),
        experiments=EXPERIMENT,
        expected="4",
        form="printed",
        evidence="exact",
        seeds_needed=5,
        figure="gradient_variance",
    ),
    Claim(
        id="variance-parity.factor",
        source="lecture, Theorem 5",
        statement="the variance of grad R_f over the parities exceeds E|grad h|^2 / |F| by a factor that tends to 4",
        measured="variance over the printed bound at the largest d, mean of the initialisations",
        rule=Equals(4, 0.02),
        measure=estimated("gradient_variance", "printed_ratio", lambda ratio: ratio.mean(), LARGEST),
        experiments=EXPERIMENT,
        expected="4 - O(2^-d)",
        form="corrected",
        evidence="asymptotic",
        seeds_needed=5,
        figure="gradient_variance",
    ),
    Claim(
        id="variance-parity.corrected",
        source="lecture, Theorem 5, with the factor 2 of the gradient of the square",
        statement="the variance of grad R_f over the parities is at most 4 E|grad h|^2 / |F|",
        measured="variance over this bound, largest over the draws, the initialisations and d",
        rule=AtMost(1),
        measure=over_draws("gradient_variance", lambda ds: ds["corrected_ratio"].max()),
        experiments=EXPERIMENT,
        expected="1 - O(2^-d)",
        form="corrected",
        evidence="exact",
        seeds_needed=5,
        figure="gradient_variance",
    ),
    Claim(
        id="hinge-bound",
        source="lecture, setup of the hardness with gradient descent, below equation (16)",
        statement=(
            "for the hinge risk and |h| <= 1 the mean of |grad R_f|^2 over the parities is at most E|grad h|^2 / 2^d"
        ),
        measured="the mean, every parity on the whole cube, over this bound: largest over the draws at sup|h| = 1/2",
        rule=AtMost(1 + 1e-9),
        measure=over_draws("gradient_variance", lambda ds: ds["hinge_ratio"].sel(supremum=0.5).max()),
        experiments=EXPERIMENT,
        expected="1: an equality, by Parseval",
        evidence="exact",
        seeds_needed=5,
    ),
    Claim(
        id="hinge-bound.premise",
        source="lecture, setup of the hardness with gradient descent, below equation (16)",
        statement=(
            "the premise |h| <= 1 is needed: at sup|h| = 2 the mean of |grad R_f|^2 over the parities can exceed "
            "E|grad h|^2 / 2^d, for points with |h| > 1 add a gradient that is the same for every parity"
        ),
        measured="the mean, every parity on the whole cube, over the bound: largest over the draws at sup|h| = 2",
        rule=AtLeast(1 + 1e-9),
        measure=over_draws("gradient_variance", lambda ds: ds["hinge_ratio"].sel(supremum=2.0).max()),
        experiments=EXPERIMENT,
        expected="above 1",
        form="corrected",
        evidence="existence",
        seeds_needed=5,
    ),
    Claim(
        id="variance-parity.outlier",
        source="this study, remark to Theorem 5 of the lecture",
        statement=(
            "a small variance over the class says nothing of one parity: from a Rademacher start the full parity has "
            "at least ten times the class mean"
        ),
        measured="|E chi_v grad h|^2 of the full parity over the class mean, Rademacher start, d = 16",
        rule=AtLeast(10),
        measure=_outlier,
        experiments=EXPERIMENT,
        expected="about 30",
        evidence="statistical",
        form="corrected",
        window_seen=True,
        seeds_needed=5,
        figure="gradient_variance",
    ),
)
