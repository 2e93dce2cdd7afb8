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
        seeds_needed=5,
        figure="gradient_variance",
    ),
    Claim(
        id="variance-parity.corrected",
        source="lecture, Theorem 5, with the factor 2 of the gradient",
        statement="the variance of grad R_f over the parities is exactly 4 2^-d (E|grad h|^2 - 2^-d |grad h(x=0)|^2)",
        measured="largest relative distance of the transform over all parities from the closed form",
        rule=AtMost(1e-10),
        measure=over_draws("gradient_variance", lambda ds: ds["closed_form_gap"].max()),
        experiments=EXPERIMENT,
        expected="0 up to rounding",
        form="corrected",
        seeds_needed=5,
        figure="gradient_variance",
    ),
    Claim(
        id="variance-parity.outlier",
        source="remark to Theorem 5",
        statement=(
            "a small variance over the class says nothing of one parity: the full parity from a "
            "Rademacher start stands out"
        ),
        measured="|E chi_v grad h|^2 of the full parity over the class mean, Rademacher start, d = 16",
        rule=AtLeast(10),
        measure=_outlier,
        experiments=EXPERIMENT,
        expected="about 30",
        form="corrected",
        seeds_needed=5,
        figure="gradient_variance",
    ),
)
