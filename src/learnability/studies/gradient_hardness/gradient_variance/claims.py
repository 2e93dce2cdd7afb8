"""Claims of the kind ``gradient_variance``: Theorem 5 over all parities."""

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Measurement
from learnability.results.measuring import estimated, over_draws
from learnability.studies.gradient_hardness.measuring import outlier_growth

EXPERIMENT = ("gradient_variance",)
LARGEST = {"dimension": -1}


def _outlier(analyses: Analyses) -> Measurement:
    """The least growth of the full parity's part between neighbouring d at the largest width; the note has its ends."""
    dataset = analyses["gradient_variance"].isel(outlier_width=-1)
    growth = outlier_growth(dataset)
    d, logs = dataset["outlier_dimension"].values, dataset["outlier"].values
    sizes = ", ".join(f"{2.0 ** logs[d == at][0]:.2g} at d = {at}" for at in (10, 14, 20, 60))
    note = f"times the class mean: {sizes}; {growth[0]:.2f} bits at d = {d[0]}, {growth[-1]:.2f} at d = {d[-1]}"
    return Measurement.exact(float(growth.min()), note)


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
        evidence="existence",
        seeds_needed=5,
        figure="gradient_variance",
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
            "a small variance over the class says nothing of one parity: from Rademacher starts of the fixed width "
            "2000 the full parity's part of it over the class mean grows by at least a factor of 2 in two dimensions, "
            "at every even d from 10 to 60"
        ),
        measured=(
            "least growth per dimension of log2 of |E chi_v grad h|^2 of the full parity over the class mean, each a "
            "mean over the starts in closed form, between neighbouring d"
        ),
        rule=AtLeast(0.5),
        measure=_outlier,
        experiments=EXPERIMENT,
        expected="0.68 at d = 10, rising to 0.95 at d = 60, and to 1 as d grows",
        evidence="exact",
        form="corrected",
        window_seen=True,
        unit="bit",
        figure="gradient_variance",
    ),
)
