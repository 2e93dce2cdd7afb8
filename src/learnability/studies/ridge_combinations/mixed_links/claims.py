"""Claims on links of several degrees and student coefficients of random sign."""

from dataclasses import replace
from functools import partial

from learnability.results.claim import Analyses, AtLeast, AtMost, Claim, Measurement
from learnability.results.measuring import estimated
from learnability.studies.ridge_combinations import PAPER


def _not_needed(analyses: Analyses) -> Measurement:
    negative = float(analyses["mixed_links"]["opposed"][0])
    found = estimated("mixed_links", "not_needed")(analyses)
    return replace(found, note=f"{negative:.2f} of the localised neurons have a negative product, the others a zero")


_claim = partial(Claim, experiments=("mixed_links",), seeds_needed=4, figure="mixed_links", evidence="statistical")

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "mixed.share",
        f"{PAPER}, Assumption 3 and Theorem 4",
        "With links of degrees 3 to 5 and student coefficients drawn from {-1, 0, 1} a constant share of the neurons "
        "localises: at least those whose products alpha_i beta_i are all positive, 2/27 of them (either sign of w).",
        "share of neurons above 0.9 by the population flow from random starts (M = 16, d = 300,000)",
        AtLeast(2 / 27),
        estimated("mixed_links", "localised"),
    ),
    _claim(
        "mixed.criterion",
        "this study",
        "Of the neurons with a leading product alpha_p beta_p that is not zero (positive for even p), those localise "
        "within ten escape times of the leading degree for which R(k) = sum_i i alpha_i beta_i sigma^i k^(i-p) is "
        "positive on (0, 1), and no others; sigma is the sign in which the leading degree grows.",
        "share of these neurons that do as R says (links of degrees 3 to 5 with equal coefficients, M = 16)",
        AtLeast(0.99),
        estimated("mixed_links", "agreement"),
    ),
    _claim(
        "mixed.wrong-sign",
        "this study",
        "At most 2% of the neurons with the right sign in the leading degree and wrong ones above localise where R(k) "
        "has a zero in (0, 1): they stop on the way.",
        "share of these neurons above 0.9",
        AtMost(0.02),
        estimated("mixed_links", "wrong_sign"),
    ),
    _claim(
        "mixed.not-needed",
        "this study",
        "Products alpha_i beta_i that are all positive, the paper's condition, are not necessary: most neurons that "
        "localise violate it (a zero counts).",
        "share of the localised neurons with a product that is not positive, negative or zero",
        AtLeast(0.5),
        _not_needed,
    ),
)
