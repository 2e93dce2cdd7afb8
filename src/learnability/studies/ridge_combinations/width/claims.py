"""Claims on the share of the neurons that each task gets."""

from functools import partial

from learnability.results.claim import Analyses, Claim, Equals, Measurement
from learnability.results.measuring import estimated, measured, seeds_of
from learnability.studies.ridge_combinations import PAPER


def _slope_gap(analyses: Analyses) -> Measurement:
    """Slope of the unequal strengths minus that of the finite-M theory."""
    unequal = analyses["width"].isel(strength_exponent=1, drop=True)
    return measured(unequal["slope"] - unequal["expected_slope"], seeds_of(unequal), "measured minus finite-M theory")


_claim = partial(Claim, experiments=("width",), seeds_needed=4, figure="coherence")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "width.equal",
        f"{PAPER}, Theorem 4",
        "With equal strengths (C_p = 1) every task gets a share 1/M of the neurons.",
        "slope of log share against log M",
        Equals(-1.0, 0.05),
        estimated("width", "slope", where={"strength_exponent": 0}),
    ),
    _claim(
        "width",
        f"{PAPER}, Theorem 4",
        "With unequal strengths the share of a weak task falls like M^(-C_p) up to logarithms.",
        "slope of log share against log M minus that of the finite-M theory, C_p = 2",
        Equals(0.0, 0.1),
        _slope_gap,
    ),
    _claim(
        "width.slope",
        f"{PAPER}, Theorem 4",
        "With unequal strengths the raw slope of the share of a weak task reaches -C_p at these M.",
        "slope of log share against log M, C_p = 2",
        Equals(-2.0, 0.2),
        estimated("width", "slope", where={"strength_exponent": 1}),
    ),
)
