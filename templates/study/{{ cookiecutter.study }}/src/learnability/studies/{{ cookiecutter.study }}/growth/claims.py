"""What is claimed of the growth, declared before anything is measured."""

from learnability.results.claim import Claim, Equals
from learnability.results.measuring import estimated

CLAIMS = (
    Claim(
        id="escape-slope",
        source="this study (replace by the paper and its theorem)",
        statement="The escape time grows like d^(s/2 - 1) for the information exponent s = 3.",
        measured="slope of the logarithm of the median escape time against log d",
        rule=Equals(0.5, 0.1),
        measure=estimated("escape", "slope"),
        experiments=("escape",),
        expected="1/2",
        evidence="statistical",
        seeds_needed=16,
        figure="escape_times",
    ),
)
